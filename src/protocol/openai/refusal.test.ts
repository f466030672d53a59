import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { ProblemCode, ProblemDetail } from '#base/problem.ts'
import { Problem, problems } from '#base/problem.ts'
import type { Answer } from '#http/inbound.ts'
import { heartbeat, writeProblem, writeStreamProblem } from './refusal.ts'
import { readProblem } from './upstream-problem.ts'

const answerOf = (code: ProblemCode, detail: Partial<ProblemDetail> = {}): Answer =>
  writeProblem(new Problem(code, { message: 'It went wrong.', ...detail }), {
    id: 'call_abc',
    origin: 'https://relay.test',
  })

const errorOf = (answer: Answer): Record<string, unknown> => JSON.parse(Buffer.from(answer.body).toString('utf8')).error

test('every code has status, type and a message that ends with the request and the manual', () => {
  for (const code of Object.keys(problems) as ProblemCode[]) {
    const answer = answerOf(code)
    assert.equal(answer.status, problems[code].status)
    assert.deepEqual(errorOf(answer), {
      message: `It went wrong. Request id: call_abc. See https://relay.test/errors#${code}`,
      type: problems[code].type,
      param: null,
      code,
    })
    assert.equal(answer.headers['content-type'], 'application/json')
  }
})

test('words of a provider that have no stop at their end get one', () => {
  for (const message of ['boom', 'boom.'])
    assert.match(String(errorOf(answerOf('upstream_error', { message }))['message']), /^boom\. Request id: /)
})

test('the field and facts stand beside the message', () => {
  const answer = answerOf('invalid_request_error', { param: 'top_p', facts: { most: 1 }, headers: { allow: 'POST' } })
  assert.equal(errorOf(answer)['param'], 'top_p')
  assert.deepEqual(errorOf(answer)['facts'], { most: 1 })
  assert.equal(answer.headers['allow'], 'POST')
})

test('a refusal that no wait mends says so, where an SDK would try again', () => {
  for (const code of ['invalid_api_key', 'credit_exhausted', 'budget_exceeded'] as const)
    assert.equal(answerOf(code).headers['x-should-retry'], 'false', code)
  for (const code of ['rate_limit_exceeded', 'upstream_overloaded', 'model_not_found', 'internal_error'] as const)
    assert.equal(answerOf(code).headers['x-should-retry'], undefined, code)
})

test('a wait is told in whole seconds, rounded up, and in milliseconds; 503 always tells one', () => {
  const { headers } = answerOf('rate_limit_exceeded', { retryAfterMs: 1200.4 })
  assert.deepEqual([headers['retry-after'], headers['retry-after-ms']], ['2', '1201'])
  for (const code of ['overloaded', 'store_unavailable', 'upstream_overloaded', 'no_available_provider'] as const)
    assert.equal(answerOf(code).headers['retry-after'], '2', code)
  assert.equal(answerOf('upstream_error').headers['retry-after'], undefined)
})

test('what the provider refused passes as it came, unless it is a page or nothing', () => {
  const raw = (status: number, text: string, contentType?: string): ProblemDetail['raw'] => ({
    status,
    headers: contentType === undefined ? {} : { 'content-type': contentType, 'set-cookie': 'a=b' },
    body: Buffer.from(text),
  })
  const detail = (text: string, contentType?: string): Partial<ProblemDetail> => {
    const answer = raw(404, text, contentType)
    return { status: 404, ...(answer === undefined ? {} : { raw: answer }) }
  }
  const passed = answerOf('model_not_found', detail('{ "error": {} }', 'application/json; charset=utf-8'))
  assert.equal(passed.status, 404)
  assert.equal(Buffer.from(passed.body).toString(), '{ "error": {} }')
  assert.deepEqual(passed.headers, { 'content-type': 'application/json; charset=utf-8' })
  for (const text of ['', '  \n', '<html></html>']) {
    const written = answerOf('not_found', detail(text, 'text/html'))
    assert.equal(written.status, 404)
    assert.equal(errorOf(written)['code'], 'not_found')
  }
  assert.equal(
    errorOf(answerOf('upstream_error', { raw: { status: 401, headers: {}, body: Buffer.from('{}') } }))['code'],
    'upstream_error',
  )
})

test('a list, in which OpenAI’s SDKs see nothing, is said again in their shape, in the provider’s words', () => {
  const written = (told: unknown) => {
    const body = Buffer.from(JSON.stringify(told))
    const answer = writeProblem(readProblem({ status: 400, headers: {}, body }), { id: 'call_abc', origin: '' })
    assert.equal(answer.status, 400)
    return { error: errorOf(answer), passed: Buffer.from(answer.body).equals(body) }
  }
  const tooLong = { code: 400, message: 'The input token count exceeds the maximum number of tokens allowed (9).' }
  const listed = written([{ error: { ...tooLong, status: 'INVALID_ARGUMENT' } }])
  assert.equal(listed.error['code'], 'context_length_exceeded')
  assert.match(String(listed.error['message']), /The input token count exceeds/)
  for (const told of [
    { error: 'model is loading' },
    { detail: [{ loc: ['body'], msg: 'odd' }] },
    { message: 'odd' },
    'odd',
  ])
    assert.ok(written(told).passed, JSON.stringify(told))
})

test('in a stream a problem is one event that no client can take for an end', () => {
  const text = writeStreamProblem(new Problem('upstream_timeout', { message: 'Too late.' }), {
    id: 'call_1',
    origin: '',
  }).toString('utf8')
  assert.match(text, /^data: \{.*\}\n\n$/)
  const event = JSON.parse(text.slice(6))
  assert.deepEqual(event.choices, [])
  assert.equal(event.error.code, 'upstream_timeout')
  assert.equal(heartbeat.toString('utf8'), ': keep-alive\n\n')
})
