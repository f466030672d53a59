/** Leases: holds of nodes, of which their calls draw. */

import { lossEntries } from '#ledger/entry.ts'
import { leaseOwner } from '#ledger/lease.ts'
import { least } from '#ledger/lot.ts'
import type { Ended, SettleRequest } from '#ledger/port.ts'
import { keptLotsOf, placesOf, releaseBudgets } from './hold.ts'
import { post } from './money.ts'
import { moneyNeeded, release, resolveHold } from './settle.ts'
import type { Books } from './statement.ts'

type Lease = { readonly lease: string; readonly account: string; readonly nowMs: number }

/** Ends a lease and forgets it: nothing more will be drawn of it. */
export const endLease = async (books: Books, { lease, nowMs }: Lease): Promise<void> => {
  const [row] = await books.run.hold(books.transaction, [lease])
  if (row === undefined) return
  if (row.state === 'open') await release(books, row, { state: 'voided', nowMs, rule: 'the lease was returned' })
  await books.transaction.deleteFrom('hold').where('call', '=', lease).execute()
}

/** Writes down what calls need of a lease, as its node says. */
export const noteLease = async (
  { transaction, run }: Books,
  { lease, underWayNanoUsd }: { readonly lease: string; readonly underWayNanoUsd: bigint },
): Promise<void> => void (await run.noteUnderWay(transaction, [underWayNanoUsd, lease]))

type Part = Lease & { readonly amountNanoUsd: bigint }

/** Makes a lease smaller. One that keeps back scoped credit stays as it is: which lots that is of, only its end decides. */
export const returnPart = async (books: Books, { lease, account, amountNanoUsd, nowMs }: Part): Promise<bigint> => {
  const { transaction, run } = books
  const [row] = await run.hold(transaction, [lease])
  if (row === undefined || row.state !== 'open' || keptLotsOf(row.lots).parts.length > 0) return 0n
  const byNanoUsd = least(amountNanoUsd, row.amount_nano_usd)
  await run.extendHold(transaction, [-byNanoUsd, row.expires_ms, row.begun, row.proven_nano_usd, lease])
  await run.moveMoney(transaction, [0n, 0n, -byNanoUsd, 0n, account])
  await releaseBudgets(books, placesOf(row.budgets), { heldNanoUsd: byNanoUsd, spentNanoUsd: 0n, account, nowMs })
  return byNanoUsd
}

/** Ends all open leases of an owner. */
export const endLeases = async (books: Books, owner: string, nowMs: number): Promise<number> => {
  const rows = await books.transaction
    .selectFrom('hold')
    .select(['call', 'account'])
    .where('owner', '=', owner)
    .where('state', '=', 'open')
    .execute()
  for (const { call, account } of rows) await endLease(books, { lease: call, account, nowMs })
  return rows.length
}

/**
 * Whoever is forgotten owns nothing any more: its leases are abandoned, its calls are resolved by what is proven of them. The rows of
 * leases stay, so that what is reported later is known to be late.
 */
export const abandonNode = async (books: Books, node: string, nowMs: number): Promise<void> => {
  const rows = await books.transaction.selectFrom('hold').selectAll().where('state', '=', 'open').execute()
  for (const row of rows) {
    if (row.owner === leaseOwner(node))
      await release(books, row, { state: 'voided', nowMs, rule: 'the lease was abandoned' })
    else if (row.owner?.startsWith(`${node}.`) === true) await resolveHold(books, row, nowMs)
  }
}

/** What is reported of a lease that has been abandoned: its customer has the money back, so the operator bears the call. */
export const bookLoss = async (books: Books, part: SettleRequest): Promise<Ended> => {
  const { transaction, run } = books
  const { call, account, key, chargeNanoUsd, nowMs, rule, upstreamCosts } = part
  await moneyNeeded(books, account, nowMs)
  await post(books, {
    id: `loss/${call}`,
    kind: 'adjust',
    account,
    call,
    timeMs: nowMs,
    reason: `reported after its lease was abandoned: ${rule}`,
    entries: lossEntries(chargeNanoUsd, upstreamCosts),
  })
  const times = [nowMs, nowMs, nowMs]
  const why = 'reported after its lease was abandoned: the operator bears it'
  await run.insertHold(transaction, [call, account, key, null, 'lost', 0n, 0n, 0n, null, ...times, null, why, null])
  return { state: 'lost', chargedNanoUsd: 0n, excessNanoUsd: 0n, repeated: false }
}
