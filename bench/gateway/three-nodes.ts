/** Three relays on one Postgres behind HAProxy, as an operator runs them who wants none of them to matter. */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Relay } from '../../test/e2e/harness.ts'
import { fakeKey, startRelay } from '../../test/e2e/harness.ts'
import { startPostgres } from '../../test/postgres/server.ts'
import { printed } from '../load/program.ts'
import { configOf, everything, keyOf } from './drover.ts'
import type { Gateway } from './gateway.ts'
import { chatPath, sameModel, startTimeoutMs } from './gateway.ts'
import { startHaproxy } from './haproxy.ts'

const nodes = 3
const parts = { ...everything, store: 'postgres' } as const
/** On, as every operator has it: a commit waits for the disk. */
const postgresSettings = ['fsync=on', 'synchronous_commit=on']

/** Calls go round. What they cost is of the three relays: neither Postgres nor the front is counted. */
export const threeNodes: Gateway = {
  name: 'three nodes',
  version: () => (printed('haproxy', '-v') === null ? null : 'as drover'),
  absent: 'the package haproxy of Debian is not installed, and spreads the calls',
  settings: `everything, ${nodes} nodes on one Postgres (fsync on) behind HAProxy, all on this machine`,
  start: async (place) => {
    await using opened = new AsyncDisposableStack()
    const postgres = opened.use(await startPostgres({ settings: postgresSettings }))
    const url = await postgres.database()
    const env = { FAKE_KEY: fakeKey, SECRET_KEY: randomBytes(32).toString('hex'), STORE_URL: url }
    const relays: Relay[] = []
    for (let node = 0; node < nodes; node += 1) {
      const settings = { config: configOf(parts, place), folder: join(place.folder, `node-${node}`), env }
      relays.push(opened.use(await startRelay({ ...settings, startWithinMs: startTimeoutMs })))
    }
    const [first] = relays
    if (first === undefined) throw new Error('no node was started')
    const key = await keyOf(parts, first)
    const front = await startHaproxy(
      place.folder,
      relays.map((relay) => relay.port),
    )
    opened.defer(() => front.end())
    const running = opened.move()
    return {
      port: front.port,
      pids: relays.map(({ pid }) => pid),
      path: chatPath,
      headers: { authorization: `Bearer ${key}` },
      model: sameModel,
      booked: async () => ((await first.command('ledger', 'verify')) as { readonly calls: number }).calls,
      end: async () => {
        for (const relay of relays) await relay.stop()
        await running.disposeAsync()
      },
    }
  },
}
