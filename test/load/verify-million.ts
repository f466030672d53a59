/**
 * `ledger verify` over a million calls: fills the books of a hundred customers through the store itself, then proves them by the
 * command, with no relay running and with one that answers calls meanwhile.
 * `bin/drover-node test/load/verify-million.ts --calls 1000000`; figures as JSON, exit 1 when the books are not proven.
 */

import { strict as assert } from 'node:assert'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'
import { call } from '../e2e/call.ts'
import { adminKey, makeFolder, removeFolder, runDrover, startRelay, testKey } from '../e2e/harness.ts'

const accounts = 100
/** Under the length of the store's queue. */
const atOnce = 2_000
const lastsMs = 600_000

const { values } = parseArgs({ options: { calls: { type: 'string', default: '1000000' } } })
const calls = Number(values.calls)
const folder = await makeFolder()
const secondsSince = (startedMs: number): number => Number(((performance.now() - startedMs) / 1_000).toFixed(1))

async function openAccounts(): Promise<readonly string[]> {
  const relay = await startRelay({ folder })
  const ids: string[] = []
  for (let number = 0; number < accounts; number += 1) {
    const ask = { key: adminKey, path: '/api/v1/accounts', body: { name: `customer-${number}`, billing: 'prepaid' } }
    const id = String((await call(relay.url, ask)).at('id'))
    await call(relay.url, { key: adminKey, path: '/api/v1/credits', body: { account: id, usd: '1000' } })
    ids.push(id)
  }
  await relay.stop()
  return ids
}

/** Of each hundred calls one is voided and one is charged beyond what was held. */
async function fill(ids: readonly string[]): Promise<void> {
  const clock = systemClock()
  const idOf = systemIds(clock)
  const url = `sqlite:${join(folder, 'data', 'drover.db')}`
  const store = await openSqliteStore({ url, durability: 'process', clock, log: silentLog })
  const one = async (number: number): Promise<void> => {
    const account = ids[number % ids.length] ?? ''
    const nowMs = clock.nowMs()
    const key = `key_${account}`
    const about = { call: idOf.next('call'), account, key, nowMs }
    const held = 30_000n + BigInt(number % 7)
    const budgets = number % 10 === 0 ? [{ name: key, limitNanoUsd: 10n ** 15n, period: 'day' as const }] : []
    const amounts = { amountNanoUsd: held, amountMinNanoUsd: held, sliceNanoUsd: null }
    const answer = await store.hold({ ...about, ...amounts, expiresMs: nowMs + lastsMs, owner: 'filler', budgets })
    assert.equal(answer.ok, true)
    const end = { ...about, rule: 'filled', upstreamCosts: [{ provider: 'fake', amountNanoUsd: 5_000n }] }
    if (number % 100 === 0) await store.voidHold(end)
    else await store.settle({ ...end, priceHash: null, chargeNanoUsd: number % 100 === 1 ? held + 500n : 13_000n })
  }
  for (let done = 0; done < calls; done += atOnce) {
    const count = Math.min(atOnce, calls - done)
    await Promise.all(Array.from({ length: count }, (_unused, each) => one(done + each)))
  }
  await store.close()
}

type Verdict = {
  readonly ok: boolean
  readonly calls: number
  readonly transactions: number
  readonly problems: unknown[]
}

/** The command to its end, without the limit in time that tests have. */
async function verify(env: Record<string, string>): Promise<{ readonly verdict: Verdict; readonly seconds: number }> {
  const startedMs = performance.now()
  const parameters = [
    'ledger',
    'verify',
    '--json',
    ...(env['DROVER_URL'] === undefined ? ['--data', join(folder, 'data')] : []),
  ]
  const { stdout, stderr } = await runDrover(parameters, { cwd: folder, env, withinMs: 600_000 })
  assert.notEqual(stdout, '', stderr)
  return { verdict: JSON.parse(stdout) as Verdict, seconds: secondsSince(startedMs) }
}

/** Calls in turn until told to stop; gives the longest time that one took. */
async function callMeanwhile(url: string, stopped: () => boolean): Promise<{ answered: number; longestMs: number }> {
  let [answered, longestMs] = [0, 0]
  while (!stopped()) {
    const startedMs = performance.now()
    const body = { model: 'kimi-k2', messages: [{ role: 'user', content: 'meanwhile' }] }
    assert.equal((await call(url, { key: testKey, body })).status, 200)
    longestMs = Math.max(longestMs, performance.now() - startedMs)
    answered += 1
  }
  return { answered, longestMs: Math.round(longestMs) }
}

try {
  const ids = await openAccounts()
  const filledMs = performance.now()
  await fill(ids)
  const fillSeconds = secondsSince(filledMs)
  const alone = await verify({})
  const relay = await startRelay({ folder })
  let isOver = false
  const calling = callMeanwhile(relay.url, () => isOver)
  const live = await verify({ DROVER_URL: relay.url, DROVER_ADMIN_KEY: adminKey })
  isOver = true
  const meanwhile = await calling
  await relay.stop()
  const figures = {
    calls: live.verdict.calls,
    transactions: live.verdict.transactions,
    store_mib: Math.round(statSync(join(folder, 'data', 'drover.db')).size / 1_048_576),
    fill_seconds: fillSeconds,
    verify_seconds: alone.seconds,
    verify_seconds_on_a_live_relay: live.seconds,
    calls_meanwhile: meanwhile.answered,
    longest_call_meanwhile_ms: meanwhile.longestMs,
    problems: [...alone.verdict.problems, ...live.verdict.problems],
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
  process.exitCode = alone.verdict.ok && live.verdict.ok && live.verdict.calls >= calls ? 0 : 1
} finally {
  await removeFolder(folder)
}
