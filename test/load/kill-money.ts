/**
 * kill -9 again and again under paid load: JSON calls, streams, streams in slices on little credit, and calls under an Idempotency-Key. After
 * each restart the books must be proven, nothing may be held, every call of the books must have ended, the money of every
 * call that ended a second before the kill must be charged, no account may be below zero, and every key must have been
 * charged once. `bin/drover-node test/load/kill-money.ts --rounds 200 [--minutes 30]`, whichever ends first; figures as JSON, exit 1 when not.
 */

import { strict as assert } from 'node:assert'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Answer } from '../e2e/call.ts'
import { call, openCall } from '../e2e/call.ts'
import { makeChance } from '../e2e/chance.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, configFor, fakeKey, makeFolder, removeFolder, startRelay } from '../e2e/harness.ts'
import { stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'

const plainCallers = 8
const keyedCallers = 4
const slicedCallers = 4
const visibleWithinMs = 1_000
/** Seven tokens in and three out, at 1 and 2 USD a million. */
const costNano = 13_000n
const grantedNano = 1_000_000_000_000n
/** What the account of slices gets each round: a few thousand tokens. */
const slicedNano = 12_000_000n

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
    /** With several, the primary process is killed. */
    workers: { type: 'string', default: '1' },
  },
})
const rounds = Number(values.rounds)
const endMs = performance.now() + Number(values.minutes) * 60_000
const chance = makeChance(Number(values.seed))
const folder = await makeFolder()
const upstream = await startUpstream()
const short = completionEvents(['a ', 'b ', 'c '], { usage: true })
const long = completionEvents(Array.from({ length: 3_000 }, () => 'word '))
upstream.answer((exchange) => {
  const { body } = exchange.seen
  if (body.includes('"long"'))
    return stream(long, { before: async (index) => void (index % 50 === 0 && (await wait(20))) })(exchange)
  if (body.includes('"stream":true')) return stream(short, { before: () => wait(chance() * 4) })(exchange)
  return whole(completion({ promptTokens: 7, completionTokens: 3 }))(exchange)
})
const config = configFor(
  upstream,
  'models:\n  sold: { targets: [{ provider: fake, model: any }], price: { input: "1.00", output: "2.00" } }\n',
)
const faults: string[] = []
/** On a machine that has much else to do a start may take its time: that is not what is tested. */
const startWithinMs = 180_000
const flags = ['--workers', values.workers]
const start = (): Promise<Relay> => startRelay({ folder, config, env: { FAKE_KEY: fakeKey }, startWithinMs, flags })
let relay = await start()

async function admin(path: string, body?: object): Promise<Record<string, unknown>> {
  const asked = body === undefined ? {} : { body }
  const answer = await call(relay.url, { path: `/api/v1${path}`, key: adminKey, ...asked })
  assert.equal(answer.status, 200, answer.text)
  return JSON.parse(answer.text) as Record<string, unknown>
}

type Customer = { readonly account: string; readonly key: string }

async function openCustomer(name: string): Promise<Customer> {
  const account = String((await admin('/accounts', { name, billing: 'prepaid' }))['id'])
  return { account, key: (await relay.createKey({ account })).key }
}

const grant = ({ account }: Customer, nano: bigint) =>
  admin('/credits', { account, usd: `${nano / 1_000_000_000n}.${(nano % 1_000_000_000n).toString().padStart(9, '0')}` })

/** As soon as nothing is held, which is within the time that a settlement has to be seen everywhere. */
async function balanceOf({ account }: Customer): Promise<bigint> {
  const deadlineMs = performance.now() + visibleWithinMs
  for (;;) {
    const { balance_nano_usd: balance, held_nano_usd: held } = await admin(`/credits/${account}`)
    if (held === '0') return BigInt(String(balance))
    if (performance.now() > deadlineMs) {
      faults.push(`${account} still holds ${String(held)}`)
      return BigInt(String(balance))
    }
    await wait(20)
  }
}

const body = (isStream: boolean, content = 'paid') => ({
  model: 'sold',
  max_tokens: content === 'long' ? 100_000 : 100,
  stream: isStream,
  messages: [{ role: 'user', content }],
})

/** One paid call, streamed or not; whether it was answered whole. */
async function plainCall(key: string): Promise<boolean> {
  const isStream = chance() < 0.5
  try {
    if (!isStream) return (await call(relay.url, { key, body: body(false) })).status === 200
    const open = await openCall(relay.url, { key, body: body(true) })
    return (await open.rest()).includes('[DONE]')
  } catch {
    return false
  }
}

/** Calls without pause until the relay is gone; gives when each call ended. */
async function plainLoad(key: string): Promise<readonly number[]> {
  const endedMs: number[] = []
  const caller = async (): Promise<void> => {
    while (await plainCall(key)) endedMs.push(performance.now())
  }
  await Promise.all(Array.from({ length: plainCallers }, caller))
  return endedMs
}

type Keyed = { readonly name: string; readonly isStream: boolean; answer: Answer | null }

const keyedCall = (key: string, { name, isStream }: Keyed): Promise<Answer | null> =>
  call(relay.url, { key, body: body(isStream), headers: { 'idempotency-key': name } }).catch(() => null)

/** Calls under keys until the relay is gone; gives them all, also those that nobody answered. */
async function keyedLoad(key: string, round: number): Promise<readonly Keyed[]> {
  const made: Keyed[] = []
  const caller = async (): Promise<void> => {
    for (;;) {
      const keyed: Keyed = { name: `round-${round}-${made.length}`, isStream: chance() < 0.5, answer: null }
      made.push(keyed)
      keyed.answer = await keyedCall(key, keyed)
      if (keyed.answer === null) return
    }
  }
  await Promise.all(Array.from({ length: keyedCallers }, caller))
  return made
}

/** Asks again under every key of a round; gives what all of them must have cost. */
async function repeatKeyed(key: string, made: readonly Keyed[]): Promise<bigint> {
  let dueNano = 0n
  for (const keyed of made) {
    const again = await keyedCall(key, keyed)
    if (again?.status === 200) {
      dueNano += costNano
      if (keyed.answer?.status === 200 && !again.bytes.equals(keyed.answer.bytes))
        faults.push(`${keyed.name}: another answer than before`)
    } else if (again?.at('error.code') === 'idempotency_not_replayable') {
      const path = `/v1/generation?id=${String(again.at('error.facts.call'))}`
      dueNano += BigInt(String((await call(relay.url, { key, path })).at('data.total_cost_nano_usd')))
    } else faults.push(`${keyed.name}: ${again?.status} ${again?.text}`)
  }
  return dueNano
}

/** Long streams on credit for a part of them, until the relay is gone. */
async function slicedLoad(key: string): Promise<number> {
  let ended = 0
  const caller = async (): Promise<void> => {
    for (;;) {
      const answer = await call(relay.url, { key, body: body(true, 'long') }).catch(() => null)
      if (answer === null) return
      if (answer.status === 402) await wait(50)
      else if (!answer.text.endsWith('data: [DONE]\n\n')) faults.push(`a stream ended with ${answer.text.slice(-80)}`)
      else ended += 1
    }
  }
  await Promise.all(Array.from({ length: slicedCallers }, caller))
  return ended
}

const [plain, keyed, sliced] = [
  await openCustomer('plain'),
  await openCustomer('keyed'),
  await openCustomer('sliced'),
] as const
await grant(plain, grantedNano)
await grant(keyed, grantedNano)
const sums = { answered: 0, due: 0n, keys: 0, keyedDue: 0n, slicedStreams: 0 }
let [verdict, spent, keyedSpent, lowest]: [Record<string, unknown>, bigint, bigint, bigint] = [{}, 0n, 0n, 0n]

async function round(number: number): Promise<void> {
  await grant(sliced, slicedNano)
  const loading = Promise.all([plainLoad(plain.key), keyedLoad(keyed.key, number), slicedLoad(sliced.key)])
  await wait(1_050 + chance() * 1_500)
  const killedMs = performance.now()
  await relay.kill()
  const [endedMs, made, streams] = await loading
  relay = await start()
  sums.answered += endedMs.length
  sums.due += BigInt(endedMs.filter((atMs) => atMs <= killedMs - visibleWithinMs).length) * costNano
  sums.slicedStreams += streams
  sums.keys += made.length
  sums.keyedDue += await repeatKeyed(keyed.key, made)
  // The last repeat is settled after its last byte.
  await wait(100)
  verdict = await admin('/ledger/verify')
  spent = grantedNano - (await balanceOf(plain))
  keyedSpent = grantedNano - (await balanceOf(keyed))
  const left = await balanceOf(sliced)
  if (left < lowest) lowest = left
  if (verdict['ok'] !== true) faults.push(`round ${number}: ${JSON.stringify(verdict['problems'])}`)
  if (verdict['open_holds'] !== 0) faults.push(`round ${number}: ${String(verdict['open_holds'])} holds are open`)
  if (spent < sums.due) faults.push(`round ${number}: ${spent} charged, ${sums.due} due`)
  if (spent % costNano !== 0n) faults.push(`round ${number}: ${spent} is no sum of whole calls`)
  if (keyedSpent !== sums.keyedDue)
    faults.push(`round ${number}: keys were charged ${keyedSpent}, due ${sums.keyedDue}`)
  if (left < 0n) faults.push(`round ${number}: the account of slices is at ${left}`)
}

let kills = 0
try {
  while (kills < rounds && faults.length < 20 && performance.now() < endMs) {
    await round(kills)
    kills += 1
    if (kills % 20 === 0) process.stderr.write(`${kills} kills, ${faults.length} faults\n`)
  }
} finally {
  await relay[Symbol.asyncDispose]()
  await upstream.close()
  await removeFolder(folder)
}

const figures = {
  kills,
  answered: sums.answered,
  due_nano_usd: sums.due.toString(),
  charged_nano_usd: spent.toString(),
  keys: sums.keys,
  keys_charged_nano_usd: keyedSpent.toString(),
  keys_due_nano_usd: sums.keyedDue.toString(),
  sliced_streams: sums.slicedStreams,
  lowest_balance_of_slices_nano_usd: lowest.toString(),
  verdict,
  faults,
}
process.stdout.write(`${JSON.stringify(figures)}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
