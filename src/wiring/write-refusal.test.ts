import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { writeRefusal } from './write-refusal.ts'

const asked = { id: 'call_x', origin: '' }
const headFor = (path: string, headers: Readonly<Record<string, string>> = {}) => ({
  ...{ method: 'GET', path, query: new URLSearchParams(), headers, duplicates: {} },
})

const refused = (path: string | null) => {
  const problem = new Problem('method_not_allowed', { message: 'No.', headers: { allow: 'POST' } })
  const answer = writeRefusal(problem, asked, path === null ? null : headFor(path))
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

test('of a path that is nobody’s the headers tell whose client asks', () => {
  const shapeOf = (
    code: 'not_found' | 'method_not_allowed',
    path: string,
    headers: Readonly<Record<string, string>>,
  ) => {
    const { body } = writeRefusal(new Problem(code, { message: 'No.' }), asked, headFor(path, headers))
    const said = JSON.parse(Buffer.from(body).toString('utf8'))
    return said.type === 'error' ? 'anthropic' : typeof said.error.code === 'number' ? 'google' : 'openai'
  }
  const version = { 'anthropic-version': '2023-06-01' }
  for (const headers of [version, { 'x-api-key': 'k' }])
    assert.equal(shapeOf('not_found', '/v1/skills', headers), 'anthropic')
  assert.equal(shapeOf('not_found', '/v1/models/m:generate', { 'x-goog-api-key': 'k' }), 'google')
  assert.equal(shapeOf('method_not_allowed', '/v1/models', version), 'anthropic')
  assert.equal(shapeOf('method_not_allowed', '/v1/embeddings', { 'x-api-key': 'k' }), 'openai', 'that is OpenAI’s')
  assert.equal(shapeOf('not_found', '/v1beta/xyz', version), 'google', 'the path goes first')
  assert.equal(shapeOf('not_found', '/api/v1/xyz', { 'x-api-key': 'k', ...version }), 'openai')
  assert.equal(shapeOf('not_found', '/v1/skills', { authorization: 'Bearer k' }), 'openai')
})
