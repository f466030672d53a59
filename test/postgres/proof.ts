/**
 * Proves several nodes on one prepaid account under faults, with figures:
 * `bin/drover-node test/postgres/proof.ts nodes=3 node-kills=6 store-kills=3 revocations=5 rolling=2 callers=12 pause-ms=0`.
 * Callers call without pause, or with one of so many milliseconds, while nodes and the store are killed, keys are revoked and nodes restart one after the other; in the end the
 * books are held against what callers were told. A balancer stands between: it asks nodes for their readiness, as a real one does.
 */

import { strict as assert } from 'node:assert'
import { setTimeout as wait } from 'node:timers/promises'
import { call } from '../e2e/call.ts'
import { admin, balanceOf, models, openAccount, sold } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startFleet } from './fleet.ts'
import { startPostgres } from './server.ts'

const given = new Map(process.argv.slice(2).map((text) => text.split('=') as [string, string]))
const count = (name: string, otherwise: number): number => Number(given.get(name) ?? otherwise)
const plan = {
  nodes: count('nodes', 3),
  nodeKills: count('node-kills', 3),
  storeKills: count('store-kills', 2),
  revocations: count('revocations', 3),
  rolling: count('rolling', 1),
  callers: count('callers', 12),
  callerPauseMs: count('pause-ms', 0),
}
/** More than all calls of the longest run come to: a dry account would prove little. */
const startNano = 1_000_000_000_000n
const callNano = 13_000n
const pauseMs = 1500
/** The balancer's beat; nodes that end leave it five of them. */
const askEveryMs = 200
const config = `${models}server: { drain_delay: 1s }\n`

await using server = await startPostgres()
await using fleet = await startFleet({ url: await server.database(), size: plan.nodes, config })
fleet.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
const slots: Relay[] = [...fleet.relays]
const bench = () => ({
  relay: slots.find((relay) => relay !== undefined) as Relay,
  upstream: fleet.upstream,
  key: '',
  close: async () => {},
})
const account = await openAccount(bench(), startNano)
const answers = new Map<string, number>()
const tell = (what: string): void => void answers.set(what, (answers.get(what) ?? 0) + 1)
let ending = false
let phase = 'quiet'

let ready: readonly Relay[] = slots
const isReady = (relay: Relay): Promise<boolean> =>
  call(relay.url, { path: '/health/readiness' }).then(
    ({ status }) => status === 200,
    () => false,
  )
const balance = async (): Promise<void> => {
  while (!ending) {
    const relays = [...slots]
    const answered = await Promise.all(relays.map(isReady))
    ready = relays.filter((_relay, place) => answered[place])
    await wait(askEveryMs)
  }
}

const caller = async (first: number): Promise<void> => {
  for (let turn = first; !ending; turn += 1) {
    const relay = ready[turn % ready.length]
    if (relay === undefined) {
      await wait(askEveryMs)
      continue
    }
    const told = await call(relay.url, { key: account.key, body: sold() }).then(
      ({ status }) => String(status),
      () => 'no answer',
    )
    tell(`${phase}: ${told}`)
    if (told !== '200') await wait(50)
    if (plan.callerPauseMs > 0) await wait(plan.callerPauseMs)
  }
}
const startedMs = performance.now()
const balancing = balance()
const callers = Array.from({ length: plan.callers }, (_none, place) => caller(place))
await wait(pauseMs)

/** A line for each tenth of a phase: the longest takes half an hour. */
const progress = (done: number, all: number): void => {
  if (done % Math.ceil(all / 10) === 0) process.stderr.write(`${phase}: ${done} of ${all}\n`)
}

phase = 'node kills'
for (let kill = 0; kill < plan.nodeKills; kill += 1) {
  const place = kill % slots.length
  const victim = slots[place]
  assert.ok(victim !== undefined)
  await victim.kill()
  slots[place] = await fleet.add({ folder: victim.folder })
  await wait(pauseMs)
  progress(kill + 1, plan.nodeKills)
}
phase = 'store kills'
for (let kill = 0; kill < plan.storeKills; kill += 1) {
  await server.kill()
  await server.start()
  await wait(pauseMs)
  progress(kill + 1, plan.storeKills)
}
phase = 'revocations'
const lastAdmittedMs: number[] = []
for (let turn = 0; turn < plan.revocations; turn += 1) {
  const [first] = slots
  assert.ok(first !== undefined)
  const made = await first.createKey({ account: account.id })
  let [answeredMs, lastMs, isOver] = [Number.POSITIVE_INFINITY, 0, false]
  // Each node is asked with the key all the time, until none has admitted it for a second.
  const asking = slots.map(async (relay) => {
    while (!isOver) {
      const begunMs = performance.now()
      const { status } = await call(relay.url, { path: '/v1/models', key: made.key })
      if (status === 200 && begunMs > answeredMs) lastMs = Math.max(lastMs, begunMs - answeredMs)
    }
  })
  await wait(pauseMs)
  await call(first.url, { method: 'DELETE', path: `/api/v1/keys/${made.id}`, key: adminKey })
  answeredMs = performance.now()
  await wait(2 * pauseMs)
  isOver = true
  await Promise.all(asking)
  lastAdmittedMs.push(Math.round(lastMs))
}
phase = 'rolling restarts'
for (let round = 0; round < plan.rolling; round += 1) {
  for (const [place, relay] of slots.entries()) {
    await relay.stop()
    slots[place] = await fleet.add({ folder: relay.folder })
    while (!(await isReady(slots[place] ?? relay))) await wait(askEveryMs)
  }
  progress(round + 1, plan.rolling)
}
ending = true
await Promise.all([...callers, balancing])
const elapsedS = (performance.now() - startedMs) / 1000

let quiet = await balanceOf(bench(), account.id)
for (let tries = 0; quiet.held !== 0n && tries < 100; tries += 1) {
  await wait(200)
  quiet = await balanceOf(bench(), account.id)
}
const verdict = await admin(bench(), '/ledger/verify')
const ok = [...answers].reduce((sum, [what, times]) => sum + (what.endsWith(' 200') ? times : 0), 0)
const charged = Number((startNano - quiet.balance) / callNano)
const trail = await call(bench().relay.url, { path: '/api/v1/nodes', key: adminKey })
// biome-ignore lint/suspicious/noConsole: the figures are what this program is for.
console.log(
  JSON.stringify(
    {
      plan,
      seconds: Math.round(elapsedS),
      answers: Object.fromEntries([...answers].sort()),
      answered: ok,
      charged,
      charged_less_answered: charged - ok,
      last_admitted_after_revocation_ms: lastAdmittedMs,
      balance_nano_usd: quiet.balance.toString(),
      held_nano_usd: quiet.held.toString(),
      whole_calls_only: (startNano - quiet.balance) % callNano === 0n,
      books: verdict,
      nodes: (trail.at('data') as unknown[]).length,
    },
    null,
    2,
  ),
)
assert.equal(verdict['ok'], true)
assert.equal(quiet.held, 0n)
// A node that is killed between a call's last byte and its settlement has proven nothing of it: at most one call for each caller.
assert.ok(charged >= ok - plan.nodeKills * plan.callers, 'an answered call was not charged')
assert.ok(
  lastAdmittedMs.every((lateMs) => lateMs < 1000),
  'a revoked key was admitted after a second',
)
const restarted = [...answers.keys()].filter((what) => what.startsWith('rolling restarts'))
if (plan.rolling > 0) assert.deepEqual(restarted, ['rolling restarts: 200'], 'a call failed while nodes were restarted')
