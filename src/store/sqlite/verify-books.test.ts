/** What the proof of the books says when somebody has been at the file. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Execute } from '#store/operations/index.ts'
import { makeOperations } from '#store/operations/index.ts'
import { sampleCrediting, sampleEvent, sampleOrder } from '#store/sample-order.ts'
import { sampleAccount, sampleFirst, sampleTrail } from '#store/sample-rows.ts'
import { verifyBooks } from '#store/verify-books.ts'
import { openDatabase } from './open-database.ts'

const nowMs = 1_000_000

const booksWithTwoCalls = async () => {
  const { database, kysely } = await openDatabase({ file: ':memory:', durability: 'process', nowMs, busyTimeoutMs: 0 })
  const operations = makeOperations()
  const execute = (async (name: keyof typeof operations, input: never) =>
    operations[name].run(kysely, input)) as Execute
  await execute('begin', sampleFirst())
  const rows = sampleAccount('one')
  await execute('createAccount', { rows, trail: sampleTrail('trl_1') })
  const account = rows.account.id
  const lot = {
    lot: 'lot_1',
    account,
    kind: 'paid',
    amountNanoUsd: 100n,
    priority: 50,
    expiresMs: null,
    nowMs,
  } as const
  const grant = { ...lot, method: 'manual', reason: null }
  await execute('grantCredit', { grant, trail: sampleTrail('trl_2') })
  const of = (call: string) => ({ call, account, key: 'key_1', nowMs })
  const scoped = { ...grant, lot: 'lot_2', kind: 'promo', amountNanoUsd: 50n, scope: ['k2'] } as const
  await execute('grantCredit', { grant: scoped, trail: sampleTrail('trl_3') })
  await execute('grantCredit', { grant: { ...grant, lot: 'lot_3', amountNanoUsd: 10n }, trail: sampleTrail('trl_4') })
  const mistake = { nowMs, reason: 'a mistake' }
  await execute('revokeLot', { revocation: { ...mistake, lot: 'lot_3' }, trail: sampleTrail('trl_5') })
  const adjustment = { ...mistake, id: 'lot_4', account, amountNanoUsd: -5n }
  await execute('adjustCredit', { adjustment, trail: sampleTrail('trl_6') })
  const batch = { id: 'cod_1', name: 'one', kind: 'promo', amountNanoUsd: 7n, scope: null } as const
  const rest = { expiresMs: null, creditLastsMs: null, onePerAccount: false, createdMs: nowMs, voidedMs: null }
  await execute('createCodes', { batch: { ...batch, ...rest }, digests: ['d_1', 'd_2'], trail: sampleTrail('trl_7') })
  const redemption = { digest: 'd_1', account, lot: 'lot_5', priority: 90, nowMs }
  await execute('redeemCode', { redemption, trail: sampleTrail('trl_8'), upgrade: null })
  const order = sampleOrder('ord_9', { creditNanoUsd: 9n, payNanoUsd: 8n })
  const event = sampleEvent(order, 'created')
  await execute(
    'moveOrder',
    sampleCrediting(await execute('createOrder', { order, event, trail: sampleTrail('trl_9') })),
  )
  for (const call of ['call_1', 'call_2']) {
    const amounts = { amountNanoUsd: 30n, amountMinNanoUsd: 30n, sliceNanoUsd: null, expiresMs: nowMs + 1 }
    const budgets = [{ name: 'key:key_1', limitNanoUsd: 90n, period: 'day' as const }]
    await execute('hold', { ...of(call), ...amounts, owner: 'node_1', budgets, models: [['k2']] })
  }
  await execute('settle', {
    ...of('call_1'),
    chargeNanoUsd: 20n,
    priceHash: null,
    rule: 'as reported',
    upstreamCosts: [],
  })
  for (const table of ['book_transaction', 'book_entry'])
    for (const verb of ['update', 'delete']) database.exec(`drop trigger ${table}_no_${verb}`)
  return { database, verify: () => verifyBooks(execute, nowMs) }
}

test('untouched books are proven, with a call settled and one under way', async () => {
  const { database, verify } = await booksWithTwoCalls()
  assert.deepEqual(await verify(), { ok: true, transactions: 8, calls: 2, openHolds: 1, problems: [] })
  database.close()
})

const touches: readonly (readonly [string, readonly string[]])[] = [
  ['update book_entry set amount_nano = 21 where amount_nano = 20', ['balance', 'call', 'lot']],
  ["update book_entry set from_book = 'account:acc_none:paid' where amount_nano = 20", ['balance']],
  ['delete from book_entry where amount_nano = 20', ['balance', 'call', 'lot']],
  [
    "delete from book_entry where amount_nano = 20; delete from book_transaction where id = 'settle/call_1'",
    ['balance', 'call', 'lot'],
  ],
  ['update account_money set credit_nano_usd = 81 where credit_nano_usd > 0', ['balance']],
  ['update account_money set owed_nano_usd = 7 where credit_nano_usd > 0', ['balance']],
  ['update account_money set owed_nano_usd = 199 where credit_nano_usd > 0', ['balance', 'negative']],
  ['update account_money set held_nano_usd = 0', ['held']],
  ['update budget_spend set held_nano_usd = 0', ['budget']],
  ['update budget_spend set held_nano_usd = 31', ['budget']],
  ["update lot set remaining_nano_usd = 100 where id = 'lot_1'", ['lot']],
  ["update lot set granted_nano_usd = 101 where id = 'lot_1'", ['lot']],
  ["update lot set revoked_nano_usd = 9 where id = 'lot_3'", ['lot']],
  ["delete from lot where id = 'lot_2'", ['lot', 'scope']],
  ["update lot set reserved_nano_usd = 19 where id = 'lot_2'", ['scope']],
  ["update lot set scope = null, reserved_nano_usd = 0 where id = 'lot_2'", ['scope']],
  ['update account_money set scoped_nano_usd = 29 where credit_nano_usd > 0', ['scope']],
  ['update account_money set reserved_nano_usd = 29 where credit_nano_usd > 0', ['scope']],
  ['update account_money set paid_nano_usd = 99 where credit_nano_usd > 0', ['paid']],
  ["delete from redemption where lot = 'lot_5'", ['code']],
  ["update redemption set account = 'acc_default'", ['code']],
  ["insert into redemption values ('d_2', 'cod_1', 'acc_one', 'lot_6', null, 1)", ['code']],
  ["update lot set method = 'manual' where id = 'lot_5'", ['code']],
  ['update code_batch set amount_nano_usd = 8', ['code']],
  ["update payment_order set credited_ms = null, state = 'refund_pending'", ['payment']],
  ['update payment_order set credit_nano_usd = 10', ['payment']],
  ["update payment_order set account = 'acc_default'", ['payment']],
  ["update payment_order set method = 'alipay'", ['payment']],
  ["update payment_order set id = 'ord_8'", ['payment']],
  ['update payment_order set refunded_nano = paid_nano, disputed_nano = 1', ['payment']],
  ['delete from book_entry where amount_nano = 5', ['balance', 'call', 'lot']],
  ["update hold set charged_nano_usd = 19 where call = 'call_1'", ['call']],
  ["delete from hold where call = 'call_1'", ['call']],
  ["delete from hold where call = 'call_2'", ['budget', 'held', 'scope']],
]

for (const [statement, kinds] of touches)
  test(`the proof finds: ${statement}`, async () => {
    const { database, verify } = await booksWithTwoCalls()
    database.exec('pragma foreign_keys = off')
    database.exec(statement)
    const verdict = await verify()
    assert.deepEqual([...new Set(verdict.problems.map(({ kind }) => kind))].sort(), kinds)
    assert.equal(verdict.ok, false)
    database.close()
  })
