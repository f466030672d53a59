/**
 * kill -9 again and again under load: after each restart the keys made before, and the record of every call that ended
 * a second before the kill, must be there. `bin/drover-node test/load/kill.ts --rounds 10`; figures as JSON, exit 1 when not.
 */

import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { call } from '../e2e/call.ts'
import { makeChance } from '../e2e/chance.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, makeFolder, removeFolder, startRelay } from '../e2e/harness.ts'

const callersAtOnce = 8
const visibleWithinMs = 1_000
const pageLength = 1_000

type Ended = { readonly id: string; readonly atMs: number }

/** The id of a call that was answered, or nothing when the relay is gone. */
async function oneCall(relay: Relay, key: string): Promise<string | undefined> {
  const body = { model: 'kimi-k2', messages: [{ role: 'user', content: 'a call that may be its last' }] }
  const answer = await call(relay.url, { key, body }).catch(() => null)
  return answer?.status === 200 ? answer.headers['x-request-id'] : undefined
}

/** Calls without pause until told to stop or until the relay is gone; gives the calls that ended. */
async function load(relay: Relay, key: string, stopped: () => boolean): Promise<readonly Ended[]> {
  const ended: Ended[] = []
  const caller = async (): Promise<void> => {
    while (!stopped()) {
      const id = await oneCall(relay, key)
      if (id === undefined) return
      ended.push({ id, atMs: performance.now() })
    }
  }
  await Promise.all(Array.from({ length: callersAtOnce }, caller))
  return ended
}

/** The ids of all records after this one. */
async function recordsAfter(relay: Relay, first: string): Promise<ReadonlySet<unknown>> {
  const ids = new Set<unknown>()
  for (let after = first; ; ) {
    const path = `/api/v1/calls?limit=${pageLength}&after=${after}`
    const page = (await call(relay.url, { path, key: adminKey })).at('data') as readonly { readonly id: string }[]
    for (const { id } of page) ids.add(id)
    const last = page.at(-1)?.id
    if (last === undefined || page.length < pageLength) return ids
    after = last
  }
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' } },
})
const chance = makeChance(Number(values.seed))
const folder = await makeFolder()
const due: string[] = []
const keys: string[] = []
let callsEnded = 0
let first: string | undefined

for (let round = 0; round < Number(values.rounds); round += 1) {
  const relay = await startRelay({ folder })
  const { key } = await relay.createKey({ test: true })
  keys.push(key)
  first ??= await oneCall(relay, key)
  let killed = false
  const loading = load(relay, key, () => killed)
  await wait(1_500 + chance() * 1_500)
  const killedAtMs = performance.now()
  await relay.kill()
  killed = true
  const ended = await loading
  callsEnded += ended.length
  due.push(...ended.filter(({ atMs }) => atMs <= killedAtMs - visibleWithinMs).map(({ id }) => id))
}

const last = await startRelay({ folder })
const recorded = await recordsAfter(last, first ?? '')
const lostRecords = due.filter((id) => !recorded.has(id)).length
const statuses = await Promise.all(keys.map(async (key) => (await call(last.url, { key, path: '/v1/models' })).status))
const lostKeys = statuses.filter((status) => status !== 200).length
await last.stop()
await removeFolder(folder)
console.log(
  JSON.stringify({
    rounds: keys.length,
    calls_ended: callsEnded,
    records_due: due.length,
    lost_records: lostRecords,
    lost_keys: lostKeys,
  }),
)
process.exitCode = due.length > 0 && lostRecords === 0 && lostKeys === 0 ? 0 : 1
