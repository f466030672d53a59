/** Issues what is missing: invoices of credited orders, credit notes of refunds that have left. A restart loses none. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { ClerkParts } from '#document/clerk.ts'
import { issueCreditNote, issueInvoice } from '#document/clerk.ts'
import type { PaymentStore } from '#payment/port.ts'
import type { Rounds } from './rounds.ts'
import { goRound } from './rounds.ts'

const everyMs = 5_000
const roundMax = 50

export type IssueDocuments = {
  readonly clerk: ClerkParts
  readonly payments: Pick<PaymentStore, 'order' | 'refund'>
  readonly isMine?: Rounds['isMine']
  readonly clock: Clock
  readonly log: Log
}

/** One round; gives how many documents were issued. Without a seller there are none. */
export const issueMissing = async ({
  clerk,
  payments,
}: Pick<IssueDocuments, 'clerk' | 'payments'>): Promise<number> => {
  if (clerk.seller() === null) return 0
  const missing = await clerk.store.undocumented(roundMax)
  let issued = 0
  for (const id of missing.orders) {
    const order = await payments.order(id)
    if (order === null || order.creditedMs === null) continue
    await issueInvoice(clerk, { ...order, paidMs: order.paidMs ?? order.creditedMs })
    issued += 1
  }
  for (const id of missing.refunds) {
    const refund = await payments.refund(id)
    const order = refund === null ? null : await payments.order(refund.order)
    if (refund === null || order === null) continue
    const { account, currency } = order
    const note = await issueCreditNote(clerk, { ...refund, account, currency })
    if (note !== null) issued += 1
  }
  return issued
}

/** Goes on until `close`, which waits for the round under way. */
export const issueDocuments = (parts: IssueDocuments): { readonly close: () => Promise<void> } =>
  goRound({
    round: async () => {
      await issueMissing(parts)
      return null
    },
    everyMs,
    isMine: parts.isMine,
    failure: { level: 'warn', message: 'documents could not be issued' },
    clock: parts.clock,
    log: parts.log,
  })
