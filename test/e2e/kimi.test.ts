import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { kimiSettings, startKimi } from '../fake/kimi.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call, dig, textOf } from './call.ts'
import type { Relay } from './harness.ts'
import { startRelay } from './harness.ts'

const configOf = (kimi: FakeUpstream): string => `providers:
  kimi: { vendor: moonshot, base_url: "${kimi.baseUrl}", allow_private: true, api_key: "env:KIMI_KEY" }
  kimi-of-another: { vendor: moonshot, base_url: "${kimi.baseUrl}", allow_private: true, api_key: "env:WRONG_KEY" }
models:
  kimi-k2:
    aliases: [moonshotai/kimi-k2]
    targets: [ { provider: kimi, model: kimi-k2.6 } ]
  kimi-strict:
    targets: [ { provider: kimi, model: kimi-k2.6, params: strict } ]
  kimi-unpaid:
    targets: [ { provider: kimi-of-another, model: kimi-k2.6 } ]
`

describe('a strict Kimi behind the relay', () => {
  let kimi: FakeUpstream
  let relay: Relay
  let key: string
  before(async () => {
    kimi = await startKimi()
    relay = await startRelay({ config: configOf(kimi), env: { KIMI_KEY: kimiSettings.key, WRONG_KEY: 'sk-not-kimis' } })
    key = (await relay.createKey()).key
  })
  after(async () => {
    await kimi.close()
    await relay[Symbol.asyncDispose]()
  })

  const ask = (more: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
    call(relay.url, { key, headers, body: chat('ping', { model: 'kimi-k2', ...more }) })
  /** Calls that it was sent: a relay also asks a provider whether it is there, when it likes. */
  const sent = () => kimi.seen.filter(({ target }) => target.endsWith('/chat/completions'))
  const sentBody = (): Record<string, unknown> => JSON.parse(String(sent()[0]?.body)) as Record<string, unknown>

  test('temperature 0.7 is adjusted with a warning, whole and streamed', async () => {
    for (const streaming of [false, true]) {
      kimi.forget()
      const answer = await ask({ temperature: 0.7, max_tokens: 512, stream: streaming })
      assert.equal(answer.status, 200, answer.text)
      assert.match(answer.headers['x-drover-warnings'] ?? '', /^temperature:/)
      const { temperature } = sentBody()
      assert.ok(temperature === undefined || temperature === 1)
      assert.equal(streaming ? textOf(answer.text) : answer.at('choices.0.message.content'), 'pong')
    }
  })

  test('what fits is left alone, without a warning', async () => {
    kimi.forget()
    const answer = await ask({ temperature: 1, top_p: 0.95 })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['x-drover-warnings'], undefined)
    assert.equal(sentBody()['temperature'], 1)
    const range = await ask({ model: 'kimi/moonshot-v1-8k', temperature: 0.3 })
    assert.equal(range.status, 200, range.text)
    assert.equal(range.headers['x-drover-warnings'], undefined)
  })

  test('every parameter that Kimi fixes is adjusted at once', async () => {
    const answer = await ask({ temperature: 0, top_p: 0.5, n: 2, presence_penalty: 1, frequency_penalty: 1 })
    assert.equal(answer.status, 200, answer.text)
    for (const field of ['temperature', 'top_p', 'n', 'presence_penalty', 'frequency_penalty']) {
      assert.match(answer.headers['x-drover-warnings'] ?? '', new RegExp(`\\b${field}:`))
    }
  })

  test('strict refuses instead, before anything is sent; so does the header of the caller', async () => {
    kimi.forget()
    for (const refused of [
      await ask({ model: 'kimi-strict', temperature: 0.7 }),
      await ask({ temperature: 0.7 }, { 'x-drover-strict': 'true' }),
    ]) {
      assertProblem(refused, 400, 'unsupported_parameter')
      assert.equal(refused.at('error.param'), 'temperature')
    }
    assert.equal(sent().length, 0)
  })

  test('a tool whose schema Kimi would refuse is fitted with a warning, and refused by a strict target', async () => {
    kimi.forget()
    const broken = {
      type: 'object',
      properties: { at: { type: 'string', anyOf: [{ format: 'date' }, { maxLength: 5 }] } },
    }
    const tools = [{ type: 'function', function: { name: 'look', parameters: broken } }]
    const answer = await ask({ tools })
    assert.equal(answer.status, 200, answer.text)
    assert.match(
      answer.headers['x-drover-warnings'] ?? '',
      /^tools\[0\]\.function\.parameters:fitted .*properties\.at: type beside anyOf/,
    )
    const at = {
      anyOf: [
        { type: 'string', description: '(JSON Schema: {"format":"date"})' },
        { type: 'string', maxLength: 5 },
      ],
    }
    assert.deepEqual(dig(sentBody(), 'tools.0.function.parameters'), { type: 'object', properties: { at } })
    kimi.forget()
    assertProblem(await ask({ tools, model: 'kimi-strict' }), 400, 'unsupported_parameter')
    assert.equal(sent().length, 0)
  })

  test('the usage inside the last choice is read, priced, and delivered where it was', async () => {
    const answer = await ask({ stream: true })
    assert.match(answer.text, /"finish_reason":"stop","usage":\{/)
    assert.doesNotMatch(answer.text, /"choices":\[\]/)
    const record = await relay.recordOf(answer)
    assert.equal(dig(record, 'usage.source'), 'reported')
    assert.equal(dig(record, 'usage.output'), 1)
    const input = Number(dig(record, 'usage.input'))
    assert.ok(input > 0)
    // Kimi K2.6 in the catalog: USD 0.95 and 4.00 a million tokens.
    assert.match(String(record['cost_nano_usd']), /^\d+$/)
    assert.ok(Number(record['cost_nano_usd']) > 0)
  })

  test('the alias of section 4 of a multi-model stack works too', async () => {
    assert.equal((await ask({ model: 'moonshotai/kimi-k2' })).at('choices.0.message.content'), 'pong')
  })

  test('Kimi’s own refusals: its 404 passes, its 401 is the operator’s matter', async () => {
    const unknown = await ask({ model: 'kimi/kimi-k9' })
    assert.equal(unknown.status, 404, unknown.text)
    assert.match(unknown.text, /kimi-k9/)
    const unpaid = await ask({ model: 'kimi-unpaid' })
    assertProblem(unpaid, 502, 'upstream_error')
    assert.ok(!unpaid.text.includes('sk-not-kimis'))
  })
})
