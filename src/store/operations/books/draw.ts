/** A hold that is settled part by part: each part is a call of its own, and takes of what is held what it costs. */

import type { Selectable } from 'kysely'
import { Problem } from '#base/problem.ts'
import type { DrawRequest, Ended, Reservation, SettleRequest } from '#ledger/port.ts'
import type { HoldTable } from '#store/tables.ts'
import { keptLotsOf, keptLotsText, moveReserved, placesOf, releaseBudgets } from './hold.ts'
import { bookLoss } from './lease.ts'
import { answerOf, charge, moneyNeeded, settleUnheld } from './settle.ts'
import type { Books } from './statement.ts'

type Hold = Selectable<HoldTable>

const leftOf = (parts: readonly Reservation[], spent: ReadonlyMap<string, bigint>): readonly Reservation[] =>
  parts.flatMap(({ lot, amountNanoUsd }) => {
    const left = amountNanoUsd - (spent.get(lot) ?? 0n)
    return left > 0n ? [{ lot, amountNanoUsd: left }] : []
  })

/** Settles one part of an open hold. */
const drawPart = async (books: Books, row: Hold, part: SettleRequest): Promise<Ended> => {
  const { transaction, run } = books
  const { account } = row
  const { call, key, chargeNanoUsd, nowMs, priceHash, rule } = part
  const takenNanoUsd = chargeNanoUsd < row.amount_nano_usd ? chargeNanoUsd : row.amount_nano_usd
  const money = await moneyNeeded(books, account, nowMs)
  const { models, parts } = keptLotsOf(row.lots)
  const { uncoveredNanoUsd, spent } = await charge(books, money, { ...part, account, own: parts })
  if (parts.length > 0) {
    const left = leftOf(parts, new Map(spent.map(({ lot, amountNanoUsd }) => [lot.id, amountNanoUsd])))
    await moveReserved(books, account, { parts: left, sign: 1n })
    await run.keepLots(transaction, [keptLotsText({ models, parts: left }), row.call])
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
  return { state: 'settled', chargedNanoUsd: chargeNanoUsd, excessNanoUsd, repeated: false }
}

/**
 * Settles parts of a hold, each once however often it is told; a part of a hold that is not there or has ended is settled as a call
 * without one. What a part costs beyond what is left of the hold is excess.
 */
export const drawHold = async (
  books: Books,
  { hold, parts, lateIsLoss = false }: DrawRequest,
): Promise<readonly Ended[]> => {
  const { transaction, run } = books
  const drawn: Ended[] = []
  for (const part of parts) {
    if (part.chargeNanoUsd < 0n)
      throw new Problem('invalid_request_error', { message: 'A charge is never negative.', param: 'chargeNanoUsd' })
    const [known] = await run.hold(transaction, [part.call])
    const [row] = await run.hold(transaction, [hold])
    if (known !== undefined) drawn.push(answerOf(known))
    else if (row?.state === 'open') drawn.push(await drawPart(books, row, part))
    else drawn.push(await (lateIsLoss ? bookLoss(books, part) : settleUnheld(books, part)))
  }
  return drawn
}
