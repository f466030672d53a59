/** A bank transfer: a person says that the money is here, and above a limit a second one agrees. */

import { decimalOf, divideHalfUp, nanoPerUnit } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { CashierParts } from './cashier.ts'
import { eventOf, methodOf, moveWith, take } from './cashier.ts'
import { endedStates, openStates } from './order-machine.ts'
import type { PaymentOrder } from './port.ts'
import { moneyText } from './price.ts'

export type Confirmation = {
  readonly order: string
  /** What came, as the bank says it. */
  readonly amountNano: bigint
  readonly currency: string
  /** The bank's own reference: it pays one order only. */
  readonly reference: string
  readonly actor: string
  readonly trail: (after: object) => TrailEntry
}

const manualOnly = (parts: CashierParts, order: PaymentOrder): void => {
  if (!methodOf(parts, order.method).asks) return
  throw new Problem('conflict', {
    ...saying('paid_by_method', { order: order.id, method: order.method }),
    param: 'order',
  })
}

const known = async (parts: CashierParts, id: string): Promise<PaymentOrder> => {
  const order = await parts.store.order(id)
  if (order === null) throw new Problem('not_found', { ...saying('no_order', { id }), param: 'order' })
  manualOnly(parts, order)
  return order
}

/** Whether one person's word is enough. */
const needsSecond = (
  order: PaymentOrder,
  { amountNano, currency }: Pick<Confirmation, 'amountNano' | 'currency'>,
  aboveNanoUsd: bigint,
): boolean => {
  // What it would be credited as, should a person say that it is ours, may be more than what it is worth at the market.
  const leastNano = order.settlementNano < order.marketNano ? order.settlementNano : order.marketNano
  const perUsdNano = currency === order.currency ? leastNano : nanoPerUnit
  const cameNanoUsd = divideHalfUp(amountNano * nanoPerUnit, perUsdNano)
  return order.creditNanoUsd > aboveNanoUsd || cameNanoUsd > aboveNanoUsd
}

const waitsFor = (order: PaymentOrder): Problem =>
  new Problem('conflict', {
    ...saying('second_person', { order: order.id, by: order.confirmedBy ?? 'nobody' }),
    param: 'order',
  })

const takePaid = (parts: CashierParts, order: PaymentOrder, nowMs: number): Promise<PaymentOrder> =>
  take(parts, order.id, {
    kind: 'paid',
    transaction: order.note ?? order.id,
    amountNano: order.paidNano ?? 0n,
    currency: order.paidCurrency ?? order.currency,
    paidMs: nowMs,
    fault: null,
  })

/** The first person's word; below the limit it credits at once. */
export const confirmTransfer = async (
  parts: CashierParts,
  confirmation: Confirmation,
  approveAboveNanoUsd: bigint,
): Promise<PaymentOrder> => {
  const { amountNano, currency, reference, actor, trail } = confirmation
  await known(parts, confirmation.order)
  const other = await parts.store.orderBy('manual', 'transaction', reference)
  if (other !== null && other.id !== confirmation.order)
    throw new Problem('conflict', {
      ...saying('transfer_used', { reference, order: other.id }),
      param: 'reference',
    })
  const order = await moveWith(parts, confirmation.order, async (now) => {
    if (now.confirmedBy !== null && now.approvedBy === null) throw waitsFor(now)
    if (![...openStates, ...endedStates].includes(now.state))
      throw new Problem('conflict', {
        ...saying('nothing_to_confirm', { id: now.id, state: now.state }),
        param: 'order',
      })
    const second = needsSecond(now, { amountNano, currency }, approveAboveNanoUsd)
    const detail = `${moneyText(amountNano, currency)}, ${reference}, by ${actor}`
    return {
      state: now.state,
      facts: {
        confirmedBy: actor,
        approvedBy: second ? null : actor,
        paidNano: amountNano,
        paidCurrency: currency,
        note: reference,
        nextPollMs: null,
      },
      events: [
        eventOf(now, {
          kind: 'confirmed',
          name: `confirmed/${now.version}`,
          state: now.state,
          timeMs: parts.clock.nowMs(),
          detail,
        }),
      ],
      trail: trail({ order: now.id, amount: decimalOf(amountNano), currency, reference, needs_second: second }),
    }
  })
  return order.approvedBy === null ? order : takePaid(parts, order, parts.clock.nowMs())
}

/** The second person's: anybody but the first. `reject` forgets the confirmation instead. */
export const approveTransfer = async (
  parts: CashierParts,
  request: {
    readonly order: string
    readonly actor: string
    readonly reject: boolean
    readonly trail: Confirmation['trail']
  },
): Promise<PaymentOrder> => {
  const { actor, reject, trail } = request
  await known(parts, request.order)
  const order = await moveWith(parts, request.order, async (now) => {
    if (now.confirmedBy === null || now.approvedBy !== null)
      throw new Problem('conflict', {
        ...saying('nothing_to_approve', { id: now.id }),
        param: 'order',
      })
    if (!reject && now.confirmedBy === actor)
      throw new Problem('permission_denied', {
        ...saying('another_approves', { actor }),
      })
    const kind = reject ? 'rejected' : 'approved'
    const event = eventOf(now, {
      kind,
      name: `${kind}/${now.version}`,
      state: now.state,
      timeMs: parts.clock.nowMs(),
      detail: actor,
    })
    const forgotten = { confirmedBy: null, paidNano: null, paidCurrency: null, note: null }
    return {
      state: now.state,
      facts: reject ? { ...forgotten, nextPollMs: now.expiresMs } : { approvedBy: actor },
      events: [event],
      trail: trail({ order: now.id, [kind]: actor }),
    }
  })
  return reject ? order : takePaid(parts, order, parts.clock.nowMs())
}
