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

/** What accounts came to owe since the last month that has its invoices; `account: null` = all, in one pass. */
export const owedSince = async (
  { store, clock }: ClerkParts,
  account: string | null,
): Promise<ReadonlyMap<string, bigint>> => {
  const month = await store.statedMonth()
  if (month === null) return new Map()
  const range = { fromMs: monthRange(month).untilMs, untilMs: clock.nowMs() + 1 }
  const periods = await readPeriod(store, { ...range, account })
  return new Map([...periods].map(([name, period]) => [name, owedIn(period)]))
}

/** The invoices of an account that are not paid, the oldest first. `since`: where it was read for many accounts at once. */
export const dueInvoices = async (
  parts: ClerkParts,
  account: string,
  since?: ReadonlyMap<string, bigint>,
): Promise<readonly DueInvoice[]> => {
  const invoices = await invoicesOf(parts, account)
  if (invoices.length === 0) return []
  const nowMs = parts.clock.nowMs()
  const uninvoicedNanoUsd = (since ?? (await owedSince(parts, account))).get(account) ?? 0n
  const invoicedNanoUsd = (await parts.store.owedBy(account)) - uninvoicedNanoUsd
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
