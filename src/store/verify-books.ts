/** The proof of the books on a live store: stretch by stretch, so that calls get their turn in between. */

import type { Audit } from '#ledger/audit.ts'
import { makeAudit } from '#ledger/audit.ts'
import type { AuditFinding, Verdict } from '#ledger/port.ts'
import type { ClaimPage, EntryStretch } from './operations/books/audit.ts'
import type { Execute } from './operations/index.ts'

/** Reads pages of claims until none is left, adding up the entries that come with each. */
const readClaims = async <T>(
  page: (after: string | null) => Promise<ClaimPage<T>>,
  take: {
    readonly claim: (claim: T) => void
    readonly entries: (stretch: EntryStretch) => void
    readonly find: (findings: readonly AuditFinding[]) => void
  },
): Promise<void> => {
  let after: string | null = null
  for (;;) {
    const answer: ClaimPage<T> = await page(after)
    take.entries(answer.entries)
    if (answer.entries.behind) continue
    for (const claim of answer.claims) take.claim(claim)
    take.find(answer.findings)
    if (answer.next === null) return
    after = answer.next
  }
}

const readHolds = async (execute: Execute, audit: Audit, nowMs: number) => {
  let after = 0n
  let [calls, openHolds] = [0, 0]
  for (;;) {
    const stretch = await execute('auditHolds', { after, nowMs })
    audit.find(stretch.findings)
    calls += stretch.calls
    openHolds += stretch.openHolds
    if (!stretch.behind) return { calls, openHolds }
    after = stretch.upTo
  }
}

/** Proves from the entries alone that sums are zero, balances and lots replay, and every call ended once. */
export const verifyBooks = async (execute: Execute, nowMs: number): Promise<Verdict> => {
  const audit = makeAudit()
  let entriesAfter = 0n
  let transactions = 0
  const entries = (stretch: EntryStretch): void => {
    audit.add(stretch.sums)
    audit.find(stretch.findings)
    transactions += stretch.transactions
    entriesAfter = stretch.upTo
  }
  const { find } = audit
  const { calls, openHolds } = await readHolds(execute, audit, nowMs)
  await readClaims((after) => execute('auditAccounts', { after, entriesAfter }), {
    claim: audit.account,
    entries,
    find,
  })
  await readClaims((after) => execute('auditLots', { after, entriesAfter }), { claim: audit.lot, entries, find })
  const problems = audit.findings()
  return { ok: problems.length === 0, transactions, calls, openHolds, problems }
}
