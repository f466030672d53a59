import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { writeRefusal } from './write-refusal.ts'

const refused = (path: string | null) => {
  const problem = new Problem('method_not_allowed', { message: 'No.', headers: { allow: 'POST' } })
  const head = path === null ? null : { method: 'GET', path, query: new URLSearchParams(), headers: {}, duplicates: {} }
  const answer = writeRefusal(problem, { id: 'call_x', origin: '' }, head)
  assert.equal(answer.status, 405)
  assert.deepEqual([answer.headers['x-request-id'], answer.headers['allow']], ['call_x', 'POST'])
  return JSON.parse(Buffer.from(answer.body).toString('utf8'))
}

test('a request that reaches no endpoint is refused in the shape of the path that it was sent to', () => {
  for (const path of ['/v1/messages', '/anthropic/v1/messages/batch', '/anthropic/v2', '/v1/v1/messages/'])
    assert.deepEqual([refused(path).type, refused(path).request_id], ['error', 'call_x'], path)
  for (const path of ['/v1beta', '/v1beta/models/m:generate']) assert.equal(refused(path).error.code, 405, path)
  for (const path of ['/v1/chat/completions', '/v1/messagesx', '/v1betax', '/api/v1/keys', '/', null])
    assert.equal(refused(path).error.code, 'method_not_allowed', String(path))
})
