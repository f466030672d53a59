/** What an account has bought and not spent goes back, order by order: when it closes, or because somebody asks. */

import { Problem } from '#base/problem.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { CashierParts } from './cashier.ts'
import { refundableStates } from './order-machine.ts'
import type { PaymentOrder, PaymentRefund } from './port.ts'
import type { RefundRequest } from './refund.ts'
import { refundableWhole, refundOrder, standingOf } from './refund.ts'

/** What is left of a lot that an order has given, or that a refund of it gave back. */
export type LeftLot = { readonly lot: string; readonly remainingNanoUsd: bigint }

export type UnspentRequest = {
  readonly lots: readonly LeftLot[]
  readonly reason: string
  readonly actor: string
  readonly trail: (refund: PaymentRefund) => TrailEntry
}

const centNano = 10_000_000n

const wholeCents = (nano: bigint): bigint => (nano / centNano) * centNano

/** The price of what is left, rounded down to the cent: never more than its credit. */
const amountFor = (order: PaymentOrder, remainingNanoUsd: bigint): bigint =>
  wholeCents((refundableWhole(order) * remainingNanoUsd) / order.creditNanoUsd)

type Left = { readonly order: PaymentOrder; readonly remainingNanoUsd: bigint }

/** What is left of each order. A lot is called as the order that gave it, or as the refund of it that came back. */
const leftOf = async ({ store }: CashierParts, lots: readonly LeftLot[]): Promise<readonly Left[]> => {
  const left = new Map<string, Left>()
  for (const { lot, remainingNanoUsd } of lots) {
    const name = lot.slice('lot_'.length)
    const id = (await store.refund(`rfd_${name}`))?.order ?? `ord_${name}`
    const order = left.get(id)?.order ?? (await store.order(id))
    if (order === null || !refundableStates.includes(order.state)) continue
    left.set(id, { order, remainingNanoUsd: (left.get(id)?.remainingNanoUsd ?? 0n) + remainingNanoUsd })
  }
  return [...left.values()]
}

/** The books say which share can go back where a bonus was spent before what was bought: each try comes closer to it. */
const triesMax = 8

/** As much of an amount as the books let go; `null` = nothing of it. */
const refundFree = async (
  parts: CashierParts,
  request: RefundRequest,
  wantedNano: bigint,
): Promise<PaymentRefund | null> => {
  let amountNano = wantedNano
  for (let tried = 1; amountNano > 0n; tried += 1)
    try {
      return await refundOrder(parts, { ...request, amountNano })
    } catch (thrown) {
      const share = thrown instanceof Problem ? thrown.detail.facts?.['free_share_millionths'] : undefined
      if (typeof share !== 'string' || tried >= triesMax) throw thrown
      amountNano = wholeCents((amountNano * BigInt(share)) / 1_000_000n)
    }
  return null
}

export type UnspentResult = {
  readonly refunds: readonly PaymentRefund[]
  /** Orders of which nothing could go back, and why. */
  readonly kept: readonly { readonly order: string; readonly why: string }[]
}

/** Refunds each order by what is left of it. What fails of one does not keep the others. */
export const refundUnspent = async (parts: CashierParts, request: UnspentRequest): Promise<UnspentResult> => {
  const refunds: PaymentRefund[] = []
  const kept: { order: string; why: string }[] = []
  for (const { order, remainingNanoUsd } of await leftOf(parts, request.lots)) {
    const standing = standingOf(await parts.store.refundsOf(order.id))
    const leftNano = refundableWhole(order) - standing.refundedNano - standing.pendingNano
    const wantedNano = amountFor(order, remainingNanoUsd)
    const amountNano = wantedNano < leftNano ? wantedNano : leftNano
    if (amountNano <= 0n) continue
    try {
      const { reason, actor, trail } = request
      const asked = { order: order.id, amountNano, source: 'closing', reason, actor, trail } as const
      const refund = await refundFree(parts, asked, amountNano)
      if (refund !== null) refunds.push(refund)
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      kept.push({ order: order.id, why: thrown.message })
    }
  }
  return { refunds, kept }
}
