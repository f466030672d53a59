import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { testClock } from '#http/test-clock.ts'
import type { ProviderCredit } from '#provider/balance.ts'
import { watchProviderCredit } from './watch-provider-credit.ts'

const credit = (amountNano: bigint, alertNanoUsd: bigint | null = 5_000_000_000n): ProviderCredit => ({
  provider: 'moonshot',
  vendor: 'moonshot',
  left: [{ currency: 'USD', amountNano, grantedNano: null }],
  alertNanoUsd,
  error: null,
})

/** Looks at what `answers` give, one after the other; gives what people were told and what was measured. */
const lookingAt = async (answers: readonly ProviderCredit[], belowUsd: number | null = null, isMine = () => true) => {
  const clock = testClock()
  const told: string[] = []
  const measured: number[] = []
  let asked = 0
  const watch = watchProviderCredit({
    ask: async () => {
      const answer = answers[asked]
      asked += 1
      return answer === undefined ? [] : [answer]
    },
    emit: ({ name, message }) => void told.push(`${name}: ${message}`),
    isMine,
    measured: (_provider, _currency, amount) => void measured.push(amount),
    belowUsd: () => belowUsd,
    clock,
    log: silentLog,
  })
  while (asked < answers.length) {
    clock.advance(600_000)
    await new Promise((done) => setImmediate(done))
  }
  watch.close()
  return { told, measured }
}

test('a provider is told of once, until it has been above its alarm again', async () => {
  const { told, measured } = await lookingAt([
    credit(9_000_000_000n),
    credit(4_500_000_000n),
    credit(4_000_000_000n),
    credit(20_000_000_000n),
    credit(-1n),
  ])
  assert.deepEqual(measured, [9, 4.5, 4, 20, -1e-9])
  assert.equal(told.length, 2)
  assert.match(told[0] ?? '', /^upstream_balance_low: Provider moonshot has 4\.50 USD of prepaid credit left/)
})

test("without an alarm nobody is told; the alerts' own limit counts as well", async () => {
  assert.deepEqual((await lookingAt([credit(1n, null)])).told, [])
  assert.equal((await lookingAt([credit(7_000_000_000n, null)], 10)).told.length, 1)
})

test('of several nodes one tells, and whoever takes its place tells of what is low then', async () => {
  const low = [credit(1n), credit(1n), credit(1n)]
  const other = await lookingAt(low, null, () => false)
  assert.deepEqual([other.told, other.measured.length], [[], 3])
  let looks = 0
  const { told } = await lookingAt(low, null, () => {
    looks += 1
    return looks > 1
  })
  assert.equal(told.length, 1)
})

test('what is not known is no alarm', async () => {
  const unknown = { ...credit(0n), left: [], error: 'it answered 500' }
  assert.deepEqual(await lookingAt([unknown]), { told: [], measured: [] })
})
