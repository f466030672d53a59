/**
 * Proves several nodes on one prepaid account under faults, with figures:
 * `bin/drover-node test/postgres/proof.ts nodes=3 node-kills=6 store-kills=3 rolling=2 callers=12`.
 * Callers call without pause while nodes and the store are killed; in the end the books are held against what callers were told.
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
  rolling: count('rolling', 1),
  callers: count('callers', 12),
}
const startNano = 1_000_000_000n
const callNano = 13_000n
const pauseMs = 1500

await using server = await startPostgres()
await using fleet = await startFleet({ url: await server.database(), size: plan.nodes, config: models })
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

const caller = async (first: number): Promise<void> => {
  for (let turn = first; !ending; turn += 1) {
    const relay = slots[turn % slots.length]
    if (relay === undefined) continue
    const told = await call(relay.url, { key: account.key, body: sold() }).then(
      ({ status }) => String(status),
      () => 'no answer',
    )
    tell(`${phase}: ${told}`)
    if (told !== '200') await wait(50)
  }
}
const startedMs = performance.now()
const callers = Array.from({ length: plan.callers }, (_none, place) => caller(place))
await wait(pauseMs)

phase = 'node kills'
for (let kill = 0; kill < plan.nodeKills; kill += 1) {
  const place = kill % slots.length
  const victim = slots[place]
  assert.ok(victim !== undefined)
  await victim.kill()
  slots[place] = await fleet.add({ folder: victim.folder })
  await wait(pauseMs)
}
phase = 'store kills'
for (let kill = 0; kill < plan.storeKills; kill += 1) {
  await server.kill()
  await server.start()
  await wait(pauseMs)
}
phase = 'rolling restarts'
for (let round = 0; round < plan.rolling; round += 1)
  for (const [place, relay] of slots.entries()) {
    // As a balancer does: a node that is being restarted gets no calls.
    const [standIn] = slots.filter((other) => other !== relay)
    assert.ok(standIn !== undefined)
    slots[place] = standIn
    await wait(200)
    await relay.stop()
    slots[place] = await fleet.add({ folder: relay.folder })
  }
ending = true
await Promise.all(callers)
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
assert.equal(answers.get('rolling restarts: no answer') ?? 0, 0)
