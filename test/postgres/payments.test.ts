import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { systemClock } from '#base/clock.ts'
import type { HandClock } from '#base/hand-clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import type { Store } from '#store/face.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { attacks } from '../payment/attack.ts'
import { benches, benchKeys, openWorld } from '../payment/bench.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

let server: PostgresServer
const machine = systemClock()
const timed = (clock: Clock): Clock => ({ ...machine, nowMs: () => clock.nowMs() })
const keys = benchKeys()

before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

const openStore = async (clock: HandClock): Promise<Store> =>
  openPostgresStore({
    url: await server.database(),
    clock: timed(clock),
    ids: systemIds(machine),
    log: silentLog,
    connectionsMax: 8,
  })

for (const [method, make] of Object.entries(benches))
  test(`postgres, ${method}: nothing that is done to payments makes a wrong credit`, async (context) => {
    const world = await openWorld(make, { keys, openStore })
    context.after(() => world.store.close())
    for (const attack of attacks)
      await context.test(attack.name, async () => assert.notEqual(await attack.run(world), ''))
    await context.test('and the books are sound', world.sound)
  })
