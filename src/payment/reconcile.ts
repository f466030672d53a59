/** A processor's own bill of a day beside our orders: what only one of both has, and where amounts or fees differ. */

import { telling } from '#base/event-sentences.ts'
import { idFrom } from '#base/id.ts'
import { divideHalfUp } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { CashierParts } from './cashier.ts'
import { methodOf } from './cashier.ts'
import type { BillLine } from './method.ts'
import type { DayOrders, PaymentOrder, PaymentRefund, ReconciliationRow } from './port.ts'
import type { Fee } from './price.ts'
import { returnedEvent } from './refund-returned.ts'

/** A payment or a refund as we have it. */
export type OwnLine = Omit<BillLine, 'feeNano'> & { readonly atMs: number }
export type Difference = {
  readonly id: string
  readonly transaction: string
  readonly ours: bigint
  readonly theirs: bigint
  readonly currency: string
}

export type Comparison = {
  readonly oursOnly: readonly OwnLine[]
  readonly theirsOnly: readonly BillLine[]
  readonly amountDiffers: readonly Difference[]
  readonly feeDiffers: readonly Difference[]
  readonly matched: number
  /** Refunds of the last or first minutes of a day, which the processor may count on the other one. */
  readonly boundary: readonly OwnLine[]
}

/** A day is not longer than this, in orders and in refunds. */
const rowsMax = 100_000
const boundaryMs = 10 * 60_000
const centNano = 10_000_000n

const ownOrder = (order: PaymentOrder): OwnLine => ({
  kind: 'payment',
  id: order.id,
  transaction: order.transaction ?? '',
  amountNano: order.paidNano ?? order.payNano,
  currency: order.paidCurrency ?? order.currency,
  atMs: order.paidMs ?? order.createdMs,
})

/** Disputes are no refunds: processors count them apart. */
const ownRefunds = ({ refunds }: DayOrders): readonly OwnLine[] =>
  refunds
    .filter(({ source }) => source !== 'dispute')
    .map((refund: PaymentRefund) => ({
      kind: 'refund' as const,
      id: refund.id,
      transaction: refund.processorId ?? '',
      amountNano: -refund.amountNano,
      currency: '',
      atMs: refund.endedMs ?? refund.createdMs,
    }))

const near = (
  { atMs, kind }: OwnLine,
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
): boolean => kind === 'refund' && (atMs - fromMs < boundaryMs || untilMs - atMs <= boundaryMs)

const isSame = (own: OwnLine, line: BillLine): boolean =>
  own.kind === line.kind &&
  ((own.id !== '' && own.id === line.id) || (own.transaction !== '' && own.transaction === line.transaction))

/** What a processor should keep of a payment; differences of a cent are rounding. */
const feeDifference = (line: BillLine, fee: Fee | null): bigint | null => {
  if (fee === null || line.feeNano === null || line.kind === 'refund') return null
  const expected = divideHalfUp(line.amountNano * fee.basisPoints, 10_000n) + fee.fixedNano
  const apart = line.feeNano > expected ? line.feeNano - expected : expected - line.feeNano
  return apart > centNano ? expected : null
}

/** Pure: `day` bounds the day in UTC, `fee` is what the processor is expected to keep (`null` = it is not compared). */
export const compareDay = (
  own: readonly OwnLine[],
  bill: readonly BillLine[],
  { day, fee }: { readonly day: { readonly fromMs: number; readonly untilMs: number }; readonly fee: Fee | null },
): Comparison => {
  const left = new Set(own)
  const byId = new Map(
    own.flatMap((one) =>
      [one.id, one.transaction].filter((name) => name !== '').map((name) => [`${one.kind} ${name}`, one] as const),
    ),
  )
  const [theirsOnly, amountDiffers, feeDiffers] = [[] as BillLine[], [] as Difference[], [] as Difference[]]
  let matched = 0
  for (const line of bill) {
    const found = byId.get(`${line.kind} ${line.id}`) ?? byId.get(`${line.kind} ${line.transaction}`)
    if (found === undefined || !left.has(found) || !isSame(found, line)) {
      theirsOnly.push(line)
      continue
    }
    left.delete(found)
    const isEqual = found.amountNano === line.amountNano && (found.currency === '' || found.currency === line.currency)
    if (!isEqual)
      amountDiffers.push({
        id: found.id,
        transaction: line.transaction,
        ours: found.amountNano,
        theirs: line.amountNano,
        currency: line.currency,
      })
    const expected = feeDifference(line, fee)
    if (expected !== null)
      feeDiffers.push({
        id: found.id,
        transaction: line.transaction,
        ours: expected,
        theirs: line.feeNano ?? 0n,
        currency: line.currency,
      })
    if (isEqual && expected === null) matched += 1
  }
  const rest = [...left]
  return {
    oursOnly: rest.filter((one) => !near(one, day)),
    boundary: rest.filter((one) => near(one, day)),
    theirsOnly,
    amountDiffers,
    feeDiffers,
    matched,
  }
}

/** Whether it had left and has come back: then the bill has it twice, once each way. */
const hasReturned = async ({ store }: CashierParts, { id, order }: PaymentRefund): Promise<boolean> =>
  (await store.paymentEvents(order)).some((event) => event.id === `${order}/${returnedEvent(id)}`)

/** Lines of the bill that are ours after all, counted by us on another day. */
const ownElsewhere = async (parts: CashierParts, line: BillLine): Promise<boolean> => {
  if (line.kind === 'payment') return false
  const refund = line.id === '' ? null : await parts.store.refund(line.id)
  if (refund === null) return false
  if (refund.state === 'done') return -refund.amountNano === line.amountNano
  const isOurs = line.amountNano === refund.amountNano || line.amountNano === -refund.amountNano
  return isOurs && (await hasReturned(parts, refund))
}

export type DayResult = Comparison & { readonly method: string; readonly day: string; readonly differences: number }

const asJson = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)

/** Fetches the bill of a day, compares, and keeps the result. @throws Problem where the bill cannot be had. */
export const reconcileDay = async (
  parts: CashierParts,
  { method: name, day, fee }: { readonly method: string; readonly day: string; readonly fee: Fee | null },
): Promise<DayResult> => {
  const method = methodOf(parts, name)
  if (!method.bills) throw new Problem('conflict', { ...saying('no_bills', { name }), param: 'method' })
  const bounds = method.dayOf(day)
  const found = await parts.store.ordersOfDay({ method: name, ...bounds, limit: rowsMax })
  const own = [...found.orders.filter(({ transaction }) => transaction !== null).map(ownOrder), ...ownRefunds(found)]
  const compared = compareDay(own, await method.bill(day), { day: bounds, fee })
  const theirsOnly: BillLine[] = []
  for (const line of compared.theirsOnly) if (!(await ownElsewhere(parts, line))) theirsOnly.push(line)
  const { oursOnly, amountDiffers, feeDiffers } = compared
  const differences = oursOnly.length + theirsOnly.length + amountDiffers.length + feeDiffers.length
  const result: DayResult = { ...compared, theirsOnly, method: name, day, differences }
  const row: ReconciliationRow = {
    method: name,
    day,
    madeMs: parts.clock.nowMs(),
    differences,
    result: JSON.stringify(result, asJson),
  }
  await parts.store.keepReconciliation(row)
  if (differences > 0)
    parts.emit({
      // The same finding is told once, whoever looks again.
      id: idFrom('evt', bounds.fromMs, `reconcile_difference ${name} ${day} ${row.result}`),
      name: 'reconcile_difference',
      account: null,
      object: `${name} ${day}`,
      ...telling('bills_differ', {
        method: name,
        day,
        differences,
        ours: oursOnly.length,
        theirs: theirsOnly.length,
        amounts: amountDiffers.length,
        fees: feeDiffers.length,
      }),
      figure: null,
      facts: { method: name, day, differences },
    })
  return result
}
