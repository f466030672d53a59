/** What of the invoices on account is still to be paid: money that comes in pays the oldest first. */

import { nanoOf } from '#base/money.ts'
import type { ClerkParts } from './clerk.ts'
import { contentOf } from './clerk.ts'
import { owedIn } from './content.ts'
import { monthRange, readPeriod } from './month.ts'
import type { DocumentRow } from './port.ts'
import { owedSource } from './port.ts'

const pageMax = 1000
/** Invoices of an account: eighty years of months and as many purchases. */
const pagesMax = 100
/** An invoice is rounded to the cent, and the debt is not. */
const roundingNano = 5_000_000n

export type DueInvoice = {
  readonly row: DocumentRow
  /** The day, of UTC. */
  readonly dueOn: string
  readonly unpaidNanoUsd: bigint
  readonly isOverdue: boolean
}

const invoicesOf = async ({ store }: ClerkParts, account: string): Promise<readonly DocumentRow[]> => {
  const found: DocumentRow[] = []
  let after: string | null = null
  for (let page = 0; page < pagesMax; page += 1) {
    const rows: readonly DocumentRow[] = await store.documents({ limit: pageMax, after, account, kind: 'invoice' })
    found.push(...rows.filter(({ source }) => source.startsWith(owedSource(account, ''))))
    if (rows.length < pageMax) break
    after = rows.at(-1)?.id ?? null
  }
  return found
}

/** Shares out what is unpaid of the debts, given from the oldest to the newest: the newest are unpaid first. */
export const unpaidOf = (debtsNanoUsd: readonly bigint[], owedNanoUsd: bigint): readonly bigint[] => {
  let left = owedNanoUsd > 0n ? owedNanoUsd : 0n
  return debtsNanoUsd
    .toReversed()
    .map((debt) => {
      const unpaid = left < debt ? left : debt
      left -= unpaid
      return unpaid <= roundingNano ? 0n : unpaid
    })
    .toReversed()
}

/** The invoices of an account that are not paid, the oldest first. */
export const dueInvoices = async (parts: ClerkParts, account: string): Promise<readonly DueInvoice[]> => {
  const invoices = await invoicesOf(parts, account)
  const newest = invoices.at(-1)
  if (newest === undefined) return []
  const nowMs = parts.clock.nowMs()
  const { untilMs } = monthRange(newest.source.slice(owedSource(account, '').length))
  const since = (await readPeriod(parts.store, { account, fromMs: untilMs, untilMs: nowMs + 1 })).get(account)
  const invoicedNanoUsd = (await parts.store.owedBy(account)) - (since === undefined ? 0n : owedIn(since))
  const contents = invoices.map(contentOf)
  const unpaid = unpaidOf(
    contents.map(({ due }) => nanoOf(due)),
    invoicedNanoUsd,
  )
  const today = new Date(nowMs).toISOString().slice(0, 10)
  return invoices.flatMap((row, index) => {
    const unpaidNanoUsd = unpaid[index] ?? 0n
    const dueOn = contents[index]?.dueOn ?? contents[index]?.issued ?? ''
    return unpaidNanoUsd === 0n ? [] : [{ row, dueOn, unpaidNanoUsd, isOverdue: dueOn < today }]
  })
}
