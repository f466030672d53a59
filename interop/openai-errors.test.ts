import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import OpenAI, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai'
import { cutAfter, neverAnswer, resetAtOnce } from '../test/fake/answer.ts'
import { completionEvents } from '../test/fake/openai.ts'
import type { Stage } from './stage.ts'
import { startStage } from './stage.ts'

describe('errors as openai for JavaScript raises them', () => {
  let stage: Stage
  before(async () => {
    stage = await startStage()
  })
  after(() => stage.close())

  const clientOf = (more: object = {}): OpenAI =>
    new OpenAI({ baseURL: stage.baseUrl, apiKey: stage.testKey, maxRetries: 0, ...more })
  const say = (client: OpenAI, content: string, model = 'kimi-k2') =>
    client.chat.completions.create({ model, messages: [{ role: 'user', content }] })

  /** What the call was refused with, as an instance of this class. */
  async function refusal<E extends APIError>(
    pending: Promise<unknown>,
    kind: new (...parameters: never[]) => E,
  ): Promise<E> {
    const fault: unknown = await pending.then(
      () => null,
      (raised: unknown) => raised,
    )
    assert.ok(fault instanceof kind, `${kind.name}, not ${String(fault)}`)
    return fault
  }

  test('AuthenticationError with a message that ends the search', async () => {
    for (const apiKey of ['hs-live-wrong', 'sk-none-of-ours', 'x']) {
      const fault = await refusal(say(clientOf({ apiKey }), 'hi'), AuthenticationError)
      assert.equal(fault.code, 'invalid_api_key')
      assert.match(fault.message, /Incorrect API key provided/)
      assert.ok(fault.requestID)
    }
  })

  test('BadRequestError for an unknown model, NotFoundError when looked up', async () => {
    const fault = await refusal(say(clientOf(), 'hi', 'kimi-k22'), BadRequestError)
    assert.equal(fault.code, 'model_not_found')
    assert.match(fault.message, /Model 'kimi-k22' not found/)
    await refusal(clientOf().models.retrieve('kimi-k22'), NotFoundError)
  })

  test('RateLimitError with the wait, and the SDK waits for it by itself', async () => {
    const fault = await refusal(say(clientOf(), 'sandbox:status=429,retry-after=3'), RateLimitError)
    assert.equal(fault.headers?.get('retry-after'), '3')
    const { key } = await stage.relay.createKey({ test: true, rpm: 60 })
    const client = clientOf({ apiKey: key, maxRetries: 3 })
    const answers = await Promise.all(Array.from({ length: 62 }, () => say(client, 'hi')))
    assert.equal(answers.length, 62, 'two came too early and were answered after their wait')
  })

  test('PermissionDeniedError, InternalServerError and the rest by status', async () => {
    await refusal(say(clientOf(), 'sandbox:status=403'), PermissionDeniedError)
    for (const status of [500, 502, 503, 504]) {
      const fault = await refusal(say(clientOf(), `sandbox:status=${status}`), InternalServerError)
      assert.equal(fault.status, status)
    }
    const poor = await refusal(say(clientOf(), 'sandbox:status=402'), APIError)
    assert.equal(poor.status, 402)
    assert.equal(poor.code, 'credit_exhausted')
  })

  test('what waiting does not mend is not tried again by the SDK', async () => {
    const made = await stage.relay.createKey({ test: true })
    const client = clientOf({ apiKey: made.key, maxRetries: 2 })
    const fault = await refusal(say(client, 'sandbox:status=402'), APIError)
    await stage.relay.recordOf({ headers: { 'x-request-id': fault.requestID ?? '' } })
    const calls = (await stage.relay.logs(100)).filter((record) => record['key'] === made.id)
    assert.equal(calls.length, 1)
  })

  test('APIConnectionTimeoutError when the client’s own time is over', async () => {
    await refusal(say(clientOf({ timeout: 300 }), 'sandbox:delay=3000ms'), APIConnectionTimeoutError)
  })

  test('the deadline that the SDK announces ends the call with a 504 in time', async () => {
    stage.upstream.answerOnce(neverAnswer)
    const client = clientOf({ apiKey: stage.liveKey })
    // The SDK announces the timeout of a request, and keeps that of the client to itself.
    const ask = { model: 'fake/x', messages: [{ role: 'user' as const, content: 'hi' }] }
    const fault = await refusal(client.chat.completions.create(ask, { timeout: 2_000 }), InternalServerError)
    assert.equal(fault.status, 504)
    assert.equal(fault.code, 'upstream_timeout')
  })

  test('InternalServerError when the provider is gone', async () => {
    stage.upstream.answer(resetAtOnce)
    const fault = await refusal(say(clientOf({ apiKey: stage.liveKey }), 'hi', 'fake/x'), InternalServerError)
    assert.equal(fault.code, 'upstream_error')
  })

  test('a cut stream raises, it never just ends', async () => {
    const read = async (client: OpenAI, model: string, content: string): Promise<number> => {
      let count = 0
      const running = await client.chat.completions.create({
        model,
        messages: [{ role: 'user', content }],
        stream: true,
      })
      for await (const chunk of running) count += chunk.choices.length
      return count
    }
    stage.upstream.answer(cutAfter(completionEvents(['one ', 'two ', 'three']).slice(0, 3)))
    const fault = await refusal(read(clientOf({ apiKey: stage.liveKey }), 'fake/x', 'hi'), APIError)
    assert.ok(fault instanceof APIConnectionError || fault.code === 'upstream_error', String(fault))
    await refusal(read(clientOf(), 'kimi-k2', 'sandbox:cut-after=3\none two three four five'), APIError)
  })

  test('APIConnectionError when nobody listens', async () => {
    await refusal(say(clientOf({ baseURL: 'http://127.0.0.1:9/v1' }), 'hi'), APIConnectionError)
  })
})
