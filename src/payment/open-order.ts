/** An order is kept before the processor hears of it, then begun there; a crash in between leaves one that can be begun again. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { CashierParts } from './cashier.ts'
import { askAndTake, eventOf, methodOf, moveWith, take } from './cashier.ts'
import type { Action, BeginRequest, Begun } from './method.ts'
import { openStates } from './order-machine.ts'
import type { PaymentOrder } from './port.ts'
import type { Wish } from './shop.ts'
import { offerOf } from './shop.ts'

export type OrderRequest = Wish & {
  readonly account: string
  readonly method: string
  readonly idempotencyKey: string | null
  readonly actor: string
  readonly trail: ((order: PaymentOrder) => TrailEntry) | null
  readonly payerAddress: string | null
  readonly payer: string | null
  readonly returnUrl: string | null
  readonly keepCard: boolean
  /** A kept card is charged without the payer. */
  readonly card: BeginRequest['card']
}

/** A notice comes within seconds; who is not told asks soon. */
const firstPollMs = 15_000

/** What the payer is shown; `null` = it was not begun. */
export const actionOf = ({ action }: PaymentOrder): Action | null =>
  action === null ? null : (JSON.parse(action) as Action)

const orderFrom = (parts: CashierParts, request: OrderRequest): PaymentOrder => {
  const { clock, ids } = parts
  const method = methodOf(parts, request.method)
  const nowMs = clock.nowMs()
  const { terms, way, counter } = offerOf(parts.shop(), method, { ...request, nowMs })
  return {
    ...terms,
    id: ids.next('ord'),
    account: request.account,
    method: method.name,
    way: request.card === null ? way : 'auto',
    state: 'created',
    version: 0,
    createdMs: nowMs,
    expiresMs: nowMs + counter.expiresMs,
    actor: request.actor,
    idempotencyKey: request.idempotencyKey,
    processorId: null,
    transaction: null,
    action: null,
    paidNano: null,
    paidCurrency: null,
    paidMs: null,
    creditedMs: null,
    endedMs: null,
    refundedNano: 0n,
    disputedNano: 0n,
    note: null,
    confirmedBy: null,
    approvedBy: null,
    nextPollMs: method.asks ? nowMs + firstPollMs : nowMs + counter.expiresMs,
    polls: 0,
  }
}

const begunRequest = (parts: CashierParts, order: PaymentOrder, request: OrderRequest): BeginRequest => {
  const { publicUrl, description } = parts.shop()
  return {
    returnUrl: request.returnUrl ?? (publicUrl === null ? null : `${publicUrl}/payments/return/${order.id}`),
    notifyUrl: publicUrl === null ? null : `${publicUrl}/payments/notice/${order.method}`,
    payerAddress: request.payerAddress,
    payer: request.payer,
    description,
    card: request.card,
    keepCard: request.keepCard,
  }
}

const keepBegun = (parts: CashierParts, order: PaymentOrder, begun: Begun): Promise<PaymentOrder> =>
  moveWith(parts, order.id, async (now) => {
    if (!openStates.includes(now.state) || now.action !== null) return null
    const event = eventOf(now, {
      kind: 'begun',
      name: 'begun',
      state: 'pending',
      timeMs: parts.clock.nowMs(),
      detail: begun.processorId,
    })
    return {
      state: 'pending',
      facts: { processorId: begun.processorId, action: JSON.stringify(begun.action) },
      events: [event],
    }
  })

/** @throws Problem `conflict` naming the terms, where the account has not accepted those in force. A kept card was left under terms that were. */
const checkTerms = async (parts: CashierParts, { account, card }: OrderRequest): Promise<void> => {
  const { terms } = parts.shop()
  if (terms === null || card !== null || (await parts.store.acceptedTerms(account, terms.version)) !== null) return
  throw new Problem('conflict', {
    ...saying('terms_unaccepted', { version: terms.version, url: terms.url }),
    param: 'accept_terms',
    facts: { terms_version: terms.version, terms_url: terms.url },
  })
}

/** Orders of one account that wait for their payer: each is asked for at its processor again and again, and others wait for that. */
const openMax = 50

/** @throws Problem `conflict` where too many orders of the account are open. A kept card is charged at once. */
const checkOpen = async (parts: CashierParts, { account, card, idempotencyKey }: OrderRequest): Promise<void> => {
  if (card !== null) return
  const pages = openStates.map((state) =>
    parts.store.orders({ limit: openMax, after: null, account, method: null, state }),
  )
  const open = (await Promise.all(pages)).flat()
  // The same order again is no further one.
  if (open.length < openMax || open.some((one) => idempotencyKey !== null && one.idempotencyKey === idempotencyKey))
    return
  throw new Problem('conflict', {
    ...saying('orders_waiting', { count: openMax }),
    param: 'account',
  })
}

/** Opens an order, or gives back the one that the same key has opened; one that was kept and not begun is begun now. */
export const openOrder = async (parts: CashierParts, request: OrderRequest): Promise<PaymentOrder> => {
  await checkTerms(parts, request)
  await checkOpen(parts, request)
  const method = methodOf(parts, request.method)
  const drafted = orderFrom(parts, request)
  const created = eventOf(drafted, {
    kind: 'created',
    name: 'created',
    state: 'created',
    timeMs: drafted.createdMs,
    detail: request.actor,
  })
  const order = await parts.store.createOrder(drafted, created, request.trail?.(drafted) ?? null)
  if (order.method !== drafted.method || order.creditNanoUsd !== drafted.creditNanoUsd)
    throw new Problem('idempotency_key_reused', {
      ...saying('order_key_reused', { order: order.id }),
      param: 'idempotency_key',
    })
  if (order.state !== 'created') return order
  return keepBegun(parts, order, await method.begin(order, begunRequest(parts, order, request)))
}

/** Writes down who wants an order ended, before the processor hears of it. */
const noteClosing = (parts: CashierParts, id: string, asked: { readonly actor: string; readonly trail: TrailEntry }) =>
  moveWith(parts, id, async (now) => {
    const event = {
      kind: 'close_asked',
      name: `close/${now.version}`,
      state: now.state,
      timeMs: parts.clock.nowMs(),
      detail: asked.actor,
    }
    return openStates.includes(now.state)
      ? { state: now.state, facts: {}, events: [eventOf(now, event)], trail: asked.trail }
      : null
  })

/**
 * Ends an order at the processor, then here; where it was paid meanwhile it is credited instead. `by`: who wants it, absent: its time
 * is over.
 */
export const closeOrder = async (
  parts: CashierParts,
  id: string,
  by?: { readonly actor: string; readonly trail: TrailEntry },
): Promise<PaymentOrder> => {
  const order = await parts.store.order(id)
  if (order === null) throw new Problem('not_found', { ...saying('no_order', { id }), param: 'order' })
  if (!openStates.includes(order.state)) return order
  if (by !== undefined) await noteClosing(parts, id, by)
  const method = methodOf(parts, order.method)
  const asked = await askAndTake(parts, order)
  if (!openStates.includes(asked.state)) return asked
  await method.close(order)
  const closed = await askAndTake(parts, order)
  if (!openStates.includes(closed.state) || method.asks) return closed
  return take(parts, id, { kind: 'closed' })
}
