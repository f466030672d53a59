/**
 * The cashier: orders are begun, notices are taken as hints, processors are asked, and what is seen goes through the order
 * machine into one transaction with the books. Whatever breaks in between is found again by the poller.
 */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { Grant } from '#ledger/port.ts'
import type { PaymentMethod } from './method.ts'
import type { Seen } from './order-machine.ts'
import { stepOf } from './order-machine.ts'
import type { Deposit, OrderFacts, OrderMove, PaymentEvent, PaymentOrder, PaymentStore, PlanUpgrade } from './port.ts'
import { moneyText } from './price.ts'
import type { Shop } from './shop.ts'

export type CashierParts = {
  readonly store: PaymentStore
  readonly methods: ReadonlyMap<string, PaymentMethod>
  /** What can be bought, as the configuration has it now. */
  readonly shop: () => Shop
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly emit: Emit
  /** Where paying leads this account to; `null` = it stays. */
  readonly upgradeOf: (account: string) => Promise<PlanUpgrade | null>
  /** An account has come to another plan by paying. */
  readonly planChanged: (account: string, plan: string) => Promise<void>
}

/** Somebody else may move an order between reading and moving it: it is looked at again this often. */
const triesMax = 8
/** An order that has ended is looked at once more after this, for money that was on its way. */
const lateLookMs = 3_600_000
/** Paid credit is spent after what was given. */
const priorities = { bonus: 40, paid: 50 } as const

/** The lots that an order gives: named after it, so that they are given once. */
export const lotsOfOrder = (order: Pick<PaymentOrder, 'id'>): { readonly paid: string; readonly bonus: string } => ({
  paid: `lot_${order.id.slice(4)}`,
  bonus: `lot_${order.id.slice(4)}b`,
})

/** The method of an order. @throws Problem `conflict` where it is not switched on. */
export const methodOf = ({ methods }: Pick<CashierParts, 'methods'>, name: string): PaymentMethod => {
  const method = methods.get(name)
  if (method !== undefined) return method
  throw new Problem('conflict', {
    ...saying('method_not_on', { name, on: [...methods.keys()] }),
    param: 'method',
  })
}

/** An event of an order; `name` tells events of one order apart, and the same again is kept once. */
export const eventOf = (
  order: Pick<PaymentOrder, 'id' | 'method'>,
  { kind, name, state, timeMs, detail }: Omit<PaymentEvent, 'id' | 'order' | 'method'> & { readonly name: string },
): PaymentEvent => ({ id: `${order.id}/${name}`, order: order.id, method: order.method, kind, timeMs, state, detail })

/** The credit of an order, and the bonus as a lot of its own. */
export const grantsOf = (order: PaymentOrder, nowMs: number): readonly Grant[] => {
  const lots = lotsOfOrder(order)
  const { account, method } = order
  const paid: Grant = {
    lot: lots.paid,
    account,
    kind: 'paid',
    amountNanoUsd: order.creditNanoUsd,
    priority: priorities.paid,
    expiresMs: null,
    nowMs,
    method,
    reason: `order ${order.id}`,
    settlement: {
      currency: order.currency,
      payNano: order.payNano,
      payNanoUsd: order.payNanoUsd,
      feeNanoUsd: order.feeNanoUsd,
      source: 'payer',
    },
  }
  if (order.bonusNanoUsd === 0n) return [paid]
  const bonus: Grant = {
    lot: lots.bonus,
    account,
    kind: 'promo',
    amountNanoUsd: order.bonusNanoUsd,
    priority: priorities.bonus,
    expiresMs: order.bonusLastsMs === null ? null : nowMs + order.bonusLastsMs,
    nowMs,
    method: 'bonus',
    reason: `bonus of order ${order.id}`,
  }
  return [paid, bonus]
}

const depositOf = async (parts: CashierParts, order: PaymentOrder): Promise<Deposit> => ({
  grants: grantsOf(order, parts.clock.nowMs()),
  upgrade: await parts.upgradeOf(order.account),
})

export type Draft = Omit<OrderMove, 'order' | 'version' | 'nowMs'>

const paidFacts = (seen: Extract<Seen, { readonly kind: 'paid' }>): OrderFacts => ({
  transaction: seen.transaction,
  paidNano: seen.amountNano,
  paidCurrency: seen.currency,
  paidMs: seen.paidMs,
})

/** What a second payment for one order comes to: told, and left to a person. */
const tellSecond = (parts: CashierParts, order: PaymentOrder, transaction: string): void => {
  parts.emit({
    name: 'payment_mismatch',
    account: order.account,
    object: order.id,
    ...telling('paid_twice', { order: order.id, transaction, method: order.method }),
    figure: null,
    facts: { method: order.method, transaction },
  })
}

/** The move that a step comes to; `null` = nothing is to be moved. */
const draftOf = async (parts: CashierParts, order: PaymentOrder, seen: Seen): Promise<Draft | null> => {
  const nowMs = parts.clock.nowMs()
  const step = stepOf(order, seen, { late: parts.shop().late, nowMs })
  const event = (kind: string, state: PaymentOrder['state'], detail: string | null = null): PaymentEvent =>
    eventOf(order, { kind, name: kind, state, timeMs: nowMs, detail })
  if (step.kind === 'none') return null
  if (step.kind === 'second_payment') {
    tellSecond(parts, order, step.transaction)
    const second = eventOf(order, {
      kind: 'second_payment',
      name: `second/${step.transaction}`,
      state: order.state,
      timeMs: nowMs,
      detail: step.transaction,
    })
    return { state: order.state, facts: {}, events: [second] }
  }
  if (step.kind === 'end')
    return {
      state: step.state,
      facts: { endedMs: nowMs, nextPollMs: nowMs + lateLookMs },
      events: [event('ended', step.state)],
    }
  const paid = seen.kind === 'paid' ? paidFacts(seen) : {}
  const detail = seen.kind === 'paid' ? moneyText(seen.amountNano, seen.currency) : null
  if (step.kind === 'mismatch')
    return {
      state: 'mismatch',
      facts: { ...paid, note: step.why, nextPollMs: null },
      events: [event('mismatch', 'mismatch', `${step.why}: ${detail ?? ''}`)],
    }
  if (step.kind === 'refund_late')
    return {
      state: 'paid_late',
      facts: { ...paid, note: 'came when the order had ended: it goes back', nextPollMs: nowMs },
      events: [event('paid_late', 'paid_late', detail)],
    }
  return {
    state: 'credited',
    facts: { ...paid, creditedMs: nowMs, note: step.late ? 'paid when the order had ended' : null, nextPollMs: null },
    deposit: await depositOf(parts, order),
    events: [
      event(step.late ? 'paid_late' : 'paid', step.late ? 'paid_late' : 'paid', detail),
      event('credited', 'credited', decimalOf(order.creditNanoUsd)),
    ],
  }
}

/** An account that takes no credit leaves the money where a person sees it. */
const uncredited = (draft: Draft, why: string): Draft => ({
  state: draft.events.some(({ kind }) => kind === 'paid_late') ? 'paid_late' : 'paid',
  facts: { ...draft.facts, creditedMs: null, note: why },
  events: draft.events.filter(({ kind }) => kind !== 'credited'),
})

const tellMoved = (parts: CashierParts, order: PaymentOrder): void => {
  const said = { account: order.account, object: order.id, figure: null }
  const facts = { method: order.method, state: order.state }
  const paid = moneyText(order.paidNano ?? order.payNano, order.paidCurrency ?? order.currency)
  if (order.state === 'mismatch')
    parts.emit({
      ...said,
      name: 'payment_mismatch',
      ...telling('paid_otherwise', { order: order.id, paid, note: order.note ?? '' }),
      facts,
    })
  if (order.state === 'paid' || order.state === 'paid_late')
    parts.emit({
      ...said,
      name: 'payment_stuck',
      ...telling('not_credited', { order: order.id, paid, note: order.note ?? '' }),
      facts,
    })
}

/** Applies a draft to the order as it is; where somebody else was first, `draft` is asked anew. */
export const moveWith = async (
  parts: CashierParts,
  id: string,
  draft: (order: PaymentOrder) => Promise<Draft | null>,
): Promise<PaymentOrder> => {
  const { store, clock } = parts
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const order = await store.order(id)
    if (order === null) throw new Problem('not_found', { ...saying('no_order', { id }), param: 'order' })
    const drafted = await draft(order)
    if (drafted === null) return order
    const moved = await store.moveOrder({ ...drafted, order: id, version: order.version, nowMs: clock.nowMs() })
    if (!moved.ok) continue
    if (moved.plan !== null) await parts.planChanged(order.account, moved.plan)
    return moved.order
  }
  throw new Problem('overloaded', {
    ...saying('order_moving', { id }),
    retryAfterMs: 1000,
  })
}

/** Whether the books have refused credit because the account is closed. */
export const isClosedAccount = (thrown: unknown): thrown is Problem =>
  thrown instanceof Problem && thrown.detail.facts?.['fault'] === 'account_closed'

/** What was seen of an order goes into the store and the books, or changes nothing where it is known already. */
export const take = async (parts: CashierParts, id: string, seen: Seen): Promise<PaymentOrder> => {
  const before = await parts.store.order(id)
  const move = (change: (draft: Draft) => Draft): Promise<PaymentOrder> =>
    moveWith(parts, id, async (order) => {
      const draft = await draftOf(parts, order, seen)
      return draft === null ? null : change(draft)
    })
  let order: PaymentOrder
  try {
    order = await move((draft) => draft)
  } catch (thrown) {
    if (!isClosedAccount(thrown)) throw thrown
    if (before?.state === 'paid' || before?.state === 'paid_late') return before
    order = await move((draft) => uncredited(draft, thrown.message))
  }
  if (before !== null && before.state !== order.state) tellMoved(parts, order)
  return order
}

/** Asks the processor, and takes what it says. An order that was never begun there is not known there. */
export const askAndTake = async (parts: CashierParts, order: PaymentOrder): Promise<PaymentOrder> => {
  const method = methodOf(parts, order.method)
  if (!method.asks) return order
  return take(parts, order.id, await method.query(order))
}

/** For moves that a person makes: with a row in the trail. */
export type Author = { readonly actor: string; readonly trail: (after: object) => TrailEntry }
