/** Notices of processors: believed as far as their signature, and taken as a hint to ask. Acknowledged when what was seen is durable. */

import { asProblem, Problem } from '#base/problem.ts'
import type { Answer } from '#http/inbound.ts'
import type { CashierParts } from './cashier.ts'
import { askAndTake, eventOf, methodOf, moveWith } from './cashier.ts'
import { takeDispute } from './dispute.ts'
import type { Hint, KeptCard, PaymentMethod, RawNotice } from './method.ts'
import { endedStates, openStates } from './order-machine.ts'
import type { PaymentOrder } from './port.ts'
import { sendRefund, takeForeignRefund } from './refund.ts'
import { takeReturned } from './refund-returned.ts'

/** No notice is longer: longer ones are refused before they are read. */
export const noticeBytesMax = 64 * 1024

/** Writes down that a notice came; a repeat of it adds nothing. */
const noteNotice = (parts: CashierParts, order: PaymentOrder, hint: Hint): Promise<PaymentOrder> =>
  moveWith(parts, order.id, async (now) => ({
    state: now.state,
    facts: {},
    events: [
      {
        ...eventOf(now, { kind: 'notice', name: '', state: now.state, timeMs: parts.clock.nowMs(), detail: hint.kind }),
        id: `notice/${hint.id}`.slice(0, 200),
      },
    ],
  }))

/** A card that is left waits until its account says when it is to be charged; a newer one takes the place of the old. */
const keepCard = async ({ store, clock }: CashierParts, order: PaymentOrder, card: KeptCard): Promise<void> => {
  const nowMs = clock.nowMs()
  const kept = {
    kind: 'card_kept',
    name: 'card',
    state: order.state,
    timeMs: nowMs,
    detail: `ending in ${card.ending}`,
  }
  await store.keepCard({ order, card, nowMs, event: eventOf(order, kept) })
}

const orderNamed = async (
  { store }: CashierParts,
  method: PaymentMethod,
  { order: name }: { readonly order: string },
): Promise<PaymentOrder> => {
  const order = await store.order(name)
  // Another method's order is none of this one's: its notices must not touch it.
  if (order !== null && order.method === method.name) return order
  throw new Problem('not_found', { message: `'${method.name}' has no order ${name.slice(0, 64)} here.` })
}

/** A refund notice names one of ours, or one that was made at the processor. */
const takeRefundHint = async (
  parts: CashierParts,
  order: PaymentOrder,
  hint: Extract<Hint, { readonly kind: 'refund' }>,
): Promise<void> => {
  const refunds = await parts.store.refundsOf(order.id)
  const names = [hint.refund, hint.processorId].filter((name) => typeof name === 'string')
  const own = refunds.find(({ id, processorId }) => names.some((name) => name === id || name === processorId))
  const method = methodOf(parts, order.method)
  if (own !== undefined) {
    if (own.state === 'pending' || own.state === 'sent') await sendRefund(parts, own.id)
    if (own.state === 'done' && hint.refund !== null && method.askAgain !== undefined)
      await takeReturned(parts, own.id, await method.askAgain(order, own, hint.refund))
    return
  }
  for (const found of (await method.refunds?.(order, hint.refund)) ?? [])
    if (!refunds.some(({ id, processorId }) => id === found.id || processorId === found.processorId))
      await takeForeignRefund(parts, order.id, {
        processorId: found.processorId,
        amountNano: found.amountNano,
        reason: `made at ${order.method}`,
        source: 'processor',
      })
}

const act = async (parts: CashierParts, method: PaymentMethod, hint: Hint): Promise<void> => {
  if (hint.kind === 'nothing') {
    parts.log.info('a notice is about nothing of ours', { method: method.name, notice: hint.id, why: hint.why })
    return
  }
  const named = await orderNamed(parts, method, hint)
  // What went back was paid before: a payment whose notice was lost, or comes later, is credited first.
  const isPaymentUnseen = openStates.includes(named.state) || endedStates.includes(named.state)
  const order = hint.kind === 'order' || isPaymentUnseen ? await askAndTake(parts, named) : named
  if (hint.kind === 'order' && hint.card !== undefined && order.creditedMs !== null)
    await keepCard(parts, order, hint.card)
  if (hint.kind === 'refund') await takeRefundHint(parts, order, hint)
  if (hint.kind === 'dispute') await takeDispute(parts, order, hint)
  await noteNotice(parts, order, hint)
}

const statusOf = (problem: Problem): number => {
  if (problem.code === 'not_found') return 404
  if (problem.row.status < 500 && problem.row.blame === 'caller') return problem.row.status
  return problem.row.status >= 500 ? problem.row.status : 500
}

/**
 * Answers a notice in the processor's own words: taken, when what was seen is committed, and refused otherwise, so that it
 * comes again. What cannot be believed is refused with 4xx and leaves no trace but a line of the log.
 */
export const takeNotice = async (parts: CashierParts, name: string, notice: RawNotice): Promise<Answer> => {
  const method = methodOf(parts, name)
  try {
    await act(parts, method, await method.readNotice(notice, parts.clock.nowMs()))
    return method.taken
  } catch (thrown) {
    const problem = asProblem(thrown)
    const status = statusOf(problem)
    const facts = { method: name, status, problem: problem.message, bytes: notice.bytes.length }
    if (problem.detail.facts?.['probe'] === true) parts.log.debug('a probe with a wrong signature was refused', facts)
    else if (status < 500) parts.log.warn('a payment notice was refused', facts)
    else parts.log.error('a payment notice could not be taken; it will come again', { ...facts, error: problem })
    return method.refused(status, status < 500 ? problem.message : 'try again later')
  }
}
