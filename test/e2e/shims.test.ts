import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { call, dig } from './call.ts'
import type { Relay } from './harness.ts'
import { fakeKey, startRelay } from './harness.ts'

const configOf = ({ baseUrl }: FakeUpstream): string => {
  const row = (shims: string): string =>
    `{ vendor: openai-compatible, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY", options: { shims: "${shims}" } }`
  return `providers:
  mended: ${row('tool-index, tool-finish, usage-position, tool-ids, reasoning-empty')}
  mistyped: ${row('tool-indx')}
  plain: { vendor: openai-compatible, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  mended-strict: { targets: [ { provider: mended, model: m, params: strict } ] }
`
}

const chunk = (choice: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, finish_reason: null, ...choice }], ...more })}\n\n`
const begun = (id: string): object => ({ id, type: 'function', function: { name: 'f', arguments: '{"a":1}' } })
const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }

/** A stream as Gemini's compatible endpoint has sent it: no index, and "stop" after calls; usage where Kimi puts it. */
const quirky = [
  chunk({ delta: { role: 'assistant', tool_calls: [begun('a'), begun('b')] } }),
  chunk({ delta: {}, finish_reason: 'stop', usage }),
  'data: [DONE]\n\n',
]

describe('shims of the wire', () => {
  let upstream: FakeUpstream
  let relay: Relay
  let key: string
  before(async () => {
    upstream = await startUpstream()
    relay = await startRelay({ config: configOf(upstream), env: { FAKE_KEY: fakeKey } })
    key = (await relay.createKey()).key
  })
  after(async () => {
    await upstream.close()
    await relay[Symbol.asyncDispose]()
  })

  const ask = (model: string, more: object = {}): Promise<Answer> => {
    upstream.answer(stream(quirky, { headers: { 'content-type': 'text/event-stream' } }))
    return call(relay.url, { key, body: chat('ping', { model, stream: true, ...more }) })
  }
  const chunksOf = ({ text }: Answer): readonly unknown[] =>
    text.split('\n\n').flatMap((event) => (event.startsWith('data: {') ? [JSON.parse(event.slice(6))] : []))

  test('a stream is repaired, and the record says by what', async () => {
    const answer = await ask('mended/m')
    const [first, last] = chunksOf(answer)
    assert.deepEqual(
      [0, 1].map((place) => dig(first, `choices.0.delta.tool_calls.${place}.index`)),
      [0, 1],
    )
    assert.equal(dig(last, 'choices.0.finish_reason'), 'tool_calls')
    assert.deepEqual(dig(last, 'usage'), usage)
    const record = await relay.recordOf(answer)
    assert.deepEqual(dig(record, 'attempts.0.shims'), ['reply:tool-index', 'reply:tool-finish', 'reply:usage-position'])
  })

  test('without them the caller gets the bytes that came, and with strict targets too', async () => {
    for (const model of ['plain/m', 'mended-strict']) assert.equal((await ask(model)).text, quirky.join(''), model)
  })

  test('a history gets the ids and the reasoning that the vendor wants', async () => {
    upstream.forget()
    const messages = [
      { role: 'user', content: 'go' },
      { role: 'assistant', content: null, tool_calls: [begun('toolu_1'), begun('call_2')] },
      { role: 'tool', tool_call_id: 'call_2', content: 'two' },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'one' },
    ]
    upstream.answer(
      whole({
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: 'done' }, finish_reason: 'stop' }],
        usage,
      }),
    )
    const answer = await call(relay.url, { key, body: { model: 'mended/m', messages } })
    assert.equal(answer.status, 200, answer.text)
    const sent: unknown = JSON.parse((await upstream.arrival(0)).body.toString())
    assert.deepEqual(
      ['1.tool_calls.0.id', '1.tool_calls.1.id', '1.reasoning_content', '2.tool_call_id', '3.tool_call_id'].map(
        (path) => dig(sent, `messages.${path}`),
      ),
      ['functions.f:0', 'functions.f:1', '', 'functions.f:1', 'functions.f:0'],
    )
    assert.deepEqual(dig(await relay.recordOf(answer), 'attempts.0.shims'), [
      'messages:tool-ids',
      'messages:reasoning-empty',
    ])
  })

  test('a shim that there is not is named', async () => {
    const answer = await ask('mistyped/m')
    assert.equal(answer.status, 502)
    assert.match(answer.text, /names a shim 'tool-indx'/)
  })
})
