/**
 * kill -9 again and again under paid load: after each restart the books must be proven, nothing may be held, every call of the books
 * must have ended, and the money of every call that ended a second before the kill must be charged.
 * `bin/drover-node test/load/kill-money.ts --rounds 200`; figures as JSON, exit 1 when not.
 */

import { strict as assert } from 'node:assert'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { call, openCall } from '../e2e/call.ts'
import { makeChance } from '../e2e/chance.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, configFor, fakeKey, makeFolder, removeFolder, startRelay } from '../e2e/harness.ts'
import { stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'

const callersAtOnce = 12
const visibleWithinMs = 1_000
/** Seven tokens in and three out, at 1 and 2 USD a million. */
const costNano = 13_000n
const grantedNano = 1_000_000_000_000n

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
})
const chance = makeChance(Number(values.seed))
const folder = await makeFolder()
const upstream = await startUpstream()
const events = completionEvents(['a ', 'b ', 'c '], { usage: true })
upstream.answer((exchange) =>
  exchange.seen.body.includes('"stream":true')
    ? stream(events, { before: () => wait(chance() * 4) })(exchange)
    : whole(completion({ promptTokens: 7, completionTokens: 3 }))(exchange),
)
const config = configFor(
  upstream,
  'models:\n  sold: { targets: [{ provider: fake, model: any }], price: { input: "1.00", output: "2.00" } }\n',
)

async function admin(relay: Relay, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await call(relay.url, {
    path: `/api/v1${path}`,
    key: adminKey,
    ...(body === undefined ? {} : { body }),
  })
  assert.equal(answer.status, 200, answer.text)
  return JSON.parse(answer.text) as Record<string, unknown>
}

/** One paid call, streamed or not; whether it was answered whole. */
async function oneCall(relay: Relay, key: string): Promise<boolean> {
  const isStream = chance() < 0.5
  const body = { model: 'sold', max_tokens: 100, stream: isStream, messages: [{ role: 'user', content: 'paid' }] }
  try {
    if (!isStream) return (await call(relay.url, { key, body })).status === 200
    const open = await openCall(relay.url, { key, body })
    return (await open.rest()).includes('[DONE]')
  } catch {
    return false
  }
}

/** Calls without pause until the relay is gone; gives when each call ended. */
async function load(relay: Relay, key: string): Promise<readonly number[]> {
  const endedMs: number[] = []
  const caller = async (): Promise<void> => {
    while (await oneCall(relay, key)) endedMs.push(performance.now())
  }
  await Promise.all(Array.from({ length: callersAtOnce }, caller))
  return endedMs
}

const start = (): Promise<Relay> => startRelay({ folder, config, env: { FAKE_KEY: fakeKey } })
const faults: string[] = []
let relay = await start()
const account = String((await admin(relay, '/accounts', { name: 'customer', billing: 'prepaid' }))['id'])
await admin(relay, '/credits', { account, usd: String(grantedNano / 1_000_000_000n) })
const { key } = await relay.createKey({ account })
let [due, answered] = [0n, 0]
let verdict: Record<string, unknown> = {}

let spent = 0n
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const loading = load(relay, key)
    await wait(1_050 + chance() * 500)
    const killedMs = performance.now()
    await relay.kill()
    const endedMs = await loading
    answered += endedMs.length
    due += BigInt(endedMs.filter((atMs) => atMs <= killedMs - visibleWithinMs).length) * costNano
    relay = await start()
    verdict = await admin(relay, '/ledger/verify')
    const balance = await admin(relay, `/credits/${account}`)
    spent = grantedNano - BigInt(String(balance['balance_nano_usd']))
    if (verdict['ok'] !== true) faults.push(`round ${round}: ${JSON.stringify(verdict['problems'])}`)
    if (verdict['open_holds'] !== 0 || balance['held_nano_usd'] !== '0')
      faults.push(`round ${round}: something is still held`)
    if (spent < due) faults.push(`round ${round}: ${spent} charged, ${due} due`)
    if (spent % costNano !== 0n) faults.push(`round ${round}: ${spent} is no sum of whole calls`)
  }
} finally {
  await relay[Symbol.asyncDispose]()
  await upstream.close()
  await removeFolder(folder)
}

const figures = {
  kills: Number(values.rounds),
  answered,
  due_nano_usd: due.toString(),
  charged_nano_usd: spent.toString(),
  verdict,
  faults,
}
process.stdout.write(`${JSON.stringify(figures)}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
