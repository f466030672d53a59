import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualUrl } from './manual.ts'
import type { ProblemCode } from './problem.ts'
import { asProblem, Problem, problems } from './problem.ts'

const codes = Object.keys(problems) as ProblemCode[]

test('every row is whole', () => {
  for (const code of codes) {
    const { status, type, mend, blame, bill } = problems[code]
    assert.match(code, /^[a-z]+(?:_[a-z]+)*$/)
    assert.ok(status >= 400 && status <= 599, code)
    assert.match(type, /^[a-z_]+$/)
    assert.match(mend, /^[A-Z].*\.$/s, code)
    // Only what a provider has delivered is ever charged after a failure.
    if (bill === 'delivered') assert.equal(blame, 'upstream', code)
    if (blame === 'caller') assert.ok(status < 500, code)
    assert.match(manualUrl('https://relay.test', code), new RegExp(`#${code}$`))
  }
})

test('a problem has the status of its row, unless an upstream said another', () => {
  assert.equal(new Problem('rate_limit_exceeded', { message: 'Wait.' }).status, 429)
  assert.equal(new Problem('upstream_error', { message: 'No.', status: 422 }).status, 422)
})

test('a problem keeps its cause', () => {
  const cause = new Error('inner')
  const problem = new Problem('store_unavailable', { message: 'The store is away.', cause })
  assert.equal(problem.cause, cause)
  assert.equal(problem.row.retry, 'later')
  assert.ok(!('cause' in new Problem('conflict', { message: 'Taken.' })))
})

test('anything else that is thrown becomes an internal error, without its words', () => {
  const problem = new Problem('not_found', { message: 'Nothing.' })
  assert.equal(asProblem(problem), problem)
  for (const thrown of [new TypeError('password=1'), 'password=1', null, undefined]) {
    const wrapped = asProblem(thrown)
    assert.equal(wrapped.code, 'internal_error')
    assert.ok(!wrapped.message.includes('password'))
    assert.equal(wrapped.cause, thrown)
  }
})
