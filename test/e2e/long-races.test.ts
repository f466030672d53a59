import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Exchange } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { startBench } from './bench.ts'
import { call } from './call.ts'
import type { Account } from './customer.ts'
import { decimal, holdOf, models, openAccount, provenOk, settled, sizeOf, sold } from './customer.ts'

const callers = 1_000
const paidFor = 10
const body = sold()
const holdNano = holdOf(body, 100n)
/** Settled for exactly what was held. */
const answer = whole(completion({ promptTokens: Number(sizeOf(body)), completionTokens: 100 }))

/** All of it runs in few processors: nobody gives up because the others are many. */
const patient = models.replace('price:', 'route: { retries: 0, timeout: { connect: 2m } }, price:')

describe('a thousand callers and money for ten', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: patient })
  })
  after(() => bench.close())

  /** All at once, none answered before all others are refused; gives the statuses. Who is told to come later does. */
  const race = async ({ key }: Account, refusal: number): Promise<readonly number[]> => {
    const release = Promise.withResolvers<void>()
    let refused = 0
    bench.upstream.forget()
    bench.upstream.answer(async (exchange: Exchange) => {
      await release.promise
      await answer(exchange)
    })
    const one = async (): Promise<number> => {
      for (;;) {
        const { status } = await call(bench.relay.url, { key, body })
        if (status === 503) continue
        if (status === refusal) refused += 1
        if (refused === callers - paidFor) release.resolve()
        return status
      }
    }
    const statuses = await Promise.all(Array.from({ length: callers }, one))
    assert.equal(bench.upstream.seen.length, paidFor, 'nothing goes upstream that is not held for')
    return statuses
  }
  const counted = (statuses: readonly number[]): Readonly<Record<number, number>> => {
    const counts: Record<number, number> = {}
    for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }

  test('in an account: ten are admitted, and the balance is exactly zero', async () => {
    const account = await openAccount(bench, BigInt(paidFor) * holdNano)
    assert.deepEqual(counted(await race(account, 402)), { 200: paidFor, 402: callers - paidFor })
    assert.equal(await settled(bench, account.id), 0n)
    await provenOk(bench)
  })

  test('in a budget: ten are admitted, and the budget is exactly spent', async () => {
    const budget = decimal(BigInt(paidFor) * holdNano)
    const account = await openAccount(bench, 1_000n * holdNano, { budget, budget_period: 'month' })
    assert.deepEqual(counted(await race(account, 429)), { 200: paidFor, 429: callers - paidFor })
    assert.equal(await settled(bench, account.id), (1_000n - BigInt(paidFor)) * holdNano)
    const key = await call(bench.relay.url, { key: account.key, path: '/v1/key' })
    assert.equal(key.at('data.limit_remaining_nano_usd'), '0')
    await provenOk(bench)
  })
})
