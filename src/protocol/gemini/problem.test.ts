import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { writeStreamProblem } from './problem.ts'
import { streamOfArray, streamOfEvents } from './request.ts'

test('what breaks a stream is an event, and in an array that grows one more element of it', () => {
  const problem = new Problem('upstream_error', { message: 'It broke off.' })
  const asked = { id: 'call_1', origin: 'http://relay.test' }
  const told = (endpoint: string): string => writeStreamProblem(problem, asked, { endpoint }).toString('utf8')
  assert.match(told(streamOfEvents), /^data: \{"error":\{"code":502,.*\}\}\n\n$/)
  const begun = '[{"candidates":[]}'
  const [, { error }] = JSON.parse(`${begun}${told(streamOfArray)}]`)
  assert.equal(error.code, 502)
})
