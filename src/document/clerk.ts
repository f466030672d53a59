/** The clerk: documents are issued once for what they are about, numbered, kept, and drawn when they are first asked for. */

import { createHash } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { DocumentContent, Parties, SoldOrder, TaxAdapter } from './content.ts'
import { creditNoteContent, invoiceContent, statementContent } from './content.ts'
import { pdfOf } from './pdf.ts'
import type { BillingProfile, DocumentDraft, DocumentKind, DocumentRow, DocumentStore, StatementSum } from './port.ts'
import type { Seller } from './settings.ts'

export type ClerkParts = {
  readonly store: DocumentStore
  /** `null` = nothing is sold, and no document is issued. */
  readonly seller: () => Seller | null
  readonly tax: TaxAdapter
  /** The font that is shipped. */
  readonly font: () => Promise<Uint8Array>
  readonly accountName: (account: string) => Promise<string>
  readonly clock: Clock
  readonly ids: Ids
}

type Trail = ((row: { readonly id: string; readonly source: string }) => TrailEntry) | null

/** Stretches of a statement: twenty million charges a month. */
const stretchesMax = 10_000
const series: Readonly<Record<DocumentKind, string>> = { invoice: '', statement: '-ST', credit_note: '-CN' }

const partiesOf = async (parts: ClerkParts, account: string): Promise<Parties> => {
  const seller = parts.seller()
  if (seller === null)
    throw new Problem('conflict', {
      message: 'Nothing says who sells: set "seller: { name, address }" in drover.yaml, then documents are issued.',
    })
  const profile = await parts.store.billingProfile(account)
  const nobody: BillingProfile = {
    name: await parts.accountName(account),
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

const merged = (sums: readonly StatementSum[]): readonly StatementSum[] => {
  const found = new Map<string, StatementSum>()
  for (const sum of sums) {
    const key = JSON.stringify([sum.model, sum.priceHash])
    const before = found.get(key)
    found.set(
      key,
      before === undefined
        ? sum
        : {
            ...sum,
            calls: before.calls + sum.calls,
            inputTokens: before.inputTokens + sum.inputTokens,
            cachedTokens: before.cachedTokens + sum.cachedTokens,
            outputTokens: before.outputTokens + sum.outputTokens,
            amountNanoUsd: before.amountNanoUsd + sum.amountNanoUsd,
          },
    )
  }
  return [...found.values()].sort((a, b) => ((a.model ?? '') < (b.model ?? '') ? -1 : 1))
}

/** What a month of UTC (`2026-11`) came to, from the entries of the books. @throws Problem for a month that is not over. */
export const issueStatement = async (
  parts: ClerkParts,
  { account, month, trail }: { readonly account: string; readonly month: string; readonly trail: Trail },
): Promise<DocumentRow> => {
  const fromMs = Date.parse(`${month}-01T00:00:00Z`)
  const from = new Date(fromMs)
  const untilMs = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1)
  if (parts.clock.nowMs() < untilMs)
    throw new Problem('conflict', {
      message: `${month} is not over: its statement is issued afterwards.`,
      param: 'month',
    })
  const sums: StatementSum[] = []
  const books: Record<string, bigint> = {}
  let after: bigint | null = 0n
  for (let stretch = 0; after !== null && stretch < stretchesMax; stretch += 1) {
    const read: Awaited<ReturnType<DocumentStore['statementStretch']>> = await parts.store.statementStretch({
      account,
      fromMs,
      untilMs,
      after,
    })
    sums.push(...read.sums)
    for (const [book, amount] of Object.entries(read.books)) books[book] = (books[book] ?? 0n) + amount
    after = read.after
  }
  if (after !== null)
    throw new Problem('overloaded', { message: `${month} of ${account} has too many charges for one statement.` })
  return issue(parts, {
    account,
    source: `statement/${account}/${month}`,
    content: (parties) => statementContent({ fromMs, untilMs, sums: merged(sums), books }, parties),
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
export const fileOf = async (parts: ClerkParts, row: DocumentRow): Promise<Uint8Array> => {
  const kept = await parts.store.documentFile(row.id)
  if (kept !== null) return kept
  const bytes = await pdfOf({ number: row.number, content: contentOf(row) }, await parts.font())
  await parts.store.keepDocumentFile(row.id, bytes)
  return (await parts.store.documentFile(row.id)) ?? bytes
}
