/** A refund that had left comes back days later: the payer's bank would not have it. The money is here again, and the credit is the account's. */

import type { CashierParts } from './cashier.ts'
import { eventOf, isClosedAccount, moveWith } from './cashier.ts'
import type { RefundSeen } from './method.ts'
import { stateAfterRefund } from './order-machine.ts'
import type { PaymentOrder, PaymentRefund } from './port.ts'
import { restored, standingOf, tellOfRefund } from './refund.ts'

/** The name of the event that a refund has come back. */
export const returnedEvent = (refund: string): string => `${refund}/returned`

type Failed = Extract<RefundSeen, { readonly kind: 'failed' }>

/** Books the pay-out backwards and gives the credit again, once. `isGiven` false: the account takes none, and a person pays it out. */
const bookReturned = (
  parts: CashierParts,
  found: PaymentRefund,
  { why, isGiven }: { readonly why: string; readonly isGiven: boolean },
): Promise<PaymentOrder> =>
  moveWith(parts, found.order, async (now) => {
    const refunds = await parts.store.refundsOf(now.id)
    const refund = refunds.find(({ id }) => id === found.id)
    if (refund?.state !== 'done') return null
    const nowMs = parts.clock.nowMs()
    const returned: PaymentRefund = { ...refund, state: 'failed', endedMs: nowMs, nextPollMs: null, note: why }
    const standing = standingOf(refunds.map((one) => (one.id === refund.id ? returned : one)))
    const state = stateAfterRefund(now, standing)
    const isBooked = now.creditedMs !== null
    const { account, method, currency } = now
    const { id, amountNano, cashNanoUsd } = refund
    return {
      state,
      facts: { refundedNano: standing.refundedNano },
      refund: returned,
      payOut: isBooked ? { id, account, method, currency, amountNano, cashNanoUsd, back: true } : null,
      deposit: isBooked && isGiven ? restored(now, refund, nowMs) : null,
      events: [eventOf(now, { kind: 'refund_returned', name: returnedEvent(id), state, timeMs: nowMs, detail: why })],
    }
  })

const takeFailed = async (parts: CashierParts, found: PaymentRefund, { why }: Failed): Promise<void> => {
  let order: PaymentOrder
  let isClosed = false
  try {
    order = await bookReturned(parts, found, { why, isGiven: true })
  } catch (thrown) {
    if (!isClosedAccount(thrown)) throw thrown
    order = await bookReturned(parts, found, { why, isGiven: false })
    isClosed = true
  }
  tellOfRefund(parts, found, { order, how: { kind: 'came_back', problem: why, isClosed } })
}

/** It waits for a person at the processor, and is still on its way to the payer: told once. */
const noteWaiting = async (parts: CashierParts, found: PaymentRefund, note: string): Promise<void> => {
  const order = await moveWith(parts, found.order, async (now) => {
    const refund = await parts.store.refund(found.id)
    if (refund?.state !== 'done' || refund.note === note) return null
    return { state: now.state, facts: {}, refund: { ...refund, note }, events: [] }
  })
  if (found.note !== note) tellOfRefund(parts, found, { order, how: { kind: 'left_waits', note } })
}

/** What the processor says now of a refund that was done; that it is done is known. */
export const takeReturned = async (parts: CashierParts, id: string, seen: RefundSeen): Promise<void> => {
  const found = await parts.store.refund(id)
  if (found?.state !== 'done') return
  if (seen.kind === 'failed') await takeFailed(parts, found, seen)
  if (seen.kind === 'sent' && seen.note !== undefined) await noteWaiting(parts, found, seen.note)
}
