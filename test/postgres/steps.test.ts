/** The schema on Postgres: every step forward and back on data, nodes that step at once, and a store that is too new. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { after, before, test } from 'node:test'
import { readPostgresUrl } from '#store/postgres/address.ts'
import type { Connection } from '#store/postgres/connection.ts'
import { connect } from '#store/postgres/connection.ts'
import { deferredOn } from '#store/postgres/deferred.ts'
import { kyselyOn } from '#store/postgres/dialect.ts'
import { bringForward } from '#store/postgres/open-schema.ts'
import { everyStepContract } from '#store/schema-steps/every-step.contract.ts'
import { schemaSteps } from '#store/schema-steps/index.ts'
import { makeFolder, removeFolder, runDrover } from '../e2e/harness.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

const connected = async (context: TestContext, url: string): Promise<Connection> => {
  const connection = await connect({ address: readPostgresUrl(url), connectTimeoutMs: 3000, answerTimeoutMs: 0 })
  context.after(() => connection.end())
  return connection
}

everyStepContract({
  name: 'postgres',
  dialect: 'postgres',
  open: async (context) => kyselyOn(deferredOn(await connected(context, await server.database()))),
})

const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1)

test('several nodes that bring one store with data forward at once do it once', async (context) => {
  const url = await server.database()
  const connections = await Promise.all(Array.from({ length: 4 }, () => connected(context, url)))
  const [first] = connections
  assert.ok(first !== undefined)
  await bringForward(first, 1, schemaSteps.slice(0, 8))
  await server.query(`insert into organisation values ('org_1', 'one', 1)`, nameOf(url))
  await Promise.all(connections.map((connection, place) => bringForward(connection, place)))
  const rows = await server.query('select name from schema_step order by number', nameOf(url))
  assert.deepEqual(
    rows.map(({ name }) => name),
    schemaSteps.map(({ name }) => name),
  )
  assert.equal((await server.query('select 1 from organisation', nameOf(url))).length, 1)
})

test('a step that stands in the way of a reader is undone by the server and made again', async (context) => {
  const url = await server.database()
  const [stepping, reading] = await Promise.all([connected(context, url), connected(context, url)])
  await bringForward(stepping, 1, schemaSteps.slice(0, 8))
  await reading.query('begin; select * from account_money')
  const meeting = bringForward(stepping, 1, [
    ...schemaSteps.slice(0, 8),
    {
      number: 9,
      name: 'meeting',
      forward: async (database) => {
        await database.schema.alterTable('lot').addColumn('a', 'text').execute()
        // The reader waits for this step now, and this step for the reader.
        await database.schema.alterTable('account_money').addColumn('a', 'text').execute()
      },
      back: async () => {},
    },
  ])
  const waits = async (): Promise<void> => {
    for (;;) {
      const [row] = await server.query(`select count(*)::int as count from pg_locks where not granted`, nameOf(url))
      if (Number(row?.['count']) > 0) return
    }
  }
  await waits()
  const [read] = await Promise.allSettled([reading.query('select * from lot; commit')])
  if (read.status === 'rejected') await reading.query('rollback')
  await meeting
  const rows = await server.query('select name from schema_step where number = 9', nameOf(url))
  assert.equal(rows.length, 1)
})

test('a server that meets tables of a newer Drover says so and what to do, and does not start', async (context) => {
  const folder = await makeFolder()
  context.after(() => removeFolder(folder))
  const url = await server.database()
  await bringForward(await connected(context, url), 1)
  await server.query("insert into schema_step values (9999, 'of-tomorrow', 0)", nameOf(url))
  await server.query("update meta set value = value || ',9999' where name = 'schema_needed'", nameOf(url))
  const config = join(folder, 'drover.yaml')
  await writeFile(config, 'store: { url: "env:STORE_URL" }\nsecrets: { key: "env:SECRET_KEY" }\n')
  const env = { STORE_URL: url, SECRET_KEY: 'a-key-of-at-least-thirty-two-characters' }
  const ended = await runDrover(['serve', '--port', '0', '--config', config, '--data', join(folder, 'data')], {
    cwd: folder,
    env,
  })
  assert.equal(ended.code, 1)
  assert.equal(ended.stdout, '')
  assert.match(ended.stderr, /schema step 9999 "of-tomorrow".*Start the version that wrote it, or a newer one/s)
})
