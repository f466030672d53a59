import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { kyselyOn } from '#store/sqlite/dialect.ts'
import { stepBack, stepForward } from './apply.ts'
import { schemaSteps } from './index.ts'
import type { SchemaStep } from './step.ts'

const second: SchemaStep = {
  number: 2,
  name: 'nicknames',
  forward: async (database) => {
    await database.schema.alterTable('account').addColumn('nickname', 'text').execute()
    await database.updateTable('account').set({ nickname: 'none' }).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('account').dropColumn('nickname').execute()
  },
}
const open = () => {
  const database = new DatabaseSync(':memory:', { readBigInts: true })
  const target = (steps: readonly SchemaStep[]) =>
    ({ database: kyselyOn(database), dialect: 'sqlite', steps, nowMs: 5 }) as const
  const tables = (): readonly unknown[] =>
    database
      .prepare(
        "select name from sqlite_schema where type in ('table', 'index') and name not like 'sqlite_%' order by name",
      )
      .all()
      .map((row) => row['name'])
  const applied = (): readonly unknown[] =>
    database
      .prepare('select * from schema_step')
      .all()
      .map((row) => row['name'])
  return { database, target, tables, applied }
}
const insertAccount = `
  insert into organisation (id, name, created_ms) values ('org_1', 'one', 1);
  insert into account (id, organisation, name, billing, created_ms) values ('acc_1', 'org_1', 'one', 'prepaid', 1)`

test('an empty store is brought to the newest step, and a second time changes nothing', async () => {
  const { database, target, tables, applied } = open()
  assert.equal(await stepForward(target(schemaSteps)), schemaSteps.at(-1)?.number)
  const before = tables()
  for (const table of ['organisation', 'project', 'member', 'account', 'key', 'trail', 'call', 'meta'])
    assert.ok(before.includes(table), table)
  await stepForward(target(schemaSteps))
  assert.deepEqual(tables(), before)
  assert.deepEqual(
    applied(),
    schemaSteps.map(({ name }) => name),
  )
  database.close()
})

test('a step forward and back keeps the rows that were there', async () => {
  const { database, target, applied } = open()
  const steps = [...schemaSteps.slice(0, 1), second]
  await stepForward(target(schemaSteps.slice(0, 1)))
  database.exec(insertAccount)
  const before = database.prepare('select * from account').all()
  await stepForward(target(steps))
  assert.equal(database.prepare('select nickname from account').get()?.['nickname'], 'none')
  await stepBack(target(steps), 1)
  assert.deepEqual(database.prepare('select * from account').all(), before)
  assert.deepEqual(applied(), ['first'])
  await stepForward(target(steps))
  assert.deepEqual(applied(), ['first', 'nicknames'])
  database.close()
})

test('all steps go back to an empty store', async () => {
  const { database, target, tables } = open()
  await stepForward(target(schemaSteps))
  await stepBack(target(schemaSteps), 0)
  assert.deepEqual(tables(), ['schema_step'])
  database.close()
})

test('a step that is unknown, or has another name, is refused in both directions', async () => {
  const { database, target } = open()
  const renamed = [...schemaSteps.slice(0, 1), { ...second, name: 'other' }]
  await stepForward(target([...schemaSteps.slice(0, 1), second]))
  for (const steps of [schemaSteps.slice(0, 1), renamed]) {
    await assert.rejects(stepForward(target(steps)), { code: 'store_unavailable', message: /step 2 "nicknames"/ })
    await assert.rejects(stepBack(target(steps), 0), { code: 'store_unavailable' })
  }
  database.close()
})

test('a store with steps that only add is served by a Drover that does not know them, and not by one that is too old', async () => {
  const { database, target, applied } = open()
  const third: SchemaStep = { ...second, number: 7, name: 'only-more', isAddition: true }
  const old = schemaSteps.slice(0, 1)
  await stepForward(target([...old, third]))
  assert.equal(await stepForward(target(old)), 1)
  assert.deepEqual(applied(), ['first', 'only-more'])
  await assert.rejects(stepBack(target(old), 0), { code: 'store_unavailable' })
  await stepBack(target([...old, third]), 1)
  await stepForward(target([...old, second]))
  await assert.rejects(stepForward(target(old)), { code: 'store_unavailable', message: /step 2 "nicknames"/ })
  database.close()
})

test('steps out of order are a fault of the program', async () => {
  const { database, target } = open()
  await assert.rejects(stepForward(target([second, ...schemaSteps])), { name: 'AssertionError' })
  database.close()
})

test('a number that was left out may be taken later', async () => {
  const { database, target, applied } = open()
  const third: SchemaStep = { ...second, number: 3 }
  const late: SchemaStep = { number: 2, name: 'late', forward: async () => {}, back: async () => {} }
  const start = schemaSteps.slice(0, 1)
  assert.equal(await stepForward(target([...start, third])), 3)
  assert.equal(await stepForward(target([...start, late, third])), 3)
  assert.deepEqual(applied().toSorted(), ['first', 'late', 'nicknames'])
  await stepBack(target([...start, late, third]), 1)
  assert.deepEqual(applied(), ['first'])
  database.close()
})

test('the tables refuse what the types would not let in', async () => {
  const { database, target } = open()
  await stepForward(target(schemaSteps))
  database.exec('PRAGMA foreign_keys = 1')
  database.exec(insertAccount)
  const refused = [
    "insert into account (id, organisation, name, billing, created_ms) values ('a', 'org_1', 'two', 'prepaid', 1)",
    "update account set billing = 'free'",
    "update account set created_ms = 'yesterday'",
    "update account set organisation = 'org_2'",
    "insert into member (id, organisation, role, created_ms) values ('m', 'org_1', 'king', 1)",
    "insert into trail_head values (2, 0, '')",
  ]
  for (const statement of refused) assert.throws(() => database.exec(statement), /constraint|cannot store/, statement)
  database.close()
})
