/** What is done again and again beside the calls, by one node of those that share a store. */

import type { Emit } from '#base/event.ts'
import type { Log } from '#base/log.ts'
import type { Config } from '#config/config.ts'
import type { ClerkParts } from '#document/clerk.ts'
import { forgetOld } from '#job/forget-old.ts'
import { issueDocuments } from '#job/issue-documents.ts'
import { startPolling } from '#job/poll-payments.ts'
import { rollUsage } from '#job/roll-usage.ts'
import { expiryDays, warnOfExpiry } from '#job/warn-of-expiry.ts'
import type { Courier } from '#notify/courier.ts'
import type { Store } from '#store/face.ts'
import type { Membership } from './cluster.ts'
import { postpaidAccounts } from './documents.ts'
import type { Machine } from './machine.ts'
import type { PaymentRoom } from './payments.ts'
import type { openTelling } from './telling.ts'

type Rooms = {
  readonly request: { readonly config: Config }
  readonly data: { readonly store: Store }
  readonly member: Membership
  readonly telling: Awaited<ReturnType<typeof openTelling>>
  readonly payments: PaymentRoom
  readonly documents: ClerkParts
  readonly emit: Emit
  readonly keep: Courier['keep']
  readonly log: Log
}

/** Goes on until `closing`. */
export const startJobs = (
  { clock }: Machine,
  { request, data, log, payments, documents, telling, emit, keep, member }: Rooms,
  closing: AsyncDisposableStack,
): void => {
  const { store } = data
  const plain = { isMine: member.leads, clock, log }
  const jobs = [
    rollUsage({ ...plain, store }),
    forgetOld({ ...plain, store, retention: request.config.retention }),
    startPolling({ ...plain, ...payments }),
    issueDocuments({
      ...plain,
      clerk: documents,
      payments: store,
      postpaid: () => postpaidAccounts(store),
      keep,
      mails: telling.mails,
    }),
    warnOfExpiry({ ...plain, store, days: () => expiryDays(telling.ports.alerts()), emit }),
  ]
  for (const job of jobs) closing.defer(() => job.close())
}
