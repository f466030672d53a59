/** Answers to similar questions on a Postgres with pgvector, through a whole relay; and what is said where there is none. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import type { SimilarAnswer } from '#reuse/port.ts'
import type { PostgresStore } from '#store/postgres/client.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import type { Answer } from '../e2e/call.ts'
import { call, dig } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { eventually, fakeKey, startRelay } from '../e2e/harness.ts'
import { stream, whole } from '../fake/answer.ts'
import { completionEvents } from '../fake/openai.ts'
import type { Exchange, FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const clock = systemClock()
const secret = '0123456789abcdef0123456789abcdef'

const open = (url: string): Promise<PostgresStore> =>
  openPostgresStore({ url, clock, ids: systemIds(clock), log: silentLog, connectionsMax: 4 })

const configOf = ({ baseUrl }: FakeUpstream, url: string): string => `providers:
  fake: { vendor: openai-compatible, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  m: { targets: [ { provider: fake, model: m } ], price: { input: "1.00", output: "2.00" } }
  vec: { targets: [ { provider: fake, model: vec, cost: { input: "0.02" } } ] }
semantic_cache: { embeddings: vec, threshold: 0.95, for: { keys: [faq] } }
store: { url: "${url}" }
secrets: { key: "env:TEST_SECRET_KEY" }
`

/** Words as directions: texts of the same words in another order lie close together. */
const vectorOf = (text: string): readonly number[] => {
  const vector = Array.from({ length: 48 }, () => 0)
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    let place = 0
    for (const sign of word) place = (place * 31 + (sign.codePointAt(0) ?? 0)) % vector.length
    vector[place] = (vector[place] ?? 0) + 1
  }
  return vector
}

const answer = async (exchange: Exchange): Promise<void> => {
  const { target, body } = exchange.seen
  if (!target.endsWith('/embeddings')) return stream(completionEvents(['Send it ', 'back.'], { usage: true }))(exchange)
  const { input } = JSON.parse(body.toString()) as { readonly input: string }
  const data = [{ object: 'embedding', index: 0, embedding: vectorOf(input) }]
  const document = { object: 'list', data, model: 'vec', usage: { prompt_tokens: 10, total_tokens: 10 } }
  return whole(document)(exchange)
}

type Asking = { readonly headers?: Readonly<Record<string, string>>; readonly max_tokens?: number }

describe('answers to similar questions', () => {
  let server: PostgresServer
  let upstream: FakeUpstream
  let relay: Relay
  let url = ''
  const keys = new Map<string, string>()
  before(async () => {
    const bin = process.env['DROVER_PGVECTOR_BIN']
    assert.ok(
      bin !== undefined,
      'name the programs of a Postgres with pgvector in DROVER_PGVECTOR_BIN, or: npm run test:postgres',
    )
    server = await startPostgres({ bin })
    url = await server.database()
    upstream = await startUpstream(answer)
    relay = await startRelay({
      config: configOf(upstream, url),
      env: { FAKE_KEY: fakeKey, TEST_SECRET_KEY: secret },
      startWithinMs: 30_000,
    })
    for (const name of ['faq', 'other']) keys.set(name, (await relay.createKey({ name })).key)
  })
  after(async () => {
    await relay?.[Symbol.asyncDispose]()
    await upstream?.close()
    await server[Symbol.asyncDispose]()
  })
  const ask = (name: string, content: string, { headers = {}, ...more }: Asking = {}): Promise<Answer> => {
    const messages = [
      { role: 'system', content: 'You are a shop.' },
      { role: 'user', content },
    ]
    const body = { model: 'm', stream: true, temperature: 0, messages, ...more }
    return call(relay.url, { key: keys.get(name) as string, body, headers })
  }
  const kept = () => server.query("select scope, encode(body, 'escape') as body from similar_answer", 'test_1')
  const chats = (): number => upstream.seen.filter(({ target }) => target.endsWith('/chat/completions')).length

  test('a stream is given again to a question in other words, for the key alone; the record tells of it', async () => {
    const first = await ask('faq', 'how can a customer return the broken product')
    assert.equal(first.headers['x-drover-cache'], 'miss', first.text)
    await eventually('the answer in the store', async () => ((await kept()).length === 1 ? true : undefined))
    const second = await ask('faq', 'the broken product: how can a customer return')
    assert.equal(second.headers['x-drover-cache'], 'hit')
    assert.equal(second.text, first.text)
    const record = await relay.recordOf(second)
    assert.equal(dig(record, 'cost_nano_usd'), '0')
    assert.match(String(dig(record, 'warnings')), /x-drover-cache:similar 1\.0000 to call_/)
    assert.deepEqual(
      ['provider', 'model', 'reason', 'cost_nano_usd'].map((name) => dig(record, `attempts.0.${name}`)),
      ['fake', 'vec', 'similarity', '200'],
    )
    const before = chats()
    const others = [
      await ask('faq', 'can a customer not return the broken product how'),
      await ask('faq', 'how can the customer return a broken product', { max_tokens: 9 }),
      await ask('other', 'how can the customer return a broken product', {
        headers: { 'x-drover-cache': '5m similar' },
      }),
      await ask('faq', 'where is the nearest shop of this company'),
    ]
    assert.deepEqual(
      others.map(({ headers }) => headers['x-drover-cache']),
      ['miss', 'miss', 'miss', 'miss'],
    )
    assert.equal(chats(), before + 4)
  })

  test('neither question nor answer lies readable in the store', async () => {
    const rows = await kept()
    assert.ok(rows.length > 0)
    assert.doesNotMatch(JSON.stringify(rows), /Send|back|broken|product|shop/)
  })

  test('the nearest of a scope is found exactly; what is over goes, and the oldest beyond the bounds', async () => {
    const store = await open(await server.database())
    try {
      const similar = await store.openSimilar()
      await store.openSimilar()
      const row = (call: string, vector: readonly number[], more: Partial<SimilarAnswer> = {}): SimilarAnswer => ({
        ...{ call, scope: 's', vector, body: Buffer.from(call), keptMs: 1_000, expiresMs: 9_000 },
        ...more,
      })
      for (let place = 0; place < 60; place += 1)
        await similar.keepSimilar(
          row(`call_${place}`, [Math.cos(place / 40), Math.sin(place / 40), 0], { keptMs: 1_000 + place }),
          50,
        )
      await similar.keepSimilar(row('elsewhere', [0.6, 0.8, 0], { scope: 't' }), 50)
      await similar.keepSimilar(row('zeros', [0, 0, 0], { scope: 'z' }), 50)
      const look = (scope: string, vector: readonly number[], times = {}) =>
        similar.nearestAnswer({ scope, vector, nowMs: 5_000, sinceMs: 0, ...times })
      const found = await look('s', [Math.cos(0.5), Math.sin(0.5), 0.1])
      assert.equal(found?.call, 'call_20')
      assert.ok(Math.abs((found?.similarity ?? 0) - 1 / Math.sqrt(1.01)) < 1e-6, `${found?.similarity}`)
      assert.equal((await look('s', [1, 0, 0]))?.call, 'call_10', 'the first ten made room for others')
      assert.equal((await look('s', [1, 0, 0], { sinceMs: 1_030 }))?.call, 'call_30', 'not older than asked for')
      assert.equal(await look('s', [1, 0, 0], { nowMs: 9_000 }), null, 'its time is over')
      assert.equal(await look('z', [1, 0, 0]), null, 'no direction is like nothing')
      assert.equal(await look('none', [1, 0, 0]), null)
      assert.equal(await similar.sweepSimilar({ nowMs: 5_000, answersMax: 40, limit: 10 }), 10)
      assert.equal(await similar.sweepSimilar({ nowMs: 5_000, answersMax: 40, limit: 10 }), 2)
      assert.equal(await similar.sweepSimilar({ nowMs: 9_000, answersMax: 40, limit: 100 }), 40)
    } finally {
      await store.close()
    }
  })
})

test('a Postgres without pgvector is told of at the start, with what to do', async () => {
  await using server = await startPostgres()
  const [found] = await server.query("select 1 from pg_available_extensions where name = 'vector'")
  if (found !== undefined) return
  const store = await open(await server.database())
  try {
    await assert.rejects(store.openSimilar(), /"semantic_cache" needs the extension pgvector.*postgresql-NN-pgvector/)
  } finally {
    await store.close()
  }
})
