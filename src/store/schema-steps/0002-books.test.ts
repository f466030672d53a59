import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { kyselyOn } from '#store/sqlite/dialect.ts'
import { stepBack, stepForward } from './apply.ts'
import { schemaSteps } from './index.ts'

const open = async () => {
  const database = new DatabaseSync(':memory:', { readBigInts: true, enableForeignKeyConstraints: true })
  const to = (count: number) =>
    ({ database: kyselyOn(database), dialect: 'sqlite', steps: schemaSteps.slice(0, count), nowMs: 5 }) as const
  await stepForward(to(1))
  database.exec(`
    insert into organisation values ('org_1', 'one', 1), ('org_2', 'two', 1);
    insert into account (id, organisation, name, billing, created_ms)
    values ('acc_1', 'org_1', 'one', 'unlimited', 1), ('acc_2', 'org_2', 'two', 'prepaid', 1)`)
  return { database, to }
}

test('accounts that were there get their money row, and keep all else forward, back and forward', async () => {
  const { database, to } = await open()
  const accounts = () => database.prepare('select * from account order by id').all()
  const before = accounts()
  await stepForward(to(2))
  const money = () => database.prepare('select account, billing, state, credit_nano_usd from account_money').all()
  const expected = [
    { account: 'acc_1', billing: 'unlimited', state: 'open', credit_nano_usd: 0n },
    { account: 'acc_2', billing: 'prepaid', state: 'open', credit_nano_usd: 0n },
  ]
  assert.deepEqual(
    money().map((row) => ({ ...row })),
    expected,
  )
  await stepBack(to(2), 1)
  assert.deepEqual(accounts(), before)
  await stepForward(to(2))
  assert.deepEqual(
    money().map((row) => ({ ...row })),
    expected,
  )
  database.close()
})

test('the tables refuse what no books may hold', async () => {
  const { database, to } = await open()
  await stepForward(to(2))
  database.exec(`
    insert into book_transaction (id, kind, account, call, time_ms) values ('t', 'adjust', 'acc_1', null, 1);
    insert into book_entry values (1, 0, 'a', 'b', 5, 'USD', null);
    insert into hold (call, account, state, amount_nano_usd, excess_nano_usd, begun, created_ms, expires_ms)
    values ('call_1', 'acc_1', 'open', 5, 0, 0, 1, 2)`)
  const refused = [
    "insert into book_entry values (1, 1, 'a', 'b', 0, 'USD', null)",
    "insert into book_entry values (1, 1, 'a', 'a', 5, 'USD', null)",
    "insert into book_entry values (9, 0, 'a', 'b', 5, 'USD', null)",
    'update book_entry set amount_nano = 6',
    'delete from book_entry',
    "update book_transaction set reason = 'x'",
    'delete from book_transaction',
    "insert into book_transaction (id, kind, time_ms) values ('t', 'adjust', 1)",
    'update account_money set held_nano_usd = -1',
    'update account_money set credit_nano_usd = -1',
    "update hold set state = 'settled'",
    "update hold set state = 'voided', charged_nano_usd = 1, ended_ms = 3",
    "insert into lot (id, account, kind, granted_nano_usd, remaining_nano_usd, priority, created_ms, method) values ('l', 'acc_1', 'paid', 5, 6, 0, 1, 'manual')",
  ]
  for (const statement of refused) assert.throws(() => database.exec(statement), /constraint|append-only/i, statement)
  database.close()
})
