/** A payer's bank takes a payment back, and perhaps gives it again. */

import { telling } from '#base/event-sentences.ts'
import { decimalOf, notBelowZero } from '#base/money.ts'
import type { CashierParts } from './cashier.ts'
import { eventOf, grantsOf, moveWith } from './cashier.ts'
import type { Hint } from './method.ts'
import { stateAfterRefund } from './order-machine.ts'
import type { Deposit, PaymentOrder } from './port.ts'
import { moneyText } from './price.ts'
import { restoredBonus, standingOf, takeForeignRefund } from './refund.ts'

type Dispute = Extract<Hint, { readonly kind: 'dispute' }>

const tell = (parts: CashierParts, order: PaymentOrder, dispute: Dispute): void => {
  const amount = moneyText(dispute.amountNano, order.currency)
  const of = { order: order.id, amount }
  const told = {
    open: () => telling('dispute_opened', { ...of, method: order.method }),
    won: () => telling('dispute_won', of),
    lost: () => telling('dispute_lost', of),
  }[dispute.outcome]()
  parts.emit({
    name: 'payment_disputed',
    account: order.account,
    object: order.id,
    ...told,
    figure: null,
    facts: { method: order.method, dispute: dispute.dispute, outcome: dispute.outcome },
  })
}

/** The money is back, and so is the credit, in lots named after the dispute. */
const won = (parts: CashierParts, id: string, dispute: Dispute): Promise<PaymentOrder> =>
  moveWith(parts, id, async (now) => {
    const refunds = await parts.store.refundsOf(id)
    const taken = refunds.find(({ processorId }) => processorId === dispute.dispute)
    if (taken === undefined || taken.state === 'failed') return null
    const nowMs = parts.clock.nowMs()
    const standing = standingOf(
      refunds.map((one) => (one.id === taken.id ? { ...one, state: 'failed' as const } : one)),
    )
    const [paid] = grantsOf(now, nowMs)
    const isLoss = taken.creditNanoUsd === 0n && now.creditedMs !== null
    const { account, method, currency } = now
    const isWhole = taken.creditNanoUsd > 0n && paid !== undefined && now.creditedMs !== null
    const deposit: Deposit | null = isWhole
      ? {
          grants: [
            {
              ...paid,
              lot: `lot_${taken.id.slice(4)}`,
              amountNanoUsd: taken.creditNanoUsd,
              reason: `dispute ${dispute.dispute} won`,
              settlement: {
                currency: now.currency,
                payNano: taken.amountNano,
                payNanoUsd: taken.cashNanoUsd,
                feeNanoUsd: 0n,
                source: 'payer',
              },
            },
            ...restoredBonus(taken, { account, nowMs, reason: `dispute ${dispute.dispute} won` }),
          ],
          upgrade: null,
        }
      : null
    const disputedNano = now.disputedNano - taken.amountNano
    const state = stateAfterRefund({ ...now, state: disputedNano > 0n ? 'disputed' : 'credited' }, standing)
    return {
      state,
      facts: { disputedNano: notBelowZero(disputedNano) },
      refund: { ...taken, state: 'failed', note: 'the dispute was won' },
      deposit,
      // Booked as a loss when it was taken: no credit was left to take with it.
      disputeFees: isLoss
        ? [{ id: `${taken.id}/won`, account, method, currency, amountNano: -taken.amountNano, reason: taken.reason }]
        : [],
      events: [
        eventOf(now, {
          kind: 'dispute_won',
          name: `won/${dispute.dispute}`,
          state,
          timeMs: nowMs,
          detail: dispute.dispute,
        }),
      ],
    }
  })

const lost = (parts: CashierParts, id: string, dispute: Dispute): Promise<PaymentOrder> =>
  moveWith(parts, id, async (now) => ({
    state: now.state,
    facts: { note: `dispute ${dispute.dispute} lost` },
    events: [
      eventOf(now, {
        kind: 'dispute_lost',
        name: `lost/${dispute.dispute}`,
        state: now.state,
        timeMs: parts.clock.nowMs(),
        detail: dispute.dispute,
      }),
    ],
  }))

/** What the processor took for the dispute itself, or gave back: each movement once, whenever it shows. */
const takeFees = (parts: CashierParts, id: string, dispute: Dispute): Promise<PaymentOrder> =>
  moveWith(parts, id, async (now) => {
    const nameOf = (fee: { readonly id: string }): string => `dispute-fee/${fee.id}`
    const known = new Set((await parts.store.paymentEvents(id)).map((event) => event.id))
    const fresh = dispute.fees.filter((fee) => fee.amountNano !== 0n && !known.has(`${id}/${nameOf(fee)}`))
    if (fresh.length === 0) return null
    const reason = `dispute ${dispute.dispute}`
    return {
      state: now.state,
      facts: {},
      disputeFees: fresh.map((fee) => ({ ...fee, account: now.account, method: now.method, reason })),
      events: fresh.map((fee) =>
        eventOf(now, {
          kind: fee.amountNano > 0n ? 'dispute_fee' : 'dispute_fee_returned',
          name: nameOf(fee),
          state: now.state,
          timeMs: parts.clock.nowMs(),
          detail: `${decimalOf(fee.amountNano)} ${fee.currency}: ${reason}`,
        }),
      ),
    }
  })

/** Idempotent by the dispute: a decision that comes before its beginning begins it too. */
export const takeDispute = async (parts: CashierParts, order: PaymentOrder, dispute: Dispute): Promise<void> => {
  const known = (await parts.store.refundsOf(order.id)).some(({ processorId }) => processorId === dispute.dispute)
  if (!known) {
    const { amountNano } = dispute
    await takeForeignRefund(parts, order.id, {
      processorId: dispute.dispute,
      amountNano,
      reason: `dispute ${dispute.dispute}`,
      source: 'dispute',
    })
    tell(parts, order, { ...dispute, outcome: 'open' })
  }
  await takeFees(parts, order.id, dispute)
  const events = await parts.store.paymentEvents(order.id)
  if (dispute.outcome === 'open' || events.some(({ id }) => id === `${order.id}/${dispute.outcome}/${dispute.dispute}`))
    return
  if (dispute.outcome === 'won') await won(parts, order.id, dispute)
  else await lost(parts, order.id, dispute)
  tell(parts, order, dispute)
}
