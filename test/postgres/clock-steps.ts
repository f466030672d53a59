/**
 * Proves that a node whose wall clock is set under load changes nothing: leases, budgets, limits and ends of keys and credit go by the
 * store's clock. `bin/drover-node test/postgres/clock-steps.ts` (Linux; needs Postgres and the package "faketime"). Three nodes on one
 * account; the clock of the first jumps an hour and a day ahead, and an hour and a day back. Prints a table; exit code 1 where anything
 * was not as it should be.
 */

import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { call } from '../e2e/call.ts'
import type { Account } from '../e2e/customer.ts'
import { admin, balanceOf, models, openAccount, sold } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { eventually, makeFolder, removeFolder } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startFleet } from './fleet.ts'
import { startPostgres } from './server.ts'

const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find(existsSync)
assert.ok(library !== undefined, 'libfaketime is not installed: install the package "faketime"')

const callersOfNode = 3
const stepMs = 4000
const withinMs = 30_000
const credit = 100_000_000_000n
const callNano = 13_000n
const recordMsMax = 5000
const steps = ['+1h', '+0', '-1h', '+0', '+25h', '+0', '-25h', '+0'] as const

const folder = await makeFolder()
const clockFile = join(folder, 'clock')
/** Read anew every second by what stands between the node and its clock. */
const setClock = (offset: string): Promise<void> => writeFile(clockFile, `${offset}\n`)
await setClock('+0')

await using server = await startPostgres()
await using fleet = await startFleet({
  url: await server.database(),
  size: 0,
  config: `${models}cluster: { stale_max: 5s }\n`,
})
fleet.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
const env = {
  LD_PRELOAD: library,
  FAKETIME_TIMESTAMP_FILE: clockFile,
  FAKETIME_CACHE_DURATION: '1',
  // Only the wall clock is set: the monotonic one is the machine's.
  DONT_FAKE_MONOTONIC: '1',
  NO_FAKE_STAT: '1',
}
const relays = await Promise.all([fleet.add({ env }), fleet.add(), fleet.add()])
const [odd, right] = relays
const bench = { relay: right, upstream: fleet.upstream, key: '', close: async () => {} }
const oddBench = { ...bench, relay: odd }

const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()
let answered = 0n
const ask = async (relay: Relay, key: string): Promise<string> => {
  const answer = await call(relay.url, { key, body: sold() }).catch(() => null)
  if (answer?.status !== 200)
    return answer === null ? 'no answer' : `${answer.status} ${String(answer.at('error.code'))}`
  answered += 1n
  return '200'
}
/** Until this node knows what another has made. */
const knows = (relay: Relay, key: string, told: string): Promise<true> =>
  eventually(told, async () => ((await ask(relay, key)) === told ? true : undefined), withinMs)

const account: Account = await openAccount(bench, credit)
const lasting = await right.createKey({ account: account.id, expires: inMinutes(30) })
const limited = await right.createKey({ account: account.id, rpd: 3 })
const bounded = await right.createKey({ account: account.id, budget: '0.0006', budget_period: 'day' })
const promo = await openAccount(bench, 0n)
await admin(bench, '/credits', { account: promo.id, usd: '1', kind: 'promo', expires: inMinutes(30) })
for (const relay of relays) for (const key of [account.key, lasting.key]) await knows(relay, key, '200')
for (const key of [limited.key, bounded.key])
  for (const relay of relays)
    await eventually(
      'what is used up',
      async () => ((await ask(relay, key)).startsWith('429') ? true : undefined),
      withinMs,
    )

type Row = { readonly cells: readonly string[]; readonly isRight: boolean }
const rows: (Row & { readonly step: string })[] = []
/** What the node says of each key and credit at every step, whatever its clock says. */
const expected = ['200', '429 rate_limit_exceeded', '429 budget_exceeded', '1.00', '200']
const told = new Map<string, number>()
let ending = false
const callers = relays.flatMap((relay) =>
  Array.from({ length: callersOfNode }, async () => {
    while (!ending) {
      const answer = await ask(relay, account.key)
      told.set(answer, (told.get(answer) ?? 0) + 1)
    }
  }),
)

const digits = '0123456789abcdefghjkmnpqrstvwxyz'
/** The time in an id, which sorts by it. */
const idTimeMs = (id: string): number =>
  [...(id.split('_')[1] ?? '').slice(0, 10)].reduce((sum, digit) => sum * 32 + digits.indexOf(digit), 0)

const look = async (): Promise<Row> => {
  const { headers } = await call(odd.url, { path: '/health/liveness' })
  const aheadMs = Date.parse(headers['date'] ?? '') - Date.now()
  const answer = await call(odd.url, { key: lasting.key, body: sold() })
  if (answer.status === 200) answered += 1n
  const recordMs = Math.abs(Date.parse(String((await odd.recordOf(answer))['time'])) - Date.now())
  const idMs = Math.abs(idTimeMs(String(answer.headers['x-request-id'])) - Date.now())
  const ready = await call(odd.url, { path: '/health/readiness' })
  const seen = [
    `${answer.status}`,
    await ask(odd, limited.key),
    await ask(odd, bounded.key),
    String((await admin(oddBench, `/credits/${promo.id}`))['balance_usd']),
    `${ready.status}`,
  ]
  return {
    cells: [`${Math.round(aheadMs / 60_000)} min`, ...seen, `${recordMs} ms`, `${idMs} ms`],
    isRight: seen.join() === expected.join() && recordMs < recordMsMax && idMs < recordMsMax,
  }
}

for (const [place, offset] of steps.entries()) {
  await setClock(offset)
  await wait(stepMs)
  rows.push({ step: `${place + 1}: ${offset}`, ...(await look()) })
}
ending = true
await Promise.all(callers)
const left = await eventually(
  'everything in the books',
  async () => {
    const { balance, held } = await balanceOf(bench, account.id)
    return held === 0n ? balance : undefined
  },
  withinMs,
)
const verdict = await admin(bench, '/ledger/verify')
await removeFolder(folder)

const isCharged = credit - left === answered * callNano
const isProven = verdict['ok'] === true && verdict['open_holds'] === 0
const isServed = told.size === 1 && told.has('200')
const head = [
  'CLOCK SET',
  'SAYS',
  'KEY FOR 30 MIN',
  'LIMIT A DAY',
  'BUDGET A DAY',
  'CREDIT FOR 30 MIN',
  'READY',
  'RECORD OFF BY',
  'ID OFF BY',
]
const table = [
  head,
  ...rows.map(({ step: name, cells, isRight }) => [name, ...cells, isRight ? '' : 'NOT AS IT SHOULD BE']),
]
const widths = head.map((_cell, column) => Math.max(...table.map((line) => (line[column] ?? '').length)))
// biome-ignore lint/suspicious/noConsole: the table is what this program is for.
for (const line of table) console.log(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
// biome-ignore lint/suspicious/noConsole: as above.
console.log(
  `Under load, on three nodes: ${[...told].map(([what, times]) => `${times} × ${what}`).join(', ')}. ` +
    `${answered} answered, ${(credit - left) / callNano} charged. Books: ${JSON.stringify(verdict)}`,
)
process.exitCode = isCharged && isProven && isServed && rows.every(({ isRight }) => isRight) ? 0 : 1
