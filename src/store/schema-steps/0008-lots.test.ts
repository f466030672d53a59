import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { kyselyOn } from '#store/sqlite/dialect.ts'
import { stepBack, stepForward } from './apply.ts'
import { schemaSteps } from './index.ts'

const number = schemaSteps.findIndex(({ name }) => name === 'lots') + 1

test('lots keep their order and content forward and back; what was paid before is known', async () => {
  const database = new DatabaseSync(':memory:', { readBigInts: true, enableForeignKeyConstraints: true })
  const to = (count: number) =>
    ({ database: kyselyOn(database), dialect: 'sqlite', steps: schemaSteps.slice(0, count), nowMs: 5 }) as const
  await stepForward(to(number - 1))
  database.exec(`
    insert into organisation values ('org_1', 'one', 1);
    insert into account (id, organisation, name, billing, created_ms) values ('acc_1', 'org_1', 'one', 'prepaid', 1);
    insert into account_money (account, billing, state, credit_nano_usd, owed_nano_usd, held_nano_usd, spent_nano_usd, credit_limit_nano_usd)
    values ('acc_1', 'prepaid', 'open', 30, 0, 0, 0, 0);
    insert into lot (sequence, id, account, kind, granted_nano_usd, remaining_nano_usd, priority, created_ms, method)
    values (4, 'lot_a', 'acc_1', 'paid', 50, 20, 50, 1, 'manual'), (7, 'lot_b', 'acc_1', 'promo', 10, 10, 40, 1, 'manual')`)
  const before = database.prepare('select * from lot order by sequence').all()
  await stepForward(to(number))
  const paid = database.prepare('select paid_nano_usd, scoped_nano_usd from account_money').get()
  assert.deepEqual({ ...paid }, { paid_nano_usd: 50n, scoped_nano_usd: 0n })
  const insert = (columns: string, values: string): void =>
    database.exec(
      `insert into lot (id, account, granted_nano_usd, remaining_nano_usd, priority, created_ms, method, ${columns})
      values ('lot_c', 'acc_1', 10, 10, 50, 1, 'manual', ${values})`,
    )
  for (const [columns, values] of [
    ['kind, paid_nano_usd', "'gift', 0"],
    ['kind, paid_nano_usd', "'bundle', 11"],
    ['kind, paid_nano_usd, reserved_nano_usd', "'paid', 10, 5"],
    ['kind, paid_nano_usd, scope, reserved_nano_usd', "'paid', 10, '[]', 11"],
  ] as const)
    assert.throws(() => insert(columns, values), /constraint/i, values)
  insert('kind, paid_nano_usd', "'bundle', 8")
  assert.equal(database.prepare("select sequence from lot where id = 'lot_c'").get()?.['sequence'], 8n)
  await stepBack(to(number), number - 1)
  const after = database.prepare('select * from lot order by sequence').all()
  assert.deepEqual(after.slice(0, 2), before)
  assert.equal(after[2]?.['kind'], 'paid')
  database.close()
})
