/** The end of a call in the books: settled, voided or lost, once. */

import assert from 'node:assert/strict'
import type { Selectable } from 'kysely'
import { notBelowZero } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { chargeEntries, costEntries } from '#ledger/entry.ts'
import { leasePrefix } from '#ledger/lease.ts'
import type { Lot, SpentLot } from '#ledger/lot.ts'
import { least, spendLots } from '#ledger/lot.ts'
import type {
  Ended,
  InterruptedCall,
  Receipt,
  Reservation,
  SettleRequest,
  SweepRequest,
  Swept,
  TerminalState,
  VoidRequest,
} from '#ledger/port.ts'
import { goOn } from '#store/operations/context.ts'
import { insertInterrupted } from '#store/operations/interrupted.ts'
import { ownedBy } from '#store/operations/owner.ts'
import type { HoldTable } from '#store/tables.ts'
import { keptLotsOf, moveReserved, placesOf, releaseBudgets } from './hold.ts'
import type { AccountMoney } from './money.ts'
import { lotsOf, moneyAt, post, takeFromLots } from './money.ts'
import type { Books } from './statement.ts'

type Hold = Selectable<HoldTable>

/** How a call that has ended did. */
export const answerOf = (row: Hold): Ended => {
  assert(row.state !== 'open' && row.charged_nano_usd !== null, 'a call that has ended has a charge')
  return {
    state: row.state as TerminalState,
    chargedNanoUsd: row.charged_nano_usd,
    excessNanoUsd: row.excess_nano_usd,
    repeated: true,
  }
}

/** What the books say of a call. */
export const callMoneyOf = (row: Hold): Receipt => ({
  call: row.call,
  account: row.account,
  key: row.key,
  state: row.state as Receipt['state'],
  heldNanoUsd: row.amount_nano_usd,
  chargedNanoUsd: row.charged_nano_usd,
  priceHash: row.price_hash,
  rule: row.rule,
})

/** @throws Problem `not_found` for an account that the books do not know. */
export const moneyNeeded = (books: Books, account: string, nowMs: number): AccountMoney | Promise<AccountMoney> =>
  goOn(moneyAt(books, account, nowMs), (money) => {
    if (money !== null) return money
    throw new Problem('not_found', { message: `There is no account ${account}.`, param: 'account' })
  })

type Charge = SettleRequest & {
  readonly own: readonly Reservation[]
  /** The account's lots where they have been read already. */
  readonly lots?: readonly Lot[] | null
}

type Charged = {
  readonly uncoveredNanoUsd: bigint
  readonly spent: readonly SpentLot[]
  /** What was looked at; `null` = there was no need to. */
  readonly lots: readonly Lot[] | null
}

/** Spends lots for a charge and posts it; gives what of it became debt. */
export const charge = async (
  books: Books,
  money: AccountMoney,
  { own, lots: known = null, ...request }: Charge,
): Promise<Charged> => {
  const { call, chargeNanoUsd, nowMs, rule, upstreamCosts } = request
  const { account, billing } = money
  const lots = chargeNanoUsd === 0n || money.creditNanoUsd === 0n ? known : (known ?? (await lotsOf(books, account)))
  const { spent, uncoveredNanoUsd } = spendLots(lots ?? [], {
    amountNanoUsd: chargeNanoUsd,
    own,
    names: request.model ?? [],
  })
  await moveReserved(books, account, { parts: own, sign: -1n })
  await takeFromLots(books, account, spent)
  await post(books, {
    id: `settle/${call}`,
    kind: 'settle',
    account,
    call,
    timeMs: nowMs,
    reason: rule,
    entries: [...chargeEntries({ account, billing, spent, uncoveredNanoUsd }), ...costEntries(upstreamCosts)],
  })
  return { uncoveredNanoUsd, spent, lots }
}

/** The metered call of an account that is never refused, or one whose hold was kept elsewhere. */
export const settleUnheld = async (books: Books, request: SettleRequest): Promise<Ended> => {
  const { transaction, run } = books
  const { call, account, key, chargeNanoUsd, nowMs, priceHash, rule } = request
  const money = await moneyNeeded(books, account, nowMs)
  const { uncoveredNanoUsd } = await charge(books, money, { ...request, own: [] })
  // Where there is no floor nothing needs to be held, so that nothing can be beyond it.
  const excessNanoUsd = money.billing === 'unlimited' ? 0n : chargeNanoUsd
  await run.insertHold(transaction, [
    call,
    account,
    key,
    null,
    'settled',
    0n,
    chargeNanoUsd,
    excessNanoUsd,
    null,
    nowMs,
    nowMs,
    nowMs,
    priceHash,
    rule,
    null,
  ])
  await run.moveMoney(transaction, [uncoveredNanoUsd - chargeNanoUsd, uncoveredNanoUsd, 0n, chargeNanoUsd, account])
  return { state: 'settled', chargedNanoUsd: chargeNanoUsd, excessNanoUsd, repeated: false }
}

/** Settles a call whose hold is open; `null` = there is none, or none any more. */
const settleHeld = async (books: Books, request: SettleRequest): Promise<Ended | null> => {
  const { transaction, run } = books
  const { call, chargeNanoUsd, nowMs, priceHash, rule } = request
  const charges = [chargeNanoUsd, chargeNanoUsd, chargeNanoUsd]
  const [row] = await run.settleHold(transaction, [...charges, nowMs, priceHash, rule, call])
  if (row === undefined) return null
  const { account, amount_nano_usd: heldNanoUsd } = row
  const money = await moneyNeeded(books, account, nowMs)
  const { uncoveredNanoUsd } = await charge(books, money, {
    ...request,
    account,
    own: keptLotsOf(row.lots).parts,
  })
  const excessNanoUsd = notBelowZero(chargeNanoUsd - heldNanoUsd)
  await run.moveMoney(transaction, [
    uncoveredNanoUsd - chargeNanoUsd,
    uncoveredNanoUsd,
    -heldNanoUsd,
    chargeNanoUsd,
    account,
  ])
  await releaseBudgets(books, placesOf(row.budgets), { heldNanoUsd, spentNanoUsd: chargeNanoUsd, account, nowMs })
  return { state: 'settled', chargedNanoUsd: chargeNanoUsd, excessNanoUsd, repeated: false }
}

/** Settles a call, with or without a hold. A call that has ended gives its first answer. */
export const settleCall = async (books: Books, request: SettleRequest): Promise<Ended> => {
  if (request.chargeNanoUsd < 0n)
    throw new Problem('invalid_request_error', { message: 'A charge is never negative.', param: 'chargeNanoUsd' })
  const ended = await settleHeld(books, request)
  if (ended !== null) return ended
  const [row] = await books.run.hold(books.transaction, [request.call])
  return row === undefined ? settleUnheld(books, request) : answerOf(row)
}

/** Ends a hold without a charge. What the attempts cost the operator is booked all the same. */
export const release = async (
  books: Books,
  row: Hold,
  how: { readonly state: 'voided' | 'lost'; readonly nowMs: number; readonly rule: string },
): Promise<Ended> => {
  const { transaction, run } = books
  const { state, nowMs, rule } = how
  await run.endHold(transaction, [state, 0n, 0n, nowMs, null, rule, row.call])
  await run.moveMoney(transaction, [0n, 0n, -row.amount_nano_usd, 0n, row.account])
  await moveReserved(books, row.account, { parts: keptLotsOf(row.lots).parts, sign: -1n })
  await releaseBudgets(books, placesOf(row.budgets), {
    heldNanoUsd: row.amount_nano_usd,
    spentNanoUsd: 0n,
    account: row.account,
    nowMs,
  })
  return { state, chargedNanoUsd: 0n, excessNanoUsd: 0n, repeated: false }
}

const bookCosts = (books: Books, { call, account, nowMs, rule, upstreamCosts }: VoidRequest): Promise<void> =>
  post(books, {
    id: `cost/${call}`,
    kind: 'cost',
    account,
    call,
    timeMs: nowMs,
    reason: rule,
    entries: costEntries(upstreamCosts),
  })

/** Voids a call's hold; a call without one is written down as voided, or lost. */
export const voidCall = async (books: Books, request: VoidRequest): Promise<Ended> => {
  const { transaction, run } = books
  const { call, account, key, nowMs, rule } = request
  const [row] = await run.hold(transaction, [call])
  if (row !== undefined && row.state !== 'open') return answerOf(row)
  await bookCosts(books, request)
  const state = request.lost === true ? 'lost' : 'voided'
  if (row !== undefined) return release(books, row, { state, nowMs, rule })
  await run.insertHold(transaction, [
    call,
    account,
    key,
    null,
    state,
    0n,
    0n,
    0n,
    null,
    nowMs,
    nowMs,
    nowMs,
    null,
    rule,
    null,
  ])
  return { state, chargedNanoUsd: 0n, excessNanoUsd: 0n, repeated: false }
}

/** Resolves a hold that nobody ends any more, by what is proven of it. */
export const resolveHold = async (books: Books, row: Hold, nowMs: number): Promise<Ended> => {
  if (row.proven_nano_usd !== null)
    return settleCall(books, {
      call: row.call,
      account: row.account,
      key: row.key,
      chargeNanoUsd: least(row.proven_nano_usd, row.amount_nano_usd),
      nowMs,
      priceHash: null,
      rule: 'interrupted: settled for what was proven',
      upstreamCosts: [],
    })
  if (row.begun !== 0n) return release(books, row, { state: 'lost', nowMs, rule: 'interrupted: nothing is proven' })
  return release(books, row, { state: 'voided', nowMs, rule: 'interrupted: no answer had begun' })
}

/** Resolves holds that are past their end, or another process's, by what is proven of them. */
export const sweepHolds = async (
  books: Books,
  { nowMs, owner, ownersOf = '', limit }: SweepRequest,
): Promise<Swept> => {
  let query = books.transaction.selectFrom('hold').selectAll().where('state', '=', 'open').limit(limit)
  query =
    owner === null
      ? query.where('expires_ms', '<=', BigInt(nowMs)).orderBy('expires_ms')
      : query.where((where) =>
          where.or([
            where('expires_ms', '<=', BigInt(nowMs)),
            where.and([where('owner', '!=', owner), ownedBy(ownersOf)]),
          ]),
        )
  const swept = { settled: 0, voided: 0, lost: 0 }
  const interrupted: InterruptedCall[] = []
  for (const row of await query.execute()) {
    const { state, chargedNanoUsd } = await resolveHold(books, row, nowMs)
    swept[state] += 1
    // The record of any other call may still come: from a process that runs, or from a node's journal.
    if (owner === null || row.owner === null || row.owner === owner || row.call.startsWith(leasePrefix)) continue
    const { call, account, key } = row
    const [ended] = await books.run.hold(books.transaction, [call])
    const begun = row.begun !== 0n || row.proven_nano_usd !== null
    const beganMs = Number(row.created_ms)
    interrupted.push({ call, account, key, beganMs, begun, state, chargedNanoUsd, rule: ended?.rule ?? '' })
  }
  await insertInterrupted(books.transaction, interrupted)
  return swept
}
