/** A hold that is settled part by part: each part is a call of its own, and takes of what is held what it costs. */

import type { Selectable } from 'kysely'
import { Problem } from '#base/problem.ts'
import type { Lot, SpentLot } from '#ledger/lot.ts'
import { least } from '#ledger/lot.ts'
import type { DrawRequest, Ended, Reservation, SettleRequest } from '#ledger/port.ts'
import type { HoldTable } from '#store/tables.ts'
import { keptLotsOf, keptLotsText, moveReserved, placesOf, releaseBudgets } from './hold.ts'
import { bookLoss } from './lease.ts'
import type { AccountMoney } from './money.ts'
import { answerOf, charge, moneyNeeded, settleUnheld } from './settle.ts'
import type { Books } from './statement.ts'

type Hold = Selectable<HoldTable>

/** A statement holds no more places than this. */
const holdsPerReadMax = 500

const leftOf = (parts: readonly Reservation[], spent: ReadonlyMap<string, bigint>): readonly Reservation[] =>
  parts.flatMap(({ lot, amountNanoUsd }) => {
    const left = amountNanoUsd - (spent.get(lot) ?? 0n)
    return left > 0n ? [{ lot, amountNanoUsd: left }] : []
  })

const holdsOf = async ({ transaction }: Books, calls: readonly string[]): Promise<ReadonlyMap<string, Hold>> => {
  const found = new Map<string, Hold>()
  for (let start = 0; start < calls.length; start += holdsPerReadMax) {
    const some = calls.slice(start, start + holdsPerReadMax)
    const rows = await transaction.selectFrom('hold').selectAll().where('call', 'in', some).execute()
    for (const row of rows) found.set(row.call, row)
  }
  return found
}

/** An account as parts before this one left it, so that it is read once for many: nobody asks more of its money than whether it once had some. */
type Standing = { readonly money: AccountMoney; readonly lots: readonly Lot[] | null }

/** Of scoped lots other holds keep back as well: they are read anew each time. */
const standingAfter = ({ money, lots }: Standing, spent: readonly SpentLot[]): Standing | null => {
  if (money.scopedNanoUsd !== 0n) return null
  const taken = new Map(spent.map(({ lot, amountNanoUsd }) => [lot.id, amountNanoUsd]))
  const left = lots?.map((lot): Lot => ({ ...lot, remainingNanoUsd: lot.remainingNanoUsd - (taken.get(lot.id) ?? 0n) }))
  return { money, lots: left ?? null }
}

const isPast = ({ money: { expiryMs } }: Standing, nowMs: number): boolean => expiryMs !== null && expiryMs <= nowMs

type Drawn = { readonly ended: Ended; readonly left: Hold; readonly standing: Standing | null }

/** Settles one part of an open hold; gives what is left of it. */
const drawPart = async (
  books: Books,
  { row, standing: known }: { readonly row: Hold; readonly standing: Standing | null },
  part: SettleRequest,
): Promise<Drawn> => {
  const { transaction, run } = books
  const { account } = row
  const { call, key, chargeNanoUsd, nowMs, priceHash, rule } = part
  const takenNanoUsd = least(chargeNanoUsd, row.amount_nano_usd)
  const { models, parts } = keptLotsOf(row.lots)
  const before =
    known !== null && !isPast(known, nowMs) ? known : { money: await moneyNeeded(books, account, nowMs), lots: null }
  const { money } = before
  const charged = await charge(books, money, { ...part, account, own: parts, lots: before.lots })
  const { uncoveredNanoUsd, spent } = charged
  let { lots } = row
  if (parts.length > 0) {
    const left = leftOf(parts, new Map(spent.map(({ lot, amountNanoUsd }) => [lot.id, amountNanoUsd])))
    await moveReserved(books, account, { parts: left, sign: 1n })
    lots = keptLotsText({ models, parts: left })
    await run.keepLots(transaction, [lots, row.call])
  }
  const excessNanoUsd = money.billing === 'unlimited' ? 0n : chargeNanoUsd - takenNanoUsd
  const times = [nowMs, nowMs, nowMs]
  const amounts = [takenNanoUsd, chargeNanoUsd, excessNanoUsd]
  await run.insertHold(transaction, [
    call,
    account,
    key,
    null,
    'settled',
    ...amounts,
    null,
    ...times,
    priceHash,
    rule,
    null,
  ])
  await run.extendHold(transaction, [-takenNanoUsd, row.expires_ms, 1, row.proven_nano_usd, row.call])
  await run.moveMoney(transaction, [
    uncoveredNanoUsd - chargeNanoUsd,
    uncoveredNanoUsd,
    -takenNanoUsd,
    chargeNanoUsd,
    account,
  ])
  await releaseBudgets(books, placesOf(row.budgets), {
    heldNanoUsd: takenNanoUsd,
    spentNanoUsd: chargeNanoUsd,
    account,
    nowMs,
  })
  return {
    ended: { state: 'settled', chargedNanoUsd: chargeNanoUsd, excessNanoUsd, repeated: false },
    left: { ...row, lots, amount_nano_usd: row.amount_nano_usd - takenNanoUsd },
    standing: standingAfter({ money, lots: charged.lots }, spent),
  }
}

/**
 * Settles parts of a hold, each once however often it is told; a part of a hold that is not there or has ended is settled as a call
 * without one. What a part costs beyond what is left of the hold is excess.
 */
export const drawHold = async (
  books: Books,
  { hold, parts, lateIsLoss = false, underWayNanoUsd }: DrawRequest,
): Promise<readonly Ended[]> => {
  if (parts.some(({ chargeNanoUsd }) => chargeNanoUsd < 0n))
    throw new Problem('invalid_request_error', { message: 'A charge is never negative.', param: 'chargeNanoUsd' })
  const rows = await holdsOf(books, [hold, ...parts.map(({ call }) => call)])
  let row = rows.get(hold)
  const ends = new Map([...rows].flatMap(([call, known]) => (call === hold ? [] : [[call, answerOf(known)]])))
  const drawn: Ended[] = []
  let standing: Standing | null = null
  for (const part of parts) {
    let ended = ends.get(part.call)
    if (ended === undefined && row?.state === 'open') {
      const one: Drawn = await drawPart(books, { row, standing }, part)
      row = one.left
      ended = one.ended
      standing = one.standing
    }
    if (ended === undefined) ended = await (lateIsLoss ? bookLoss(books, part) : settleUnheld(books, part))
    ends.set(part.call, { ...ended, repeated: true })
    drawn.push(ended)
  }
  if (underWayNanoUsd !== undefined) await books.run.noteUnderWay(books.transaction, [underWayNanoUsd, hold])
  return drawn
}
