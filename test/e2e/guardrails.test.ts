import { strict as assert } from 'node:assert'
import { createHmac } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call, dig, openCall, textOf } from './call.ts'
import type { Relay } from './harness.ts'
import { fakeKey, startRelay } from './harness.ts'

const hookSecret = 'a-key-that-signs-questions-0123'

const configOf = (upstream: FakeUpstream, hook: FakeUpstream): string => `providers:
  fake: { vendor: openai-compatible, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
guardrails:
  pii: { when: both, action: redact, find: [mail, card], for: { keys: [clean, clean-claude] } }
  secrets: { when: both, find: [secret], for: { keys: [strict] } }
  words: { when: both, action: note, patterns: ["Project Z\\\\w+"], for: { keys: [noted] } }
  small: { prompt_max: 1kb, parameters_denied: [tools], models_allowed: [fake/m], for: { keys: [strict] } }
  asked:
    webhook: { url: "${hook.baseUrl}/check", secret: "env:HOOK_SECRET", timeout: 500ms, allow_private: true }
    for: { keys: [asked] }
  asked-open:
    webhook: { url: "${hook.baseUrl}/check", secret: "env:HOOK_SECRET", timeout: 500ms, on_failure: pass, allow_private: true }
    for: { keys: [open] }
`

const chunk = (delta: object, finish: string | null = null): string =>
  `data: {"id":"c1", "object":"chat.completion.chunk","created":1,"model":"m","x_odd": 1.0,"choices":[{"index":0,"delta":${JSON.stringify(delta)},"logprobs":{"content":[{"token":"ada"}]},"finish_reason":${JSON.stringify(finish)}}]}\n\n`
const says = (...texts: readonly string[]): readonly string[] => [
  chunk({ role: 'assistant', content: '' }),
  ...texts.map((content) => chunk({ content })),
  chunk({}, 'stop'),
  'data: [DONE]\n\n',
]
const sentence = ['Write to', ' ada', '@exam', 'ple.org', ' or pay with 4111 1111', ' 1111 1111', '. Good', 'bye.']
const redacted = 'Write to [redacted:mail] or pay with [redacted:card]. Goodbye.'

describe('guardrails', () => {
  let upstream: FakeUpstream
  let hook: FakeUpstream
  let relay: Relay
  const keys = new Map<string, string>()
  before(async () => {
    upstream = await startUpstream()
    hook = await startUpstream()
    relay = await startRelay({
      config: configOf(upstream, hook),
      env: { FAKE_KEY: fakeKey, HOOK_SECRET: hookSecret },
    })
    for (const name of ['clean', 'clean-claude', 'strict', 'noted', 'asked', 'open', 'free'])
      keys.set(name, (await relay.createKey({ name })).key)
  })
  after(async () => {
    await upstream.close()
    await hook.close()
    await relay[Symbol.asyncDispose]()
  })

  const ask = (name: string, content: string, more: object = {}): Promise<Answer> =>
    call(relay.url, { key: keys.get(name) as string, body: chat(content, { model: 'fake/m', ...more }) })
  const streams = (...pieces: readonly string[]): void =>
    upstream.answer(stream(pieces, { headers: { 'content-type': 'text/event-stream' } }))
  const wholeSays = (content: string): void =>
    upstream.answer(
      whole({
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
      }),
    )
  const sent = (): string => upstream.seen.at(-1)?.body.toString() ?? ''

  test('what is found in a request never reaches the provider, and every other byte does', async () => {
    wholeSays('fine')
    const body =
      '{"model": "fake/m",  "user":"u-1","messages":[{"role":"user","content":"I am ada@example.org, \\u00fc 1.0"}]}'
    const answer = await call(relay.url, { key: keys.get('clean') as string, body })
    assert.equal(answer.status, 200)
    assert.equal(
      sent(),
      '{"model": "m",  "user":"u-1","messages":[{"role":"user","content":"I am [redacted:mail], ü 1.0"}]}',
    )
    const told = 'guardrail.pii:redacted 1 mail in the request'
    assert.equal(answer.headers['x-drover-warnings'], told)
    assert.deepEqual(dig(await relay.recordOf(answer), 'warnings'), [told])
  })

  test('a match that lies across events is taken out of a stream, whose other events keep their bytes', async () => {
    const events = says(...sentence)
    streams(...events)
    const answer = await ask('clean', 'hello', { stream: true })
    assert.equal(textOf(answer.text), redacted)
    assert.ok(answer.text.startsWith(`${events[0]}${events[1]}`), 'bytes of events without a find')
    assert.ok(answer.text.endsWith(events.slice(-4).join('')), 'and of those behind it')
    assert.deepEqual(dig(await relay.recordOf(answer), 'warnings'), [
      'guardrail.pii:redacted 1 mail in the reply',
      'guardrail.pii:redacted 1 card in the reply',
    ])
  })

  test('a stream in which nothing is found arrives as it was sent, and one of a key without guardrails as well', async () => {
    for (const [key, texts] of [
      ['clean', ['All', ' is well', ' at 10:30', '.']],
      ['free', sentence],
    ] as const) {
      const events = says(...texts)
      streams(...events)
      assert.equal((await ask(key, 'hello', { stream: true })).text, events.join(''), key)
    }
  })

  test('the same for a whole answer, and for a caller of another format', async () => {
    wholeSays(sentence.join(''))
    assert.equal((await ask('clean', 'hello')).at('choices.0.message.content'), redacted)
    for (const isStream of [false, true]) {
      if (isStream) streams(...says(...sentence))
      else wholeSays(sentence.join(''))
      const answer = await call(relay.url, {
        path: '/v1/messages',
        key: keys.get('clean-claude') as string,
        body: {
          model: 'fake/m',
          max_tokens: 50,
          stream: isStream,
          system: 'Answer b@c.io',
          messages: [{ role: 'user', content: [{ type: 'text', text: 'my card is 4111111111111111' }] }],
        },
      })
      assert.equal(answer.status, 200)
      assert.match(sent(), /Answer \[redacted:mail\].*my card is \[redacted:card\]/)
      const texts = isStream
        ? [...answer.text.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, text]) => text).join('')
        : answer.at('content.0.text')
      assert.equal(texts, redacted)
    }
  })

  test('a kept answer is given again only where the same guardrails have looked at it', async () => {
    wholeSays('Write to ada@example.org.')
    const cached = async (name: string): Promise<readonly [string | undefined, string]> => {
      const body = chat('kept', { model: 'fake/m' })
      const headers = { 'x-drover-cache': '5m' }
      const answer = await call(relay.url, { key: keys.get(name) as string, body, headers })
      return [answer.headers['x-drover-cache'], String(answer.at('choices.0.message.content'))]
    }
    assert.deepEqual(await cached('free'), ['miss', 'Write to ada@example.org.'])
    assert.deepEqual(await cached('clean'), ['miss', 'Write to [redacted:mail].'])
    assert.deepEqual(await cached('clean-claude'), ['hit', 'Write to [redacted:mail].'])
    assert.deepEqual(await cached('free'), ['hit', 'Write to ada@example.org.'])
  })

  test('what is forbidden is refused in the words of the caller, before anything is sent', async () => {
    const count = upstream.seen.length
    const secret = 'sk-proj-abcdefghijklmnopqrstuvwxyz'
    const answers = [
      await ask('strict', `use ${secret}`),
      await ask('strict', 'x'.repeat(2_000)),
      await ask('strict', 'hi', { tools: [] }),
      await ask('strict', 'hi', { model: 'fake/n' }),
    ]
    for (const answer of answers) {
      assertProblem(answer, 400, 'content_blocked')
      assert.ok(!answer.text.includes(secret))
    }
    assert.match(String(answers[0]?.at('error.message')), /"secrets".*secret in the request/)
    assert.match(String(answers[2]?.at('error.message')), /"small".*'tools'/)
    const claude = await call(relay.url, {
      path: '/v1/messages',
      key: keys.get('strict') as string,
      body: { model: 'fake/m', max_tokens: 5, messages: [{ role: 'user', content: secret }] },
    })
    assert.equal(claude.status, 400)
    assert.equal(claude.at('type'), 'error')
    assert.equal(upstream.seen.length, count)
  })

  test('a forbidden answer is withheld: whole as a 400, a stream from the place where it stands', async () => {
    wholeSays('The key is sk-proj-abcdefghijklmnopqrstuvwxyz.')
    assertProblem(await ask('strict', 'tell'), 400, 'content_blocked')
    streams(...says('The key of Project Zeus is ', 'sk-proj-abcdef', 'ghijklmnopqrstuvwxyz', ', keep it.'))
    const body = chat('tell', { model: 'fake/m', stream: true })
    const answer = await openCall(relay.url, { key: keys.get('strict') as string, body })
    const text = await answer.until('content_blocked')
    assert.match(text, /The key of Project Zeus is /)
    assert.ok(!text.includes('sk-proj'), text)
    await assert.rejects(answer.rest(), 'it ends as cut')
    const record = await relay.recordOf(answer)
    assert.deepEqual([record['end'], record['error']], ['cut', 'content_blocked'])
    assert.deepEqual(record['warnings'], ['guardrail.secrets:blocked 1 secret in the reply'])
  })

  test('what is only noted passes as it came, and stands on the record', async () => {
    const events = says('The ruler is Project', ' Zeus.')
    streams(...events)
    const answer = await ask('noted', 'About Project Zoo', { stream: true })
    assert.equal(answer.text, events.join(''))
    assert.match(sent(), /Project Zoo/)
    assert.deepEqual(dig(await relay.recordOf(answer), 'warnings'), [
      'guardrail.words:noted 1 pattern in the request',
      'guardrail.words:noted 1 pattern in the reply',
    ])
  })

  test('a webhook is asked with a signature; its word counts, and its silence as the file says', async () => {
    hook.answer(whole({ action: 'block', reason: 'not today' }))
    const refused = await ask('asked', 'hello')
    assertProblem(refused, 400, 'content_blocked')
    assert.match(refused.text, /not today/)
    const question = hook.seen.at(-1)
    assert.ok(question !== undefined)
    const { headers, body } = question
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', hookSecret).update(signed).digest('base64')}`)
    assert.equal(dig(JSON.parse(body.toString()), 'request.messages.0.content'), 'hello')
    hook.answer(whole({ action: 'pass' }))
    wholeSays('fine')
    assert.equal((await ask('asked', 'hello')).status, 200)
    hook.answer(whole('oops', { status: 500 }))
    assertProblem(await ask('asked', 'hello'), 400, 'content_blocked')
    wholeSays('fine')
    const open = await ask('open', 'hello')
    assert.equal(open.status, 200)
    assert.match(String(open.headers['x-drover-warnings']), /webhook gave no answer and the request passed/)
  })
})
