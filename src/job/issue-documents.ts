/**
 * Issues what is missing - invoices of credited orders, credit notes of refunds that have left, statements of the month - and tells of it.
 * A restart loses none.
 */

import type { Clock } from '#base/clock.ts'
import { telling } from '#base/event-sentences.ts'
import { firstIdAt, idFrom } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { decimalOf } from '#base/money.ts'
import type { ClerkParts } from '#document/clerk.ts'
import { issueCreditNote, issueInvoice } from '#document/clerk.ts'
import { dueInvoices, owedSince } from '#document/due.ts'
import { endMonth } from '#document/month-end.ts'
import type { DocumentRow } from '#document/port.ts'
import type { Courier } from '#notify/courier.ts'
import type { PaymentStore } from '#payment/port.ts'
import type { Rounds } from './rounds.ts'
import { goRound } from './rounds.ts'

const everyMs = 5_000
const roundMax = 50
const monthEveryMs = 3_600_000
/** Months that one round catches up with. */
const monthsMax = 24
const dayMs = 86_400_000
/** Documents are told of by whoever finds them within this time, so that a crash between issuing and telling loses none. */
const toldWithinMs = dayMs
const againMs = 600_000
const pageMax = 1000
const pagesMax = 1000

export type IssueDocuments = {
  readonly clerk: ClerkParts
  readonly payments: Pick<PaymentStore, 'order' | 'refund'>
  /** Accounts that buy on account. */
  readonly postpaid: () => Promise<readonly string[]>
  readonly keep: Courier['keep']
  /** Whether mail can be sent. */
  readonly mails: () => boolean
  readonly isMine?: Rounds['isMine']
  readonly clock: Clock
  readonly log: Log
}

/** The recipient that a buyer is in the outbox. */
export const buyerName = (account: string): string => `buyer:${account}`

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

const tellOne = async ({ clerk, keep, mails }: IssueDocuments, row: DocumentRow): Promise<void> => {
  const { number, account, kind, currency, issuedMs } = row
  const total = `${decimalOf(row.totalNano)} ${currency}`
  const profile = await clerk.store.billingProfile(account)
  const event = {
    id: idFrom('evt', issuedMs, `document_issued ${number}`),
    name: 'document_issued',
    account,
    object: number,
    ...telling('document_issued', { number, total, account }),
    figure: null,
    facts: { number, kind, total },
  } as const
  await keep(event, mails() && (profile?.mail ?? null) !== null ? [buyerName(account)] : [])
}

/** Tells of the documents behind this id but for those of `told`, each once; gives all that are there. */
export const tellIssued = async (
  parts: IssueDocuments,
  from: string,
  told: ReadonlySet<string>,
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  let after = from
  for (let page = 0; page < pagesMax; page += 1) {
    const rows = await parts.clerk.store.documents({ limit: pageMax, after, account: null, kind: null })
    for (const row of rows) {
      if (!told.has(row.id)) await tellOne(parts, row)
      found.add(row.id)
    }
    after = rows.at(-1)?.id ?? after
    if (rows.length < pageMax) break
  }
  return found
}

/** Tells once of each invoice on account that is past its day. Goes through the books of the month once, for all accounts. */
export const tellOverdue = async ({ clerk, postpaid, keep }: IssueDocuments): Promise<void> => {
  const accounts = await postpaid()
  if (accounts.length === 0) return
  const since = await owedSince(clerk, null)
  for (const account of accounts)
    for (const { row, dueOn, unpaidNanoUsd, isOverdue } of await dueInvoices(clerk, account, since)) {
      if (!isOverdue) continue
      const unpaid = decimalOf(unpaidNanoUsd)
      const event = {
        id: idFrom('evt', row.issuedMs, `invoice_overdue ${row.number}`),
        name: 'invoice_overdue',
        account,
        object: row.number,
        ...telling('invoice_overdue', { number: row.number, account, usd: unpaid, day: dueOn }),
        figure: null,
        facts: { number: row.number, due_on: dueOn, unpaid_usd: unpaid },
      } as const
      await keep(event, [])
    }
}

/** Goes on until `close`, which waits for the round under way. */
export const issueDocuments = (parts: IssueDocuments): { readonly close: () => Promise<void> } => {
  const { clerk, clock, log } = parts
  let [monthMs, overdueMs] = [0, 0]
  let told: ReadonlySet<string> = new Set()
  let lookedFrom = firstIdAt('doc', clock.nowMs() - toldWithinMs)
  const round = async (): Promise<null> => {
    const nowMs = clock.nowMs()
    await issueMissing(parts)
    if (nowMs >= monthMs && clerk.seller() !== null) {
      monthMs = nowMs + monthEveryMs
      for (let months = 0; months < monthsMax; months += 1) {
        const ended = await endMonth(clerk)
        if (ended === null) break
        log.info('a month has its statements', ended)
      }
    }
    if (nowMs >= overdueMs && clerk.seller() !== null) {
      overdueMs = nowMs + dayMs
      await tellOverdue(parts)
    }
    told = await tellIssued(parts, lookedFrom, told)
    // Another node's document may come into sight behind a newer one: the last minutes are looked at again.
    lookedFrom = firstIdAt('doc', nowMs - againMs)
    return null
  }
  const failure = { level: 'warn', message: 'documents could not be issued' } as const
  return goRound({ round, everyMs, isMine: parts.isMine, failure, clock, log })
}
