/** A look into a Postgres that nodes are on: what was applied is seen, and a database without a schema is left without one. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { lookInPostgres } from '#store/look-in.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { sampleTrail } from '#store/sample-rows.ts'
import { startPostgres } from './server.ts'

test('a look into Postgres reads what there is, makes nothing, and says why where it cannot', async () => {
  await using server = await startPostgres()
  const url = await server.database()
  const place = { url }
  const rowsOf = async (sql: string) => {
    const looking = await lookInPostgres(place)
    const rows = await looking.rows(sql)
    looking.close()
    return rows
  }
  const sql = 'select kind, name, sealed, changed_ms from applied'
  assert.deepEqual(await rowsOf(sql), [], 'there is no such table yet')
  const clock = systemClock()
  const store = await openPostgresStore({ url, clock, ids: systemIds(clock), log: silentLog, connectionsMax: 2 })
  const kept = { kind: 'provider' as const, name: 'rented', document: '{}', digest: null, sealedMs: 5, changedMs: 5 }
  await store.setApplied([{ row: { ...kept, sealed: new Uint8Array([1]) }, trail: sampleTrail('trl_1') }])
  const [row] = await rowsOf(sql)
  assert.deepEqual([row?.['name'], Buffer.from(row?.['sealed'] as Uint8Array).toString('hex')], ['rented', '01'])
  assert.equal(Number(row?.['changed_ms']), 5)
  assert.deepEqual(await rowsOf("select id, name from key where purpose = 'model' and test = 0"), [])
  await store.close()
  await server.kill()
  await assert.rejects(rowsOf(sql), (thrown) => thrown instanceof Problem && thrown.code === 'store_unavailable')
})
