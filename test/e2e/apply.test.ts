import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call } from './call.ts'
import { admin } from './customer.ts'
import { adminKey, fakeKey, startRelay } from './harness.ts'

const first = 'sk-applied-credential-number-1'
const second = 'sk-applied-credential-number-2'

const file = (upstream: FakeUpstream, key: string): string => `
providers:
  rented: { vendor: openai-compatible, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "${key}" }
models:
  fast: { aliases: [quick], targets: [{ provider: rented, model: big }], price: { input: "1.00", output: "2.00" } }
plans:
  of-the-file: { rpm: 7 }
`

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })

describe('providers and models that are applied to a running relay', () => {
  let bench: Bench
  let other: FakeUpstream
  before(async () => {
    bench = await startBench()
    other = await startUpstream(whole(completion({ content: 'from the other' })))
    bench.upstream.answer(whole(completion({ content: 'from the first' })))
  })
  after(async () => {
    await other.close()
    await bench.close()
  })

  const apply = (text: string, more: object = {}) => admin(bench, '/apply', { file: text, ...more })
  const ask = (model: string, relay = bench.relay): Promise<Answer> =>
    call(relay.url, { key: bench.key, body: chat('hi', { model }) })
  const originOf = async (path: string, name: string): Promise<unknown> => {
    const { data } = (await admin(bench, path)) as { data: readonly Record<string, unknown>[] }
    return data.find((row) => row['name'] === name || row['id'] === name)?.['origin']
  }

  test('a model is called as soon as it is applied, with the credential that came with it; another one counts from the next call on', async () => {
    const shown = await apply(file(bench.upstream, first), { dry_run: true })
    assert.equal((shown['changes'] as unknown[]).length, 3)
    assertProblem(await ask('fast'), 400, 'model_not_found')
    await apply(file(bench.upstream, first))
    bench.upstream.forget()
    for (const name of ['fast', 'quick', 'rented/anything']) assert.equal((await ask(name)).status, 200)
    const sent = () => bench.upstream.seen.map(({ headers }) => headers.authorization)
    assert.deepEqual(sent(), Array(3).fill(`Bearer ${first}`))
    assert.deepEqual(
      [await originOf('/providers', 'rented'), await originOf('/providers', 'fake'), await originOf('/models', 'fast')],
      ['store', 'file', 'store'],
    )
    await apply(file(bench.upstream, second))
    bench.upstream.forget()
    assert.equal((await ask('fast')).status, 200)
    assert.deepEqual(sent(), [`Bearer ${second}`])
    const again = await apply(file(bench.upstream, second))
    assert.deepEqual([again['changes'], again['unchanged']], [[], 3])
  })

  test('a call that runs keeps what it began with, while the provider moves', async () => {
    await apply(file(bench.upstream, first))
    const gate = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const answer = whole(completion({ content: 'from the first' }))
    bench.upstream.answer(async (exchange) => {
      asked.resolve()
      await gate.promise
      await answer(exchange)
    })
    const running = ask('fast')
    await asked.promise
    await apply(file(other, second))
    assert.equal((await ask('fast')).at('choices.0.message.content'), 'from the other')
    gate.resolve()
    assert.equal((await running).at('choices.0.message.content'), 'from the first')
    bench.upstream.answer(answer)
  })

  test('nobody sends a credential of the server to a place of theirs', async () => {
    other.forget()
    for (const key of ['env:FAKE_KEY', 'file:/etc/hostname', 'kept']) {
      const text = `providers: { thief: { vendor: openai-compatible, base_url: "${other.baseUrl}", allow_private: true, api_key: "${key}" } }`
      const refused = await call(bench.relay.url, { path: '/api/v1/apply', key: adminKey, body: { file: text } })
      assertProblem(refused, 400, 'invalid_request_error')
      assert.match(refused.text, /thief\.api_key/)
    }
    const named = `providers: { fake: { vendor: openai-compatible, base_url: "${other.baseUrl}", allow_private: true, api_key: abcdefgh } }`
    const refused = await call(bench.relay.url, { path: '/api/v1/apply', key: adminKey, body: { file: named } })
    assert.match(refused.text, /fake: is declared in drover\.yaml/)
    bench.upstream.forget()
    assert.equal((await ask('fake/any-model')).status, 200)
    assert.equal(bench.upstream.seen[0]?.headers.authorization, `Bearer ${fakeKey}`)
    assert.deepEqual(other.seen, [])
  })

  test('what was applied outlives the process, is encrypted on the disk, and is exported without its credential', async () => {
    await apply(file(bench.upstream, first))
    const { file: exported } = await admin(bench, '/export')
    assert.match(String(exported), /rented:\n {4}vendor: openai-compatible/)
    await bench.relay.kill()
    const texts = filesBelow(bench.relay.data).map((path) => readFileSync(path))
    assert.ok(texts.some((bytes) => bytes.includes('rented')))
    for (const secret of [first, second]) {
      assert.ok(!texts.some((bytes) => bytes.includes(secret)))
      assert.ok(![String(exported), bench.relay.stderr()].some((text) => text.includes(secret)))
    }
    await using again = await startRelay({ folder: bench.relay.folder, env: { FAKE_KEY: fakeKey } })
    bench.upstream.forget()
    assert.equal((await ask('fast', again)).status, 200)
    assert.equal(bench.upstream.seen[0]?.headers.authorization, `Bearer ${first}`)
    const same = await call(again.url, { path: '/api/v1/apply', key: adminKey, body: { file: String(exported) } })
    assert.deepEqual(same.at('changes'), [])
    for (const path of ['/api/v1/models/fast', '/api/v1/providers/rented'])
      assert.equal((await call(again.url, { method: 'DELETE', path, key: adminKey })).status, 200)
    for (const name of ['fast', 'rented/anything']) assertProblem(await ask(name, again), 400, 'model_not_found')
  })
})
