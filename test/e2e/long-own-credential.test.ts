import { strict as assert } from 'node:assert'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { failure, whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Exchange } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { startBench } from './bench.ts'
import { assertProblem, call } from './call.ts'
import type { Account } from './customer.ts'
import { admin, balanceOf, holdOf, models, openAccount, provenOk, settled, sold } from './customer.ts'
import { adminKey, eventually, fakeKey, runDrover } from './harness.ts'

const otherKey = 'sk-the-operators-other-credential'
const ownKey = 'sk-that-the-customer-has-brought-QRST'
/** Two providers at one upstream, told apart by what they send. */
const more = (port: number): string =>
  `  other: { vendor: openai-compatible, base_url: "http://127.0.0.1:${port}/v1", allow_private: true, api_key: "env:OTHER_KEY" }
${models}  pair: { targets: [{ provider: fake, model: any, tier: 1 }, { provider: other, model: any, tier: 2 }], price: { input: "1.00", output: "2.00" } }
  dear: { targets: [{ provider: fake, model: any }] }
`
const used = completion({ promptTokens: 7, completionTokens: 3 })
/** 7 x 1,000 + 3 x 2,000 nano-USD. */
const priceNano = 13_000n

const bring = (bench: Bench, account: Account, rest: object = {}) =>
  admin(bench, '/credentials', { account: account.id, provider: 'fake', key: ownKey, ...rest })

const forget = async (bench: Bench, account: Account): Promise<void> => {
  const path = `/api/v1/credentials/${account.id}/fake`
  const answer = await call(bench.relay.url, { method: 'DELETE', path, key: adminKey })
  assert.equal(answer.status, 200, answer.text)
}

const ask = (bench: Bench, account: Account, wish: object = {}) =>
  call(bench.relay.url, { key: account.key, body: sold(wish) })

const sentWith = (bench: Bench): readonly (string | undefined)[] =>
  bench.upstream.seen.map(({ headers }) => headers.authorization)

const standing = (bench: Bench): Promise<string> =>
  admin(bench, '/routes?model=sold').then((found) => JSON.stringify(found))

describe('own provider credentials of an account', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ env: { OTHER_KEY: otherKey } })
    await bench.relay.edit(
      (await readFile(bench.relay.configFile, 'utf8')).trimEnd().concat('\n', more(bench.upstream.port)),
    )
    await eventually('the changed configuration', async () =>
      (await admin(bench, '/models'))['data'] !== undefined &&
      JSON.stringify(await admin(bench, '/models')).includes('"pair"')
        ? true
        : undefined,
    )
    bench.upstream.answer(whole(used))
  })
  after(() => bench.close())

  test("only the account's own calls carry it, from the next call on until it is removed", async () => {
    const [one, two] = [await openAccount(bench, 1_000_000_000n), await openAccount(bench, 1_000_000_000n)]
    bench.upstream.forget()
    await ask(bench, one)
    assert.deepEqual(await bring(bench, one), {
      account: one.id,
      provider: 'fake',
      ending: 'QRST',
      fee: '0%',
      created: (await admin(bench, '/credentials'))['data']?.[0 as never]?.['created' as never],
    })
    for (const account of [one, two, one]) assert.equal((await ask(bench, account)).status, 200)
    await forget(bench, one)
    await ask(bench, one)
    const [operators, own] = [`Bearer ${fakeKey}`, `Bearer ${ownKey}`]
    assert.deepEqual(sentWith(bench), [operators, own, operators, own, operators])
    assert.equal(await settled(bench, one.id), 1_000_000_000n - 2n * priceNano, 'with no fee nothing is charged')
    assert.equal(await settled(bench, two.id), 1_000_000_000n - priceNano)
    await provenOk(bench)
  })

  test('the fee is held and charged to the nano-dollar, costs the operator nothing, and the receipt says so', async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    await bring(bench, account, { fee: '12.35%' })
    const release = Promise.withResolvers<void>()
    bench.upstream.answerOnce(async (exchange: Exchange) => {
      await release.promise
      await whole(used)(exchange)
    })
    const pending = ask(bench, account)
    await eventually('the hold', async () => {
      const { held } = await balanceOf(bench, account.id)
      if (held === 0n) return undefined
      assert.equal(held, (holdOf(sold(), 100n) * 1235n + 5_000n) / 10_000n)
      return true
    })
    release.resolve()
    const answer = await pending
    // 13,000 x 12.35 % = 1,605.5, half up.
    assert.equal(answer.headers['x-drover-cost'], '0.000001606')
    assert.equal(await settled(bench, account.id), 1_000_000_000n - 1_606n)
    const record = await bench.relay.recordOf(answer)
    assert.equal(record['cost_nano_usd'], '1606')
    assert.equal(record['provider'], 'fake')
    const story = await admin(bench, `/calls/${answer.headers['x-request-id']}/explain`)
    assert.match(JSON.stringify(story), /own credential, fee 12\.35 %/)
    assert.equal(story['adds_up'], true)
    const entries = JSON.stringify((record['attempts'] as readonly object[])[0])
    assert.match(entries, /"cost_nano_usd":"0"/)
    await provenOk(bench)
  })

  test('the list of models shows the fee, and its part of the price, to that account alone', async () => {
    const [one, two] = [await openAccount(bench, 0n), await openAccount(bench, 0n)]
    await bring(bench, one, { fee: '5%' })
    const shown = async (key: string, path: string) => JSON.parse((await call(bench.relay.url, { path, key })).text)
    const sold = await shown(one.key, '/v1/models/sold')
    assert.equal(sold.relay_fee_percent, '5')
    assert.deepEqual(sold.price_per_million, { input: '0.05', output: '0.10' })
    const list = (await shown(one.key, '/v1/models')).data as readonly { id: string; relay_fee_percent?: string }[]
    assert.equal(list.find(({ id }) => id === 'sold')?.relay_fee_percent, '5')
    // Its second provider would be asked with the operator's credential.
    assert.equal(list.find(({ id }) => id === 'pair')?.relay_fee_percent, undefined)
    const other = await shown(two.key, '/v1/models/sold')
    assert.deepEqual([other.relay_fee_percent, other.price_per_million.input], [undefined, '1.00'])
    await forget(bench, one)
  })

  test('without a fee neither credit nor a price is needed; with one both are', async () => {
    const account = await openAccount(bench, 0n)
    await bring(bench, account)
    const free = await ask(bench, account, { model: 'dear' })
    assert.equal(free.status, 200, free.text)
    await bench.relay.recordOf(free)
    const rule = JSON.stringify(await admin(bench, `/calls/${free.headers['x-request-id']}/explain`))
    assert.match(rule, /own credential, fee 0 %/)
    assert.equal((await ask(bench, account)).status, 200)
    await bring(bench, account, { fee: '5' })
    assertProblem(await ask(bench, account, { model: 'dear' }), 400, 'price_unknown')
    assertProblem(await ask(bench, account), 402, 'credit_exhausted')
  })

  test("a fallback to another provider is made with that provider's usual credential, at the price", async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    await bring(bench, account, { fee: '5%' })
    bench.upstream.forget()
    bench.upstream.answerOnce(
      failure(401, { message: `Incorrect API key provided: ${ownKey}`, code: 'invalid_api_key' }),
    )
    const answer = await ask(bench, account, { model: 'pair' })
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(sentWith(bench), [`Bearer ${ownKey}`, `Bearer ${otherKey}`])
    assert.equal(await settled(bench, account.id), 1_000_000_000n - priceNano)
  })

  test("refusals of one account's credential are its own: nobody else is sent elsewhere or kept waiting", async () => {
    const [one, two] = [await openAccount(bench, 1_000_000_000n), await openAccount(bench, 1_000_000_000n)]
    await bring(bench, one)
    bench.upstream.answer(failure(401, { message: `Incorrect API key provided: ${ownKey}`, code: 'invalid_api_key' }))
    for (let index = 0; index < 8; index += 1) {
      const answer = await ask(bench, one)
      assertProblem(answer, 502, 'upstream_error')
      assert.equal(answer.text.includes(ownKey), false, 'not even where the provider says it')
    }
    bench.upstream.answer(whole(used))
    const metrics = (await call(bench.relay.url, { path: '/metrics', key: adminKey })).text
    assert.match(metrics, /drover_own_credential_refusals_total\{provider="fake"\} [1-9]/)
    assert.doesNotMatch(metrics, /drover_attempts_total\{provider="fake",error_type="upstream_error"\}/)
    const stats = await admin(bench, '/stats?by=provider')
    assert.doesNotMatch(JSON.stringify(stats), /"fake".*"upstream":[1-9]/)
    assert.match(await standing(bench), /"breaker":"closed","away":null,"again_ms":null,"failures":0/)
    const answer = await ask(bench, two)
    assert.equal(answer.status, 200, answer.text)
    const [attempt] = (await bench.relay.recordOf(answer))['attempts'] as readonly Record<string, unknown>[]
    assert.deepEqual([attempt?.['breaker'], attempt?.['credential']], ['closed', 'env:FAKE_KEY'])
  })

  test('the command reads it from a variable, never from an argument, and refuses what it cannot use', async () => {
    const account = await openAccount(bench, 0n)
    const env = { DROVER_URL: bench.relay.url, DROVER_ADMIN_KEY: adminKey, THEIRS: ownKey }
    const run = (...rest: readonly string[]) =>
      runDrover(['credentials', ...rest, '--account', account.id], { cwd: bench.relay.folder, env })
    const added = await run('add', '--provider', 'fake', '--key-env', 'THEIRS', '--fee', '5%')
    assert.equal(added.code, 0, added.stderr)
    assert.equal((await run('add', '--provider', 'fake', '--key-env', 'NOBODYS')).code, 2)
    assert.equal((await run('add', '--provider', 'fake', '--key', ownKey)).code, 2, 'never an argument')
    assert.equal((await run('remove', '--provider', 'fake')).code, 0)
    const wrong = await call(bench.relay.url, {
      path: '/api/v1/credentials',
      key: adminKey,
      body: { account: account.id, provider: 'fakes', key: ownKey },
    })
    assert.match(wrong.text, /no provider 'fakes'.*Did you mean 'fake'/)
    assert.equal(wrong.text.includes(ownKey), false)
  })

  test('it stands nowhere in plain text: not in the store, the log, records, the trail or answers', async () => {
    const account = await openAccount(bench, 0n)
    await bring(bench, account)
    await ask(bench, account)
    const seen = await Promise.all(
      ['/credentials', '/trail?limit=1000', '/calls?limit=1000', '/events?limit=100', '/providers'].map(async (path) =>
        JSON.stringify(await admin(bench, path)),
      ),
    )
    const files = await readdir(bench.relay.data, { recursive: true, withFileTypes: true })
    const bytes = await Promise.all(
      files.filter((one) => one.isFile()).map((one) => readFile(join(one.parentPath, one.name))),
    )
    assert.ok(
      bytes.some((one) => one.includes('own_credential')),
      'the store was looked at',
    )
    for (const text of [...seen, ...bytes, bench.relay.stderr(), bench.relay.stdout()])
      assert.equal(text.includes(ownKey), false)
  })
})
