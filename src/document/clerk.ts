/** The clerk: documents are issued once for what they are about, numbered, kept, and drawn when they are first asked for. */

import { createHash } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { DocumentContent, Parties, SoldOrder, TaxAdapter } from './content.ts'
import { creditNoteContent, invoiceContent, owedContent, owedIn, statementContent, toCent } from './content.ts'
import type { AccountPeriod, Range } from './month.ts'
import { monthRange, readPeriod } from './month.ts'
import { pdfOf } from './pdf.ts'
import type { BillingProfile, DocumentDraft, DocumentKind, DocumentRow, DocumentStore } from './port.ts'
import { owedSource } from './port.ts'
import type { Seller } from './settings.ts'

export type ClerkParts = {
  readonly store: DocumentStore
  /** `null` = nothing is sold, and no document is issued. */
  readonly seller: () => Seller | null
  readonly tax: TaxAdapter
  /** The font that is shipped. */
  readonly font: () => Promise<Uint8Array>
  /** Name and billing of an account; `null` = there is none. */
  readonly account: (account: string) => Promise<{ readonly name: string; readonly billing: string } | null>
  readonly clock: Clock
  readonly ids: Ids
}

type Trail = ((row: { readonly id: string; readonly source: string }) => TrailEntry) | null

const series: Readonly<Record<DocumentKind, string>> = { invoice: '', statement: '-ST', credit_note: '-CN' }

const partiesOf = async (parts: ClerkParts, account: string): Promise<Parties> => {
  const seller = parts.seller()
  if (seller === null)
    throw new Problem('conflict', {
      ...saying('no_seller'),
    })
  const profile = await parts.store.billingProfile(account)
  const nobody: BillingProfile = {
    name: (await parts.account(account))?.name ?? account,
    address: '',
    taxId: null,
    purchaseOrder: null,
    mail: null,
    language: seller.language,
    reverseCharge: false,
  }
  return { seller, buyer: profile ?? nobody, tax: parts.tax, nowMs: parts.clock.nowMs() }
}

type Issue = {
  readonly account: string
  readonly source: string
  readonly content: (parties: Parties) => DocumentContent
  readonly trail: Trail
}

const issue = async (parts: ClerkParts, { account, source, content, trail }: Issue): Promise<DocumentRow> => {
  const parties = await partiesOf(parts, account)
  const made = content(parties)
  const draft: DocumentDraft = {
    id: parts.ids.next('doc'),
    kind: made.kind,
    account,
    source,
    prefix: `${parties.seller.prefix}${series[made.kind]}`,
    year: Number(made.issued.slice(0, 4)),
    issuedMs: parties.nowMs,
    currency: made.currency,
    totalNano: nanoOf(made.total),
    content: JSON.stringify(made),
  }
  try {
    return await parts.store.issueDocument(draft, trail?.({ id: draft.id, source }) ?? null)
  } catch (thrown) {
    // Somebody else has issued it at the same moment: theirs is the document.
    const theirs = thrown instanceof Problem && thrown.code === 'conflict' ? await parts.store.documentOf(source) : null
    if (theirs === null) throw thrown
    return theirs
  }
}

/** The invoice of a purchase that was credited. */
export const issueInvoice = (
  parts: ClerkParts,
  order: SoldOrder & { readonly account: string },
  trail: Trail = null,
): Promise<DocumentRow> =>
  issue(parts, {
    account: order.account,
    source: `order/${order.id}`,
    content: (parties) => invoiceContent(order, parties),
    trail,
  })

export type PaidBack = {
  readonly id: string
  readonly order: string
  readonly account: string
  readonly currency: string
  readonly amountNano: bigint
  readonly reason: string
}

/** The credit note of money that went back; the invoice that it corrects comes first. `null` = there is none yet. */
export const issueCreditNote = async (parts: ClerkParts, refund: PaidBack): Promise<DocumentRow | null> => {
  const invoice = await parts.store.documentOf(`order/${refund.order}`)
  if (invoice === null) return null
  return issue(parts, {
    account: refund.account,
    source: `refund/${refund.id}`,
    content: (parties) => creditNoteContent({ ...refund, invoice: invoice.number }, parties),
    trail: null,
  })
}

const nothing = (range: Range): AccountPeriod => ({ ...range, sums: [], books: {} })

export type StatementRequest = {
  readonly account: string
  /** `2026-11` */
  readonly month: string
  /** Where it was read before. */
  readonly period?: AccountPeriod
  readonly trail: Trail
}

/** What a month of UTC came to, from the entries of the books. @throws Problem for a month that is not over. */
export const issueStatement = async (parts: ClerkParts, request: StatementRequest): Promise<DocumentRow> => {
  const { account, month, trail } = request
  const range = monthRange(month)
  if (parts.clock.nowMs() < range.untilMs)
    throw new Problem('conflict', {
      ...saying('month_not_over', { month }),
      param: 'month',
    })
  const period = request.period ?? (await readPeriod(parts.store, { ...range, account })).get(account) ?? nothing(range)
  return issue(parts, {
    account,
    source: `statement/${account}/${month}`,
    content: (parties) => statementContent(period, parties),
    trail,
  })
}

/** The invoice of what an account came to owe in a month, which its statement says. `null` = it came to owe nothing. */
export const issueOwed = async (
  parts: ClerkParts,
  request: StatementRequest & { readonly period: AccountPeriod; readonly statement: string },
): Promise<DocumentRow | null> => {
  const { account, month, period, statement, trail } = request
  if (toCent(owedIn(period)) <= 0n) return null
  return issue(parts, {
    account,
    source: owedSource(account, month),
    content: (parties) => owedContent({ month, period, statement }, parties),
    trail,
  })
}

/** The content of a document, held against its hash. @throws Problem where somebody has changed it. */
export const contentOf = (row: DocumentRow): DocumentContent => {
  const hash = createHash('sha256').update(`${row.number}\n${row.content}`).digest('hex')
  if (hash !== row.hash)
    throw new Problem('internal_error', { message: `Document ${row.number} is not what was issued: its hash differs.` })
  return JSON.parse(row.content) as DocumentContent
}

/** The PDF: drawn by the first who asks, then kept as it is. */
export const fileOf = async (parts: Pick<ClerkParts, 'store' | 'font'>, row: DocumentRow): Promise<Uint8Array> => {
  const kept = await parts.store.documentFile(row.id)
  if (kept !== null) return kept
  const bytes = await pdfOf({ number: row.number, content: contentOf(row) }, await parts.font())
  await parts.store.keepDocumentFile(row.id, bytes)
  return (await parts.store.documentFile(row.id)) ?? bytes
}
