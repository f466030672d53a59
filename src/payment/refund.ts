/** Money goes back: the credit is taken first, the processor is asked under the refund's own id, and what it says is booked. */

import { telling } from '#base/event-sentences.ts'
import { idFrom } from '#base/id.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { Grant } from '#ledger/port.ts'
import type { CashierParts } from './cashier.ts'
import { eventOf, lotsOfOrder, methodOf, moveWith } from './cashier.ts'
import type { RefundSeen } from './method.ts'
import { creditFor, refundableStates, stateAfterRefund } from './order-machine.ts'
import type { Deposit, PaymentOrder, PaymentRefund, Withdrawal } from './port.ts'
import { moneyText } from './price.ts'

export type RefundRequest = {
  readonly order: string
  /** `null` = all that is left. */
  readonly amountNano: bigint | null
  readonly source: PaymentRefund['source']
  readonly reason: string
  readonly actor: string
  readonly trail: ((refund: PaymentRefund) => TrailEntry) | null
  /** Of the one who asks: the same again gives the same refund of the order. Absent: each time is a refund of its own. */
  readonly idempotencyKey?: string | null
}

/** Asked again after this, doubled each time, at most once an hour. */
const firstPollMs = 15_000
const pollMsMax = 3_600_000
export const pollDelayMs = (polls: number): number => Math.min(firstPollMs * 2 ** Math.min(polls, 12), pollMsMax)

type Standing = {
  readonly refundedNano: bigint
  readonly pendingNano: bigint
  readonly takenNanoUsd: bigint
  readonly takenBonusNanoUsd: bigint
  /** What came back of what was taken, as lots: none of what had no credit with it. */
  readonly returnedLots: readonly string[]
  readonly returnedBonusLots: readonly string[]
}

/** The lot in which the credit of a refund comes back. */
const returnedLot = ({ id }: PaymentRefund): string => `lot_${id.slice(4)}`
/** And that of its bonus. */
const returnedBonusLot = (refund: PaymentRefund): string => `${returnedLot(refund)}b`

const isLive = ({ state }: PaymentRefund): boolean => state !== 'failed'

/** What of an order has gone back, is on its way, and was taken back for it. */
export const standingOf = (refunds: readonly PaymentRefund[]): Standing => {
  const sum = (of: (refund: PaymentRefund) => bigint, which: (refund: PaymentRefund) => boolean): bigint =>
    refunds.filter(which).reduce((total, refund) => total + of(refund), 0n)
  return {
    refundedNano: sum(
      ({ amountNano }) => amountNano,
      ({ state }) => state === 'done',
    ),
    pendingNano: sum(
      ({ amountNano }) => amountNano,
      ({ state }) => state === 'pending' || state === 'sent',
    ),
    takenNanoUsd: sum(({ creditNanoUsd }) => creditNanoUsd, isLive),
    takenBonusNanoUsd: sum(({ bonusNanoUsd }) => bonusNanoUsd, isLive),
    returnedLots: refunds.filter((one) => !isLive(one) && one.creditNanoUsd > 0n).map(returnedLot),
    returnedBonusLots: refunds.filter((one) => !isLive(one) && one.bonusNanoUsd > 0n).map(returnedBonusLot),
  }
}

/** What can go back in all: the price without the fee; of money that was never credited everything. */
export const refundableWhole = (order: PaymentOrder): bigint =>
  order.creditedMs === null ? (order.paidNano ?? 0n) : order.payNano - order.feeNano

/** The credit that goes with an amount: its share, rounded up; with the last part all that is left. */
export const withdrawalFor = (
  order: PaymentOrder,
  standing: Standing,
  {
    id,
    amountNano,
    mayOwe,
    reason,
  }: { readonly id: string; readonly amountNano: bigint; readonly mayOwe: boolean; readonly reason: string },
): Withdrawal => {
  const lots = lotsOfOrder(order)
  const priceNano = order.payNano - order.feeNano
  const gone = standing.refundedNano + standing.pendingNano + amountNano >= priceNano
  const share = (wholeNanoUsd: bigint, takenNanoUsd: bigint): bigint => {
    const leftNanoUsd = wholeNanoUsd - takenNanoUsd
    const partNanoUsd = creditFor(order, { wholeNanoUsd, amountNano })
    return gone || partNanoUsd > leftNanoUsd ? leftNanoUsd : partNanoUsd
  }
  return {
    id,
    account: order.account,
    lot: lots.paid,
    returnedLots: standing.returnedLots,
    returnedBonusLots: standing.returnedBonusLots,
    creditNanoUsd: share(order.creditNanoUsd, standing.takenNanoUsd),
    bonusLot: order.bonusNanoUsd > 0n ? lots.bonus : null,
    bonusNanoUsd: order.bonusNanoUsd > 0n ? share(order.bonusNanoUsd, standing.takenBonusNanoUsd) : 0n,
    bonusTakenNanoUsd: standing.takenBonusNanoUsd,
    mayOwe,
    reason,
  }
}

const notRefundable = (said: ReturnType<typeof saying>): Problem => new Problem('conflict', { ...said, param: 'order' })

const checkAmount = (order: PaymentOrder, leftNano: bigint, amountNano: bigint): void => {
  const currency = order.paidCurrency ?? order.currency
  if (leftNano <= 0n) throw notRefundable(saying('refund_all_back', { order: order.id }))
  if (amountNano <= 0n || amountNano > leftNano)
    throw new Problem('invalid_request_error', {
      ...saying('refund_between', { most: moneyText(leftNano, currency), order: order.id }),
      param: 'amount',
    })
}

/** The key names the refund: its id is the same each time that it is asked for, at the processor as here. */
const refundId = (parts: CashierParts, order: PaymentOrder, { idempotencyKey = null }: RefundRequest): string =>
  idempotencyKey === null ? parts.ids.next('rfd') : idFrom('rfd', order.createdMs, `${order.id} ${idempotencyKey}`)

/** The refund that the key has asked for before. @throws Problem `idempotency_key_reused` where it asked for something else. */
const askedBefore = (
  parts: CashierParts,
  { order, refunds }: { readonly order: PaymentOrder; readonly refunds: readonly PaymentRefund[] },
  request: RefundRequest,
): PaymentRefund | null => {
  if ((request.idempotencyKey ?? null) === null) return null
  const id = refundId(parts, order, request)
  const before = refunds.find((one) => one.id === id)
  if (before === undefined) return null
  if (before.reason === request.reason && (request.amountNano ?? before.amountNano) === before.amountNano) return before
  const amount = moneyText(before.amountNano, order.paidCurrency ?? order.currency)
  throw new Problem('idempotency_key_reused', {
    ...saying('refund_key_reused', { id, amount }),
    param: 'idempotency_key',
  })
}

/**
 * A part that is asked for again in the same words, without a key that says whether it is meant twice, is taken for a repeat: whoever saw no
 * answer asks again, and money that has left twice does not come back.
 */
const checkRepeat = (
  { order, refunds }: { readonly order: PaymentOrder; readonly refunds: readonly PaymentRefund[] },
  { amountNano, source, reason, idempotencyKey = null }: RefundRequest,
): void => {
  if (idempotencyKey !== null || amountNano === null || source !== 'operator') return
  const before = refunds.find((one) => isLive(one) && one.amountNano === amountNano && one.reason === reason)
  if (before === undefined) return
  const amount = moneyText(amountNano, order.paidCurrency ?? order.currency)
  throw new Problem('conflict', {
    ...saying('refund_again', { id: before.id, order: order.id, amount, state: before.state }),
    param: 'idempotency_key',
    facts: { refund: before.id },
  })
}

const newRefund = (
  parts: CashierParts,
  order: PaymentOrder,
  request: RefundRequest & { readonly amountNano: bigint },
): PaymentRefund => ({
  id: refundId(parts, order, request),
  order: order.id,
  state: 'pending',
  source: request.source,
  amountNano: request.amountNano,
  creditNanoUsd: 0n,
  bonusNanoUsd: 0n,
  cashNanoUsd: 0n,
  processorId: null,
  reason: request.reason,
  actor: request.actor,
  createdMs: parts.clock.nowMs(),
  endedMs: null,
  nextPollMs: parts.clock.nowMs() + firstPollMs,
  polls: 0,
  note: null,
})

/** Takes the credit back and writes the refund down: from here on it is owed, and sent until the processor has it. */
const askRefund = async (
  parts: CashierParts,
  request: RefundRequest,
): Promise<{ readonly order: PaymentOrder; readonly refund: PaymentRefund }> => {
  let kept: PaymentRefund | null = null
  const order = await moveWith(parts, request.order, async (now) => {
    const refunds = await parts.store.refundsOf(now.id)
    kept = askedBefore(parts, { order: now, refunds }, request)
    if (kept !== null) return null
    checkRepeat({ order: now, refunds }, request)
    if (!refundableStates.includes(now.state))
      throw notRefundable(saying('refund_in_state', { order: now.id, state: now.state }))
    const standing = standingOf(refunds)
    const leftNano = refundableWhole(now) - standing.refundedNano - standing.pendingNano
    const amountNano = request.amountNano ?? leftNano
    checkAmount(now, leftNano, amountNano)
    const refund = newRefund(parts, now, { ...request, amountNano })
    kept = refund
    const detail = `${refund.id} ${moneyText(amountNano, now.paidCurrency ?? now.currency)}: ${request.reason}`
    return {
      state: 'refund_pending',
      facts: { nextPollMs: null },
      refund,
      withdrawal:
        now.creditedMs === null
          ? null
          : withdrawalFor(now, standing, { id: refund.id, amountNano, mayOwe: false, reason: request.reason }),
      events: [
        eventOf(now, {
          kind: 'refund_asked',
          name: refund.id,
          state: 'refund_pending',
          timeMs: refund.createdMs,
          detail,
        }),
      ],
      trail: request.trail?.(refund) ?? null,
    }
  })
  const refund = kept === null ? null : await parts.store.refund((kept as PaymentRefund).id)
  if (refund === null)
    throw new Problem('internal_error', { message: `The refund of order ${request.order} was not kept.` })
  return { order, refund }
}

/** The bonus that was taken with a refund. Bought credit may have gone in its place, so that what comes back has no end. */
export const restoredBonus = (
  refund: PaymentRefund,
  { account, nowMs, reason }: { readonly account: string; readonly nowMs: number; readonly reason: string },
): readonly Grant[] =>
  refund.bonusNanoUsd === 0n
    ? []
    : [
        {
          ...{ account, nowMs, reason, method: 'bonus', kind: 'promo', priority: 40, expiresMs: null },
          lot: returnedBonusLot(refund),
          amountNanoUsd: refund.bonusNanoUsd,
        },
      ]

/** The credit comes back as lots of their own: nothing of what was taken can be taken twice. */
export const restored = (order: PaymentOrder, refund: PaymentRefund, nowMs: number): Deposit | null => {
  if (refund.creditNanoUsd === 0n) return null
  const lot = returnedLot(refund)
  const reason = `refund ${refund.id} could not be paid out`
  const { account, method, currency } = order
  const credit = {
    lot,
    account,
    kind: 'paid' as const,
    amountNanoUsd: refund.creditNanoUsd,
    priority: 50,
    expiresMs: null,
    nowMs,
    method,
    reason,
    settlement: {
      currency,
      payNano: refund.amountNano,
      payNanoUsd: refund.cashNanoUsd,
      feeNanoUsd: 0n,
      source: 'refund' as const,
    },
  }
  return { grants: [credit, ...restoredBonus(refund, { account, nowMs, reason })], upgrade: null }
}

/** What of a refund needs a person. */
export type RefundTold =
  | { readonly kind: 'failed'; readonly problem: string }
  | { readonly kind: 'waits'; readonly note: string }
  | { readonly kind: 'came_back'; readonly problem: string; readonly isClosed: boolean }
  | { readonly kind: 'left_waits'; readonly note: string }

const refundTelling = (
  how: RefundTold,
  of: { readonly refund: string; readonly order: string; readonly method: string },
): ReturnType<typeof telling> => {
  switch (how.kind) {
    case 'failed':
      return telling('refund_failed', { ...of, problem: how.problem })
    case 'waits':
      return telling('refund_waits', { ...of, note: how.note })
    case 'came_back':
      return telling('refund_came_back', { ...of, problem: how.problem, is_closed: how.isClosed })
    case 'left_waits':
      return telling('refund_left_waits', { ...of, note: how.note })
  }
}

/** Tells a person of a refund that needs one. */
export const tellOfRefund = (
  parts: CashierParts,
  refund: PaymentRefund,
  { order, how }: { readonly order: PaymentOrder; readonly how: RefundTold },
): void =>
  parts.emit({
    name: 'payment_stuck',
    account: order.account,
    object: refund.id,
    ...refundTelling(how, { refund: refund.id, order: order.id, method: order.method }),
    figure: null,
    facts: { method: order.method, refund: refund.id },
  })

/** What the processor says of a refund goes into store and books; what is known already changes nothing. */
export const takeRefund = async (
  parts: CashierParts,
  id: string,
  { seen, trail }: { readonly seen: RefundSeen; readonly trail: TrailEntry | null },
): Promise<PaymentOrder> => {
  const found = await parts.store.refund(id)
  if (found === null) throw new Problem('not_found', { ...saying('no_refund', { id }), param: 'refund' })
  let [failed, stuck] = [false, false]
  const order = await moveWith(parts, found.order, async (now) => {
    const refunds = await parts.store.refundsOf(now.id)
    const refund = refunds.find((one) => one.id === id)
    if (refund === undefined || refund.state === 'done' || refund.state === 'failed') return null
    const nowMs = parts.clock.nowMs()
    const processorId = seen.kind === 'failed' ? refund.processorId : (seen.processorId ?? refund.processorId)
    if (seen.kind === 'sent') {
      stuck = seen.note !== undefined && refund.note !== seen.note
      const nextPollMs = nowMs + pollDelayMs(refund.polls)
      return {
        state: now.state,
        facts: {},
        refund: {
          ...refund,
          state: 'sent',
          processorId,
          polls: refund.polls + 1,
          nextPollMs,
          note: seen.note ?? refund.note,
        },
        events: [],
      }
    }
    const ended: PaymentRefund = {
      ...refund,
      state: seen.kind,
      processorId,
      endedMs: nowMs,
      nextPollMs: null,
      note: seen.kind === 'failed' ? seen.why : null,
    }
    failed = seen.kind === 'failed'
    const standing = standingOf(refunds.map((one) => (one.id === id ? ended : one)))
    const state = stateAfterRefund(now, standing)
    const isBooked = now.creditedMs !== null
    return {
      state,
      facts: { refundedNano: standing.refundedNano },
      refund: ended,
      trail,
      deposit: failed && isBooked ? restored(now, refund, nowMs) : null,
      payOut:
        failed || !isBooked
          ? null
          : {
              id,
              account: now.account,
              method: now.method,
              currency: now.currency,
              amountNano: refund.amountNano,
              cashNanoUsd: refund.cashNanoUsd,
            },
      events: [
        eventOf(now, {
          kind: failed ? 'refund_failed' : 'refunded',
          name: `${id}/${seen.kind}`,
          state,
          timeMs: nowMs,
          detail: seen.kind === 'failed' ? seen.why : moneyText(refund.amountNano, now.paidCurrency ?? now.currency),
        }),
      ],
    }
  })
  if (failed && seen.kind === 'failed')
    tellOfRefund(parts, found, { order, how: { kind: 'failed', problem: seen.why } })
  if (stuck && seen.kind === 'sent')
    tellOfRefund(parts, found, { order, how: { kind: 'waits', note: seen.note ?? '' } })
  return order
}

/** Sends a refund that is owed. A processor that cannot be reached is asked again by the poller, under the same id. */
export const sendRefund = async (parts: CashierParts, id: string): Promise<PaymentOrder> => {
  const refund = await parts.store.refund(id)
  const order = refund === null ? null : await parts.store.order(refund.order)
  if (refund === null || order === null)
    throw new Problem('not_found', { message: `There is no refund ${id}.`, param: 'refund' })
  const method = methodOf(parts, order.method)
  const ask = refund.state === 'sent' ? method.queryRefund : method.refund
  return takeRefund(parts, id, { seen: await ask(order, refund), trail: null })
}

/** @throws Problem `conflict` where credit is spent, `invalid_request_error` for too much. What the processor answers is told by the refund. */
export const refundOrder = async (parts: CashierParts, request: RefundRequest): Promise<PaymentRefund> => {
  const { order, refund } = await askRefund(parts, request)
  if (refund.state === 'done' || refund.state === 'failed') return refund
  try {
    await sendRefund(parts, refund.id)
  } catch (thrown) {
    // The refund is written down and owed: the poller sends it again.
    parts.log.warn('a refund could not be sent now and will be sent again', {
      order: order.id,
      refund: refund.id,
      problem: thrown instanceof Problem ? thrown.message : String(thrown),
    })
  }
  return (await parts.store.refund(refund.id)) ?? refund
}

/** Money that left by the processor's own doing, a refund made in its console: credit goes with it, and what is spent becomes debt. */
export const takeForeignRefund = async (
  parts: CashierParts,
  id: string,
  refund: {
    readonly processorId: string
    readonly amountNano: bigint
    readonly reason: string
    readonly source: 'processor' | 'dispute'
  },
): Promise<PaymentOrder> =>
  moveWith(parts, id, async (now) => {
    const refunds = await parts.store.refundsOf(now.id)
    if (refunds.some(({ processorId }) => processorId === refund.processorId)) return null
    const standing = standingOf(refunds)
    const leftNano = refundableWhole(now) - standing.refundedNano - standing.pendingNano
    // A processor may give the fee back as well: of that no credit was given.
    const amountNano = refund.amountNano
    const creditedNano = amountNano > leftNano ? (leftNano > 0n ? leftNano : 0n) : amountNano
    const nowMs = parts.clock.nowMs()
    const kept: PaymentRefund = {
      ...newRefund(parts, now, {
        order: id,
        amountNano,
        source: refund.source,
        reason: refund.reason,
        actor: 'system',
        trail: null,
      }),
      state: 'done',
      processorId: refund.processorId,
      endedMs: nowMs,
      nextPollMs: null,
    }
    const isDispute = refund.source === 'dispute'
    const refundedNano = isDispute ? now.refundedNano : standing.refundedNano + amountNano
    const state = isDispute ? 'disputed' : stateAfterRefund(now, { refundedNano, pendingNano: standing.pendingNano })
    const isCredited = now.creditedMs !== null
    // All of the credit has gone back before: what a bank takes once more is the operator's loss, and left the cash all the same.
    const isLoss = isDispute && isCredited && creditedNano === 0n
    const { account, method, currency } = now
    return {
      state,
      facts: { refundedNano, nextPollMs: null, ...(isDispute ? { disputedNano: now.disputedNano + amountNano } : {}) },
      refund: kept,
      withdrawal:
        isCredited && creditedNano > 0n
          ? withdrawalFor(now, standing, { id: kept.id, amountNano: creditedNano, mayOwe: true, reason: refund.reason })
          : null,
      payOut: isCredited && !isLoss ? { id: kept.id, account, method, currency, amountNano, cashNanoUsd: 0n } : null,
      disputeFees: isLoss ? [{ id: kept.id, account, method, currency, amountNano, reason: refund.reason }] : [],
      events: [
        eventOf(now, {
          kind: isDispute ? 'disputed' : 'refunded_outside',
          name: `${refund.source}/${refund.processorId}`,
          state,
          timeMs: nowMs,
          detail: `${decimalOf(amountNano)} ${now.currency}: ${refund.reason}`,
        }),
      ],
    }
  })
