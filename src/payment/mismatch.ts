/** Money that is not what its order asked for, and a person who says that it is ours: credited for what it is worth. */

import { decimalOf, divideHalfUp, nanoPerUnit } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { CashierParts } from './cashier.ts'
import { eventOf, grantsOf, moveWith } from './cashier.ts'
import { uncreditedStates } from './order-machine.ts'
import type { OrderFacts, PaymentOrder } from './port.ts'

export type Resolution = {
  readonly order: string
  readonly actor: string
  readonly reason: string
  readonly trail: (after: object) => TrailEntry
}

/** The order as if what came had been asked for; no bonus, and the fee stays. Another currency cannot be valued here. */
const asPaid = (order: PaymentOrder): Partial<PaymentOrder> => {
  const paidNano = order.paidNano ?? 0n
  if (uncreditedStates.includes(order.state)) return {}
  if (order.paidCurrency !== order.currency || paidNano <= order.feeNano)
    throw new Problem('conflict', {
      ...saying('mismatch_unvalued', { order: order.id }),
      param: 'order',
    })
  // Something else was wrong with it: an app, a seller.
  if (paidNano === order.payNano) return {}
  return {
    payNano: paidNano,
    creditNanoUsd: divideHalfUp((paidNano - order.feeNano) * nanoPerUnit, order.settlementNano),
    payNanoUsd: divideHalfUp(paidNano * nanoPerUnit, order.marketNano),
    bonusNanoUsd: 0n,
  }
}

/** Also of money that an account could not take when it came. @throws Problem `conflict`. */
export const resolveMismatch = (parts: CashierParts, resolution: Resolution): Promise<PaymentOrder> =>
  moveWith(parts, resolution.order, async (now) => {
    if (now.state !== 'mismatch' && !uncreditedStates.includes(now.state))
      throw new Problem('conflict', {
        ...saying('nothing_to_resolve', { id: now.id, state: now.state }),
        param: 'order',
      })
    const terms = asPaid(now)
    const order = { ...now, ...terms }
    const nowMs = parts.clock.nowMs()
    const detail = `${decimalOf(order.creditNanoUsd)} USD by ${resolution.actor}: ${resolution.reason}`
    const facts: OrderFacts = { creditedMs: nowMs, note: resolution.reason, nextPollMs: null }
    return {
      state: 'credited',
      facts: { ...facts, ...terms },
      deposit: { grants: grantsOf(order, nowMs), upgrade: await parts.upgradeOf(now.account) },
      events: [eventOf(now, { kind: 'resolved', name: 'resolved', state: 'credited', timeMs: nowMs, detail })],
      trail: resolution.trail({ order: now.id, usd: decimalOf(order.creditNanoUsd), reason: resolution.reason }),
    }
  })
