import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import { call } from './call.ts'
import { adminKey, eventually } from './harness.ts'

/** 1,000 nano-USD a token in, 2,000 a token out. */
const config = `models:
  sold: { targets: [{ provider: fake, model: any }], price: { input: "1.00", output: "2.00" } }
plans:
  free: { rpm: 2, concurrency: 5 }
  pro: { rpm: 60, upgrade_at_paid_usd: "10.00" }
`
/** A client opens this many connections at once; a thousand calls are many of them. */
const clientsMax = 100

const decimal = (nano: bigint): string =>
  `${nano / 1_000_000_000n}.${(nano % 1_000_000_000n).toString().padStart(9, '0')}`

/** Runs all of them, `clientsMax` at a time. */
const inParallel = async <T>(count: number, one: (index: number) => Promise<T>): Promise<readonly T[]> => {
  const results: T[] = []
  let next = 0
  const client = async (): Promise<void> => {
    while (next < count) {
      next += 1
      results.push(await one(next))
    }
  }
  await Promise.all(Array.from({ length: clientsMax }, client))
  return results
}

describe('money under many callers', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config })
  })
  after(() => bench.close())

  const admin = async (path: string, body?: object) => {
    const ask = { path: `/api/v1${path}`, key: adminKey, ...(body === undefined ? {} : { body }) }
    const answer = await call(bench.relay.url, ask)
    assert.equal(answer.status, 200, answer.text)
    return JSON.parse(answer.text) as Record<string, unknown>
  }

  test('1,000 calls with money for exactly 10: 10 are admitted, and the balance is exactly 0', async () => {
    const body = chat('hi', { model: 'sold', max_tokens: 300 })
    const size = Buffer.byteLength(JSON.stringify(body))
    const holdNano = BigInt(size) * 1000n + 300n * 2000n
    await admin('/accounts', { name: 'ten', billing: 'prepaid' })
    await admin('/credits', { account: 'ten', usd: decimal(10n * holdNano) })
    const { key } = await bench.relay.createKey({ account: 'ten' })
    bench.upstream.answer(whole(completion({ promptTokens: size, completionTokens: 300 })))
    bench.upstream.forget()
    const statuses = (await inParallel(1000, () => call(bench.relay.url, { key, body }))).map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 200).length, 10)
    // 503: a machine that is busy with all of this may shed some before it looks at their money.
    assert.deepEqual(
      [...new Set(statuses)].filter((status) => ![200, 402, 503].includes(status)),
      [],
    )
    assert.ok(statuses.includes(402))
    assert.equal(bench.upstream.seen.length, 10)
    const left = await eventually('the settlements', async () => {
      const found = await admin('/credits/ten')
      return found['held_nano_usd'] === '0' ? found : undefined
    })
    assert.equal(left['balance_nano_usd'], '0')
    assert.deepEqual((await admin('/ledger/verify'))['problems'], [])
  })

  test('one code, 200 callers: one gets its credit', async () => {
    await admin('/accounts', { name: 'redeemer', billing: 'prepaid' })
    const made = await admin('/codes', { count: 1, usd: '5.00' })
    const [code] = made['codes'] as string[]
    const body = { code, account: 'redeemer' }
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => call(bench.relay.url, { path: '/api/v1/codes/redeem', key: adminKey, body })),
    )
    const statuses = answers.map(({ status }) => status)
    assert.deepEqual([...new Set(statuses)].sort(), [200, 409])
    assert.equal(statuses.filter((status) => status === 200).length, 1)
    assert.equal((await admin('/credits/redeemer'))['balance_usd'], '5.00')
    assert.deepEqual((await admin('/ledger/verify'))['problems'], [])
  })

  test('a key revoked under load: a second later no call is admitted', async () => {
    const { key, id } = await bench.relay.createKey()
    bench.upstream.answer(whole(completion()))
    const body = chat('hi')
    let stopped = false
    let revokedAt = Number.POSITIVE_INFINITY
    const late: number[] = []
    const client = async (): Promise<void> => {
      while (!stopped) {
        const begunAt = performance.now()
        const { status } = await call(bench.relay.url, { key, body })
        if (begunAt > revokedAt + 1000) late.push(status)
      }
    }
    const clients = Array.from({ length: 20 }, client)
    await eventually('calls under way', () => (bench.upstream.seen.length > 40 ? true : undefined))
    await bench.relay.command('keys', 'revoke', id)
    revokedAt = performance.now()
    await eventually('calls a second later', () => (late.length > 100 ? true : undefined), 20_000)
    stopped = true
    await Promise.all(clients)
    assert.ok(late.includes(401) && late.every((status) => status === 401 || status === 503), [...new Set(late)].join())
  })

  test("a plan's limit is shared by the keys of its account; the refusal names limit, plan and next plan", async () => {
    await admin('/accounts', { name: 'small', billing: 'unlimited', plan: 'free' })
    bench.upstream.answer(whole(completion()))
    const keys = [await bench.relay.createKey({ account: 'small' }), await bench.relay.createKey({ account: 'small' })]
    const ask = (index: number) => call(bench.relay.url, { key: keys[index]?.key ?? '', body: chat('hi') })
    const first = await ask(0)
    assert.equal(first.status, 200, first.text)
    assert.equal(first.headers['x-ratelimit-limit-requests'], '2')
    assert.equal((await ask(1)).status, 200)
    const refused = await ask(1)
    assert.equal(refused.status, 429)
    const message = String(refused.at('error.message'))
    assert.match(message, /Rate limit reached for plan "free" of account acc_\w+: 2 requests per minute/)
    assert.match(message, /Plan "pro" has 60 requests per minute/)
    assert.equal((await admin('/credits', { account: 'small', usd: '10.00' }))['upgraded_to'], 'pro')
    assert.equal((await ask(1)).status, 200)
  })

  test('a project budget refuses calls of its keys, names itself and its reset, and tells its thresholds', async () => {
    await admin('/accounts', { name: 'thrifty', billing: 'unlimited' })
    await admin('/projects', { account: 'thrifty', name: 'search' })
    const set = await admin('/budgets', { account: 'thrifty', project: 'search', usd: '0.001', period: 'day' })
    const { key } = await bench.relay.createKey({ account: 'thrifty', project: 'search' })
    const body = chat('hi', { model: 'sold', max_tokens: 300 })
    bench.upstream.answer(whole(completion({ promptTokens: 0, completionTokens: 300 })))
    const first = await call(bench.relay.url, { key, body })
    assert.equal(first.status, 200, first.text)
    const refused = await eventually('the refusal', async () => {
      const answer = await call(bench.relay.url, { key, body })
      return answer.status === 200 ? undefined : answer
    })
    assert.equal(refused.status, 429)
    assert.equal(refused.at('error.code'), 'budget_exceeded')
    assert.match(
      String(refused.at('error.message')),
      /The budget of project prj_\w+ is 0\.001 USD per day.*resets at 2/,
    )
    const events = await eventually('the threshold', async () => {
      const { data } = (await admin('/budgets/events')) as { data: { budget: string; threshold: number }[] }
      return data.length > 0 ? data : undefined
    })
    assert.deepEqual([events[0]?.budget, events.at(-1)?.threshold], [set['id'], 50])
  })
})
