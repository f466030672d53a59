import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { cutAfter, failure, neverAnswer, page, resetAtOnce, stream, whole } from '../fake/answer.ts'
import { completion, completionEvents, usageEvent } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import type { Answer } from './call.ts'
import { call, dig } from './call.ts'
import { fakeKey } from './harness.ts'

const otherKey = 'sk-the-key-of-the-second-provider'

const configOf = (
  second: FakeUpstream,
): string => `  second: { vendor: openai-compatible, base_url: "${second.baseUrl}", allow_private: true, api_key: "env:SECOND_KEY" }
models:
  tiered:
    aliases: [by/another-name]
    targets:
      - { provider: fake, model: first-choice }
      - { provider: second, model: second-choice, tier: 2 }
    route: { timeout: { headers: 300ms, first_token: 300ms, total: 20s }, breaker: { failures: 100 } }
  shared:
    targets:
      - { provider: fake, model: a, weight: 3 }
      - { provider: second, model: b, weight: 1 }
    route: { sticky: none, retries: 0 }
  sticky:
    targets:
      - { provider: fake, model: a }
      - { provider: second, model: b }
  scoped:
    targets:
      - { provider: fake, model: a, for: { tags: ["stage=dev"] } }
      - { provider: second, model: b, for: { keys: [nobody], prompt_max: 1kb } }
`

describe('routes', () => {
  let bench: Bench
  let second: FakeUpstream
  before(async () => {
    second = await startUpstream(whole(completion({ content: 'from the second' })))
    bench = await startBench({ config: configOf(second), env: { SECOND_KEY: otherKey } })
  })
  after(async () => {
    await second.close()
    await bench.close()
  })

  const ask = (model: string, more: object = {}): Promise<Answer> =>
    call(bench.relay.url, { key: bench.key, body: chat('hi', { model, ...more }) })

  const troubles = {
    reset: resetAtOnce,
    page: page(200),
    overload: failure(503, { message: 'no' }),
    refusal: failure(401, {}),
  }
  for (const [name, script] of Object.entries(troubles)) {
    test(`the second tier answers when the first fails: ${name}`, async () => {
      bench.upstream.answer(script)
      second.forget()
      const answer = await ask('tiered')
      assert.equal(answer.at('choices.0.message.content'), 'from the second')
      assert.equal(answer.headers['x-drover-provider'], 'second')
      assert.ok(Number(answer.headers['x-drover-attempts']) >= 2)
      const seen = await second.arrival(0)
      assert.equal(dig(JSON.parse(seen.body.toString()), 'model'), 'second-choice')
      assert.equal(seen.headers.authorization, `Bearer ${otherKey}`, 'each provider sees its own credential')
      const record = await bench.relay.recordOf(answer)
      assert.equal(dig(record, 'attempts.0.provider'), 'fake')
      assert.notEqual(dig(record, 'attempts.0.error'), null)
      assert.equal(record['provider'], 'second')
    })
  }

  test('a target for some calls is asked by these, and the others are refused', async () => {
    bench.upstream.answer(whole(completion({ content: 'for tests' })))
    const body = chat('hi', { model: 'scoped' })
    const tagged = await call(bench.relay.url, { key: bench.key, body, headers: { 'x-drover-tags': 'stage=dev' } })
    assert.equal(tagged.headers['x-drover-provider'], 'fake')
    const { key } = await bench.relay.createKey({ name: 'nobody' })
    assert.equal((await call(bench.relay.url, { key, body })).headers['x-drover-provider'], 'second')
    const refused = await ask('scoped')
    assert.equal(refused.status, 403)
    assert.match(refused.text, /no target for calls like this one/)
  })

  test('a stream that fails before its first part goes to the second tier, and nothing of the first is delivered', async () => {
    const opening = completionEvents(['never seen']).slice(0, 1)
    for (const script of [cutAfter(opening), stream(opening), neverAnswer]) {
      bench.upstream.answer(script)
      const events = completionEvents(['from ', 'the ', 'second'])
      second.answerOnce(stream(events))
      const answer = await ask('tiered', { stream: true })
      assert.equal(answer.text, events.join(''))
      assert.equal(answer.headers['x-drover-provider'], 'second')
    }
  })

  test('what the request itself is to blame for is not tried elsewhere', async () => {
    second.forget()
    bench.upstream.answer(failure(400, { message: 'a bad field', type: 'invalid_request_error' }))
    assert.equal((await ask('tiered')).status, 400)
    assert.equal(second.seen.length, 0)
  })

  test('an alias and the direct name lead to the same provider', async () => {
    bench.upstream.answer(whole(completion({ content: 'from the first' })))
    for (const model of ['tiered', 'by/another-name', 'fake/first-choice']) {
      assert.equal((await ask(model)).at('choices.0.message.content'), 'from the first', model)
    }
  })

  test('weights share the calls out, within what chance allows', async () => {
    bench.upstream.answer(whole(completion()))
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask('shared')))
    const first = answers.filter(({ headers }) => headers['x-drover-provider'] === 'fake').length
    // 150 are expected; five standard deviations on either side.
    assert.ok(first > 119 && first < 181, `${first} of 200`)
  })

  test('a conversation stays with its provider, named by a header or by a field of the body', async () => {
    const providerOf = async (more: object, headers: Record<string, string> = {}): Promise<string | undefined> => {
      const body = chat(`turn ${JSON.stringify(more)}`, { model: 'sticky', ...more })
      return (await call(bench.relay.url, { key: bench.key, headers, body })).headers['x-drover-provider']
    }
    const turns = Array.from({ length: 8 }, (_, turn) => turn)
    const byHeader = await Promise.all(turns.map((turn) => providerOf({ seed: turn }, { 'x-session-id': 'session-1' })))
    assert.equal(new Set(byHeader).size, 1)
    const byField = await Promise.all(turns.map((turn) => providerOf({ seed: turn, user: 'person-1' })))
    assert.equal(new Set(byField).size, 1)
    const others = await Promise.all(turns.map((turn) => providerOf({}, { 'x-session-id': `other-${turn * 3}` })))
    assert.equal(new Set(others).size, 2, 'different ones are shared out')
  })

  test('usage that a provider refuses to be asked for: tried again without, and remembered', async () => {
    const events = completionEvents(['fine'])
    const refusing = startUpstream((exchange) => {
      const asked = exchange.seen.body.includes('stream_options')
      const refusal = failure(400, { message: 'Unrecognized request argument supplied: stream_options' })
      return (asked ? refusal : stream(events))(exchange)
    })
    await using upstream = await refusing
    await using own = await startBench({
      config: `  picky: { vendor: openai-compatible, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }\n`,
    })
    const stringOf = async (): Promise<string> =>
      (await call(own.relay.url, { key: own.key, body: chat('hi', { model: 'picky/m', stream: true }) })).text
    assert.equal(await stringOf(), events.join(''))
    assert.equal(upstream.seen.length, 2)
    assert.equal(await stringOf(), events.join(''))
    assert.equal(upstream.seen.length, 3, 'the second call does not ask again')
  })

  test('a caller who asks for usage gets it though the model says it late', async () => {
    const events = completionEvents(['a'], { usage: true })
    bench.upstream.answer(stream(events))
    const answer = await ask('fake/m', { stream: true, stream_options: { include_usage: true } })
    assert.ok(answer.text.includes(usageEvent(1).trim()))
    assert.equal(dig(await bench.relay.recordOf(answer), 'usage.output'), 1)
  })

  test('several keys of one provider are used in turn', async () => {
    await using upstream = await startUpstream(whole(completion()))
    await using own = await startBench({
      config: `  many: { vendor: openai-compatible, base_url: "${upstream.baseUrl}", allow_private: true, api_keys: ["env:K1", "env:K2"] }\n`,
      env: { K1: fakeKey, K2: otherKey },
    })
    const used = new Set<string | undefined>()
    // Which one is a coin's choice: with so many calls it shows both, but for once in 10^19 times.
    for (let each = 0; each < 64 && used.size < 2; each += 1) {
      await call(own.relay.url, { key: own.key, body: chat(`hi ${each}`, { model: 'many/m' }) })
      for (const { headers } of upstream.seen) used.add(headers.authorization)
    }
    assert.deepEqual([...used].toSorted(), [`Bearer ${otherKey}`, `Bearer ${fakeKey}`].toSorted())
  })
})
