/** Orders of credit: kept, moved together with what a move does to the books, and found again when it is time to ask. */

import { sql } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type {
  Acceptance,
  AutoTopUp,
  CardLeft,
  DayOrders,
  DayQuestion,
  Moved,
  OrderMove,
  OrderPage,
  PaymentEvent,
  PaymentOrder,
  PaymentRefund,
  ReconciliationRow,
  TopUpNote,
} from '#payment/port.ts'
import { refundRequestEnds } from '#payment/port.ts'
import {
  changesOf,
  orderOf,
  paymentEventOf,
  refundOf,
  rowOfOrder,
  rowOfRefund,
  rowOfTopUp,
  topUpOf,
} from '#store/row/payment-row.ts'
import { upgradeAccount } from './books/account.ts'
import { grantLot } from './books/credit.ts'
import type { Books } from './books/statement.ts'
import { bookStatements } from './books/statement.ts'
import { disputeFee, payOut, withdraw } from './books/withdrawal.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { checkLimit, directionOf } from './page.ts'
import { appendTrail } from './trail.ts'

/** Events of one order that are shown: an order has a dozen, a stubborn processor a few more. */
const eventsShownMax = 1000
const refundsShownMax = 1000

const orderWith = async (transaction: Transaction, id: string): Promise<PaymentOrder | null> => {
  const row = await transaction.selectFrom('payment_order').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : orderOf(row)
}

/** `false` = it is kept already. */
const keepEvent = async (transaction: Transaction, event: PaymentEvent): Promise<boolean> => {
  const kept = await transaction
    .insertInto('payment_event')
    .values({
      id: event.id,
      order_id: event.order,
      method: event.method,
      kind: event.kind,
      time_ms: event.timeMs,
      state: event.state,
      detail: event.detail,
    })
    .onConflict((conflict) => conflict.columns(['method', 'id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return kept !== undefined
}

type Creating = {
  readonly order: PaymentOrder
  readonly event: PaymentEvent
  readonly trail: TrailRow | null
}

const create = async (transaction: Transaction, { order, event, trail }: Creating): Promise<PaymentOrder> => {
  const made = await transaction
    .insertInto('payment_order')
    .values(rowOfOrder(order))
    .onConflict((conflict) => conflict.columns(['account', 'idempotency_key']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made === undefined) {
    const before = await transaction
      .selectFrom('payment_order')
      .selectAll()
      .where('account', '=', order.account)
      .where('idempotency_key', '=', order.idempotencyKey)
      .executeTakeFirstOrThrow()
    return orderOf(before)
  }
  await keepEvent(transaction, event)
  if (trail !== null) await appendTrail(transaction, trail)
  return order
}

const keepRefund = async (transaction: Transaction, refund: PaymentRefund): Promise<void> => {
  const { id: _id, ...changes } = rowOfRefund(refund)
  await transaction
    .insertInto('payment_refund')
    .values(rowOfRefund(refund))
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changes))
    .execute()
}

/** A transaction of the processor belongs to one order: a second order that claims it is refused by name. */
const checkClaims = async (transaction: Transaction, order: PaymentOrder, move: OrderMove): Promise<void> => {
  const { transaction: claimed } = move.facts
  if (claimed === undefined || claimed === null) return
  const other = await transaction
    .selectFrom('payment_order')
    .select('id')
    .where('method', '=', order.method)
    .where('transaction_id', '=', claimed)
    .where('id', '<>', order.id)
    .executeTakeFirst()
  if (other !== undefined)
    throw new Problem('conflict', {
      ...saying('payment_used', { payment: claimed, order: other.id }),
      facts: { fault: 'transaction_taken', order: other.id },
    })
}

const moveOrder = async (books: Books, move: OrderMove): Promise<Moved> => {
  const { transaction } = books
  const order = await orderWith(transaction, move.order)
  if (order === null) throw new Problem('not_found', { message: `There is no order ${move.order}.`, param: 'order' })
  if (order.version !== move.version) return { ok: false, order }
  await checkClaims(transaction, order, move)
  const next: PaymentOrder = { ...order, ...move.facts, state: move.state, version: order.version + 1 }
  // The version in the condition: where two writers read the same row, one of them changes nothing.
  const changed = await transaction
    .updateTable('payment_order')
    .set(changesOf(next, {}))
    .where('id', '=', order.id)
    .where('version', '=', BigInt(order.version))
    .returning('id')
    .executeTakeFirst()
  if (changed === undefined) return { ok: false, order: (await orderWith(transaction, move.order)) ?? order }
  const { deposit = null, withdrawal = null, trail = null } = move
  for (const grant of deposit?.grants ?? []) await grantLot(books, grant)
  const plan =
    deposit === null || deposit.upgrade === null ? null : await upgradeAccount(books, order.account, deposit.upgrade)
  const withdrawn = withdrawal === null ? null : await withdraw(books, withdrawal, move.nowMs)
  const refund =
    move.refund === undefined || move.refund === null
      ? null
      : withdrawn === null
        ? move.refund
        : { ...move.refund, ...withdrawn }
  if (refund !== null) await keepRefund(transaction, refund)
  if (move.payOut !== undefined && move.payOut !== null)
    await payOut(
      books,
      withdrawn === null ? move.payOut : { ...move.payOut, cashNanoUsd: withdrawn.cashNanoUsd },
      move.nowMs,
    )
  for (const fee of move.disputeFees ?? []) await disputeFee(books, fee, move.nowMs)
  for (const event of move.events) await keepEvent(transaction, event)
  if (trail !== null) await appendTrail(transaction, trail)
  return { ok: true, order: next, refund, plan }
}

type Due = { readonly nowMs: number; readonly limit: number }

const refundKinds = ['refund_requested', ...refundRequestEnds]

/** The last word about a refund of an order is that somebody asks for it. */
const asksForRefund = sql<boolean>`(select e.kind from payment_event e
  where e.order_id = payment_order.id and e.kind in (${sql.join(refundKinds)})
  order by e.sequence desc limit 1) = 'refund_requested'`

const orderReading = {
  order: read((transaction, id: string): Promise<PaymentOrder | null> => orderWith(transaction, id)),
  orderBy: read(
    async (
      transaction,
      question: { readonly method: string; readonly by: 'processorId' | 'transaction'; readonly value: string },
    ): Promise<PaymentOrder | null> => {
      const column = question.by === 'processorId' ? 'processor_id' : 'transaction_id'
      const row = await transaction
        .selectFrom('payment_order')
        .selectAll()
        .where('method', '=', question.method)
        .where(column, '=', question.value)
        .executeTakeFirst()
      return row === undefined ? null : orderOf(row)
    },
  ),
  orders: read(async (transaction, page: OrderPage): Promise<readonly PaymentOrder[]> => {
    const [direction, beyond] = directionOf(page)
    let query = transaction
      .selectFrom('payment_order')
      .selectAll()
      .orderBy('id', direction)
      .limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', beyond, page.after)
    if (page.account !== null) query = query.where('account', '=', page.account)
    if (page.method !== null) query = query.where('method', '=', page.method)
    if (page.state !== null) query = query.where('state', '=', page.state)
    if (page.refundRequested === true) query = query.where(asksForRefund)
    return (await query.execute()).map(orderOf)
  }),
  paymentEvents: read(async (transaction, order: string): Promise<readonly PaymentEvent[]> => {
    const rows = await transaction
      .selectFrom('payment_event')
      .selectAll()
      .where('order_id', '=', order)
      .orderBy('sequence')
      .limit(eventsShownMax)
      .execute()
    return rows.map(paymentEventOf)
  }),
  dueOrders: read(async (transaction, { nowMs, limit }: Due): Promise<readonly PaymentOrder[]> => {
    const rows = await transaction
      .selectFrom('payment_order')
      .selectAll()
      .where('next_poll_ms', '<=', BigInt(nowMs))
      .orderBy('next_poll_ms')
      .limit(checkLimit(limit))
      .execute()
    return rows.map(orderOf)
  }),
  ordersOfDay: read(async (transaction, { method, fromMs, untilMs, limit }: DayQuestion): Promise<DayOrders> => {
    const orders = await transaction
      .selectFrom('payment_order')
      .selectAll()
      .where('method', '=', method)
      .where('paid_ms', '>=', BigInt(fromMs))
      .where('paid_ms', '<', BigInt(untilMs))
      .orderBy('id')
      .limit(limit)
      .execute()
    const refunds = await transaction
      .selectFrom('payment_refund')
      .innerJoin('payment_order', 'payment_order.id', 'payment_refund.order_id')
      .selectAll('payment_refund')
      .where('payment_order.method', '=', method)
      .where('payment_refund.state', '=', 'done')
      .where('payment_refund.ended_ms', '>=', BigInt(fromMs))
      .where('payment_refund.ended_ms', '<', BigInt(untilMs))
      .orderBy('payment_refund.id')
      .limit(limit)
      .execute()
    return { orders: orders.map(orderOf), refunds: refunds.map(refundOf) }
  }),
}

const refundReading = {
  refundsOf: read(async (transaction, order: string): Promise<readonly PaymentRefund[]> => {
    const rows = await transaction
      .selectFrom('payment_refund')
      .selectAll()
      .where('order_id', '=', order)
      .orderBy('id')
      .limit(refundsShownMax)
      .execute()
    return rows.map(refundOf)
  }),
  refund: read(async (transaction, id: string): Promise<PaymentRefund | null> => {
    const row = await transaction.selectFrom('payment_refund').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : refundOf(row)
  }),
  dueRefunds: read(async (transaction, { nowMs, limit }: Due): Promise<readonly PaymentRefund[]> => {
    const rows = await transaction
      .selectFrom('payment_refund')
      .selectAll()
      .where('next_poll_ms', '<=', BigInt(nowMs))
      .orderBy('next_poll_ms')
      .limit(checkLimit(limit))
      .execute()
    return rows.map(refundOf)
  }),
}

const comparisons = {
  keepReconciliation: write(async (transaction, row: ReconciliationRow): Promise<void> => {
    const changes = { made_ms: row.madeMs, differences: row.differences, result: row.result }
    await transaction
      .insertInto('payment_reconciliation')
      .values({ method: row.method, day: row.day, ...changes })
      .onConflict((conflict) => conflict.columns(['method', 'day']).doUpdateSet(changes))
      .execute()
  }),
  reconciliation: read(
    async (
      transaction,
      { method, day }: { readonly method: string; readonly day: string },
    ): Promise<ReconciliationRow | null> => {
      const row = await transaction
        .selectFrom('payment_reconciliation')
        .selectAll()
        .where('method', '=', method)
        .where('day', '=', day)
        .executeTakeFirst()
      if (row === undefined) return null
      const { made_ms: madeMs, differences, ...rest } = row
      return { ...rest, madeMs: Number(madeMs), differences: Number(differences) }
    },
  ),
}

const terms = {
  acceptTerms: write(
    async (
      transaction,
      { acceptance, trail }: { readonly acceptance: Acceptance; readonly trail: TrailRow },
    ): Promise<void> => {
      const { account, version, acceptedMs, actor } = acceptance
      const kept = await transaction
        .insertInto('accepted_terms')
        .values({ account, version, accepted_ms: acceptedMs, actor })
        .onConflict((conflict) => conflict.columns(['account', 'version']).doNothing())
        .returning('account')
        .executeTakeFirst()
      if (kept !== undefined) await appendTrail(transaction, trail)
    },
  ),
  acceptedTerms: read(
    async (
      transaction,
      { account, version }: { readonly account: string; readonly version: string },
    ): Promise<Acceptance | null> => {
      const row = await transaction
        .selectFrom('accepted_terms')
        .selectAll()
        .where('account', '=', account)
        .where('version', '=', version)
        .executeTakeFirst()
      return row === undefined
        ? null
        : { account: row.account, version: row.version, acceptedMs: Number(row.accepted_ms), actor: row.actor }
    },
  ),
}

/** Whether an order of the account that was paid later has left a card. */
const hasNewerCard = async (transaction: Transaction, { account, paidMs, id }: PaymentOrder): Promise<boolean> => {
  const newer = await transaction
    .selectFrom('payment_order')
    .innerJoin('payment_event', 'payment_event.order_id', 'payment_order.id')
    .select('payment_order.id')
    .where('payment_order.account', '=', account)
    .where('payment_event.kind', '=', 'card_kept')
    .where(({ eb, or, and }) =>
      or([
        eb('payment_order.paid_ms', '>', BigInt(paidMs ?? 0)),
        and([eb('payment_order.paid_ms', '=', BigInt(paidMs ?? 0)), eb('payment_order.id', '>', id)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  return newer !== undefined
}

const keepCard = async (transaction: Transaction, { order, card, nowMs, event }: CardLeft): Promise<boolean> => {
  if (!(await keepEvent(transaction, event)) || (await hasNewerCard(transaction, order))) return false
  const { account, method, creditNanoUsd } = order
  const rules = { belowNanoUsd: 0n, creditNanoUsd, monthMaxNanoUsd: 0n, enabled: false }
  const { customer, card: name, ending } = card
  const row = rowOfTopUp({
    ...{ account, method, ...rules },
    ...{ customer, card: name, ending, failures: 0, nextTryMs: nowMs, note: null },
  })
  const { failures, next_try_ms, note } = row
  await transaction
    .insertInto('auto_top_up')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('account').doUpdateSet({ method, customer, card: name, ending, failures, next_try_ms, note }),
    )
    .execute()
  return true
}

const topUps = {
  keepCard: write(keepCard),
  setAutoTopUp: write(
    async (
      transaction,
      { row, trail }: { readonly row: AutoTopUp; readonly trail: TrailRow | null },
    ): Promise<void> => {
      const { account: _account, ...changes } = rowOfTopUp(row)
      await transaction
        .insertInto('auto_top_up')
        .values(rowOfTopUp(row))
        .onConflict((conflict) => conflict.column('account').doUpdateSet(changes))
        .execute()
      if (trail !== null) await appendTrail(transaction, trail)
    },
  ),
  noteTopUp: write(
    async (
      transaction,
      { before, note }: { readonly before: AutoTopUp; readonly note: TopUpNote },
    ): Promise<boolean> => {
      const { enabled, failures, next_try_ms, note: text } = rowOfTopUp({ ...before, ...note })
      const noted = await transaction
        .updateTable('auto_top_up')
        .set({ enabled, failures, next_try_ms, note: text })
        .where('account', '=', before.account)
        .where('enabled', '=', 1n)
        .where('failures', '=', BigInt(before.failures))
        .where('next_try_ms', '=', BigInt(before.nextTryMs))
        .returning('account')
        .executeTakeFirst()
      return noted !== undefined
    },
  ),
  autoTopUp: read(async (transaction, account: string): Promise<AutoTopUp | null> => {
    const row = await transaction
      .selectFrom('auto_top_up')
      .selectAll()
      .where('account', '=', account)
      .executeTakeFirst()
    return row === undefined ? null : topUpOf(row)
  }),
  dueTopUps: read(async (transaction, { nowMs, limit }: Due): Promise<readonly AutoTopUp[]> => {
    const rows = await transaction
      .selectFrom('auto_top_up')
      .innerJoin('account_money', 'account_money.account', 'auto_top_up.account')
      .selectAll('auto_top_up')
      .where('auto_top_up.enabled', '=', 1n)
      .where('auto_top_up.next_try_ms', '<=', BigInt(nowMs))
      .where('account_money.state', '=', 'open')
      .where(
        sql<bigint>`account_money.credit_nano_usd - account_money.scoped_nano_usd - account_money.owed_nano_usd
          - account_money.held_nano_usd + account_money.reserved_nano_usd`,
        '<',
        sql.ref<bigint>('auto_top_up.below_nano_usd'),
      )
      .orderBy('auto_top_up.next_try_ms')
      .limit(checkLimit(limit))
      .execute()
    return rows.map(topUpOf)
  }),
  toppedUpSince: read(
    async (
      transaction,
      { account, sinceMs }: { readonly account: string; readonly sinceMs: number },
    ): Promise<bigint> => {
      const row = await transaction
        .selectFrom('payment_order')
        .select(({ fn }) => fn.sum<bigint>('credit_nano_usd').as('sum'))
        .where('account', '=', account)
        .where('way', '=', 'auto')
        .where('created_ms', '>=', BigInt(sinceMs))
        .where('state', 'not in', ['closed', 'expired_unpaid'])
        .executeTakeFirst()
      return BigInt(row?.sum ?? 0n)
    },
  ),
}

/** One set for each backend. */
export const paymentOperations = () => {
  const run = bookStatements()
  return {
    createOrder: write(create),
    moveOrder: write((transaction, move: OrderMove): Promise<Moved> => moveOrder({ transaction, run }, move)),
    ...orderReading,
    ...refundReading,
    ...comparisons,
    ...topUps,
    ...terms,
  }
}
