import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Problem } from '#base/problem.ts'
import { writeProblem } from './refusal.ts'
import { presentable, readInBandProblem, readProblem } from './upstream-problem.ts'

const problemOf = (status: number, body: unknown, headers: Record<string, string> = {}): Problem => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return readProblem({ status, headers, body: Buffer.from(text) })
}

const envelope = (message: string, rest: object = {}): object => ({ error: { message, ...rest } })

type Row = readonly [status: number, body: unknown, expected: readonly [status: number, code: string]]

const rows: readonly Row[] = [
  [400, envelope('no such role', { param: 'messages[0].role' }), [400, 'invalid_request_error']],
  [400, envelope('too long', { code: 'context_length_exceeded' }), [400, 'context_length_exceeded']],
  [400, envelope('Your request exceeded model token limit: 10 (requested: 11)'), [400, 'context_length_exceeded']],
  [400, envelope('prompt is too long: 9 tokens > 8 maximum'), [400, 'context_length_exceeded']],
  [400, envelope('n/a', { type: 'exceed_context_size_error' }), [400, 'context_length_exceeded']],
  [400, envelope('Incorrect API key provided: sk-abcdefgh12345678'), [502, 'upstream_error']],
  [400, [{ error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT' } }], [502, 'upstream_error']],
  [400, 'plain words', [400, 'invalid_request_error']],
  [401, envelope('Invalid Authentication'), [502, 'upstream_error']],
  [402, { error: { message: 'Insufficient Balance' } }, [502, 'upstream_error']],
  [403, '', [502, 'upstream_error']],
  [404, envelope('The model `x` does not exist', { code: 'model_not_found' }), [404, 'model_not_found']],
  [404, { detail: 'Not Found' }, [404, 'not_found']],
  [405, { detail: 'Method Not Allowed' }, [502, 'upstream_error']],
  [408, '', [504, 'upstream_timeout']],
  [413, envelope('too large'), [413, 'body_too_large']],
  [415, envelope('odd'), [415, 'unsupported_media_type']],
  [
    422,
    { detail: [{ loc: ['body', 'messages'], msg: 'Field required', type: 'missing' }] },
    [422, 'invalid_request_error'],
  ],
  [429, envelope('slow down'), [503, 'upstream_overloaded']],
  [498, envelope('flex'), [503, 'upstream_overloaded']],
  [500, '<html>oops</html>', [502, 'upstream_error']],
  [502, '', [502, 'upstream_error']],
  [503, '', [503, 'upstream_overloaded']],
  [504, '', [504, 'upstream_timeout']],
  [524, '', [502, 'upstream_error']],
  [529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, [503, 'upstream_overloaded']],
  [307, '', [502, 'upstream_error']],
]

describe('a refusal is mapped', () => {
  for (const [status, body, [mapped, code]] of rows) {
    test(`${status} ${JSON.stringify(body).slice(0, 60)} -> ${mapped} ${code}`, () => {
      const problem = problemOf(status, body)
      assert.deepEqual([problem.status, problem.code], [mapped, code])
      assert.equal(problem.detail.raw?.status, status)
    })
  }
})

test('what the provider said of the field is kept', () => {
  assert.equal(problemOf(400, envelope('odd', { param: 'top_p' })).detail.param, 'top_p')
  assert.equal(
    problemOf(422, { detail: [{ loc: ['body', 'messages', 0, 'role'], msg: 'odd' }] }).detail.param,
    'messages.0.role',
  )
  const { facts } = problemOf(400, envelope('odd', { code: 'bad_thing', type: 'odd_error' })).detail
  assert.deepEqual(facts, { upstream_status: 400, upstream_code: 'bad_thing', upstream_type: 'odd_error' })
})

const secret = 'sk-proj-AbCdEf0123456789AbCdEf0123456789'

test('no refusal of the operator’s credential or account tells it to a caller', () => {
  const message = `Incorrect key ${secret} of organization org-1234567890abcdef (ops@example.com)`
  for (const status of [400, 401, 402, 403, 429, 500, 503]) {
    const problem = problemOf(status, envelope(message, { code: 'invalid_api_key' }))
    const answer = Buffer.from(writeProblem(problem, { id: 'call_1', origin: '' }).body).toString('utf8')
    for (const hidden of [secret, 'org-1234567890abcdef', 'ops@example.com'])
      assert.ok(!answer.includes(hidden), `${status}: ${answer}`)
  }
})

test('words of a provider become one short line without what may be secret', () => {
  assert.equal(presentable('a\n\n b'), 'a b')
  assert.equal(presentable(`see https://x.example/y?key=1 now`), 'see […] now')
  assert.equal(presentable('id 0123456789abcdef0123456789abcdef.'), 'id […].')
  assert.equal(presentable('x'.repeat(400)).length, 301)
})

test('a wait is told in milliseconds', () => {
  assert.equal(problemOf(429, '', { 'retry-after': '2' }).detail.retryAfterMs, 2000)
  assert.equal(problemOf(503, '').detail.retryAfterMs, undefined)
})

test('an error in a reply that began as a success has the status that it tells, or one by its name', () => {
  const statuses: readonly (readonly [object, number])[] = [
    [{ message: 'x', code: 400 }, 400],
    [{ message: 'x', code: '422' }, 422],
    [{ message: 'x', status_code: 400 }, 400],
    [{ message: 'x', type: 'rate_limit_exceeded' }, 503],
    [{ message: 'x', code: 'insufficient_quota' }, 503],
    [{ message: 'x', type: 'invalid_request_error' }, 502],
    [{ message: 'x', code: 'context_length_exceeded' }, 400],
    [{ message: 'x', code: 'content_filter' }, 400],
    [{ message: 'x', type: 'timeout' }, 504],
    [{ message: 'x', type: 'authentication_error' }, 502],
    [{ message: 'x' }, 502],
    [{ message: 'x', code: 200 }, 502],
  ]
  for (const [error, status] of statuses)
    assert.equal(readInBandProblem({ error: { ...error } }, null).status, status, JSON.stringify(error))
})

test('the bytes of an error document are kept; of an event with content only the error', () => {
  const bytes = Buffer.from('{ "error": {"message":"x","code":400} }')
  assert.equal(readInBandProblem(JSON.parse(bytes.toString()), bytes).detail.raw?.body, bytes)
  const raw = readInBandProblem({ id: 'x', choices: [], error: { message: 'x' } }, null).detail.raw
  assert.equal(Buffer.from(raw?.body ?? []).toString(), '{"error":{"message":"x"}}')
})

test('no body makes reading it throw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 599 }), fc.oneof(fc.json(), fc.string()), (status, body) => {
      const problem = problemOf(status, body)
      assert.ok(problem.message.length > 0 && problem.message.length < 500)
      assert.ok(problem.status >= 400)
    }),
  )
})
