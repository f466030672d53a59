/** Holds: money kept back before a call, all or none over its account and its budgets. */

import assert from 'node:assert/strict'
import type { Selectable } from 'kysely'
import { notBelowZero } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { crossedThresholds } from '#ledger/budget.ts'
import type { Lot } from '#ledger/lot.ts'
import { joinReservations, least, reserveLots, scopedFree } from '#ledger/lot.ts'
import { periodAt } from '#ledger/period.ts'
import type {
  Budget,
  BudgetPeriod,
  BudgetState,
  ExtendRequest,
  Held,
  HoldRequest,
  ModelNames,
  Reservation,
} from '#ledger/port.ts'
import { goOn } from '#store/operations/context.ts'
import type { HoldTable } from '#store/tables.ts'
import type { AccountMoney } from './money.ts'
import { availableOf, balanceOf, lotsOf, moneyAt } from './money.ts'
import type { Books } from './statement.ts'

/** Where in a budget a hold lies: the period in which it was taken, whenever it ends. */
export type BudgetPlace = {
  readonly name: string
  readonly period: BudgetPeriod
  readonly startMs: number
  readonly limitNanoUsd: string
  readonly thresholds?: readonly number[]
  readonly label?: string
}

export const placesOf = (text: string | null): readonly BudgetPlace[] =>
  text === null ? [] : (JSON.parse(text) as readonly BudgetPlace[])

const placesAt = (budgets: readonly Budget[], nowMs: number): readonly BudgetPlace[] =>
  budgets.map((budget) => ({
    ...budget,
    startMs: periodAt(budget.period, nowMs).startMs,
    limitNanoUsd: budget.limitNanoUsd.toString(),
  }))

/**
 * Tells the open holds of a budget that it has another limit, so that what they come to is measured by that one: thresholds when they end, and
 * what more they may hold. What they hold already they keep.
 */
export const limitHolds = async (
  { transaction }: Books,
  { name, limitNanoUsd, thresholds }: Required<Pick<Budget, 'name' | 'limitNanoUsd' | 'thresholds'>>,
): Promise<void> => {
  const rows = await transaction
    .selectFrom('hold')
    .select(['call', 'budgets'])
    .where('state', '=', 'open')
    .where('budgets', 'like', `%${JSON.stringify(name)}%`)
    .orderBy('call')
    .execute()
  const limit = { limitNanoUsd: limitNanoUsd.toString(), thresholds }
  for (const { call, budgets } of rows) {
    const places = placesOf(budgets).map((place): BudgetPlace => (place.name === name ? { ...place, ...limit } : place))
    const changed = { budgets: JSON.stringify(places) }
    await transaction.updateTable('hold').set(changed).where('call', '=', call).where('state', '=', 'open').execute()
  }
}

/** Adds to what a hold's budgets hold and have spent. */
export const moveBudgets = async (
  { transaction, run }: Books,
  places: readonly BudgetPlace[],
  by: { readonly heldNanoUsd: bigint; readonly spentNanoUsd: bigint },
): Promise<void> => {
  for (const { name, period, startMs } of places)
    await run.moveBudget(transaction, [name, period, startMs, by.heldNanoUsd, by.spentNanoUsd])
}

type Release = {
  readonly heldNanoUsd: bigint
  readonly spentNanoUsd: bigint
  readonly account: string
  readonly nowMs: number
}

/** Frees what a hold held of its budgets and books what was spent; thresholds that this reaches are written down. */
export const releaseBudgets = async (
  { transaction, run }: Books,
  places: readonly BudgetPlace[],
  { heldNanoUsd, spentNanoUsd, account, nowMs }: Release,
): Promise<void> => {
  for (const place of places) {
    const { name, period, startMs } = place
    // Not as an insert that conflicts: a negative sum would break the table's own rule before it becomes an update.
    const [row] = await run.moveExistingBudget(transaction, [-heldNanoUsd, spentNanoUsd, name, period, startMs])
    if (row === undefined) continue
    const afterNanoUsd = row.spent_nano_usd
    await noteCrossings({ transaction, run }, place, {
      beforeNanoUsd: afterNanoUsd - spentNanoUsd,
      afterNanoUsd,
      account,
      nowMs,
    })
  }
}

type Spend = {
  readonly beforeNanoUsd: bigint
  readonly afterNanoUsd: bigint
  readonly account: string
  readonly nowMs: number
}

/** Writes down which thresholds a budget's spend has reached. The name of a crossing is its id as well, so that it is told once. */
export const noteCrossings = (
  books: Books,
  place: BudgetPlace,
  { beforeNanoUsd, afterNanoUsd, account, nowMs }: Spend,
): Promise<void> | null => {
  const { name, period, startMs, thresholds = [], label = name } = place
  const limitNanoUsd = BigInt(place.limitNanoUsd)
  const crossed = crossedThresholds(thresholds, { limitNanoUsd, beforeNanoUsd, afterNanoUsd })
  const noteEach = async ({ transaction, run }: Books): Promise<void> => {
    for (const percent of crossed) {
      const id = `${name}/${period}/${startMs}/${percent}`
      const whose = [name, period, startMs, percent, id, account, label]
      await run.insertCrossing(transaction, [...whose, afterNanoUsd, limitNanoUsd, nowMs])
    }
  }
  return crossed.length === 0 ? null : noteEach(books)
}

const leftOf = ({ transaction, run }: Books, place: BudgetPlace): bigint | Promise<bigint> =>
  goOn(
    run.budget(transaction, [place.name, place.period, place.startMs]),
    ([row]) => BigInt(place.limitNanoUsd) - (row?.spent_nano_usd ?? 0n) - (row?.held_nano_usd ?? 0n),
  )

const budgetOf = ({ startMs: _when, ...budget }: BudgetPlace): Budget => ({
  ...budget,
  limitNanoUsd: BigInt(budget.limitNanoUsd),
})

/** What a budget has spent and holds in its present period, without what is merely lent of it. */
export const budgetState = async (
  { transaction, run }: Books,
  { name, period }: Budget,
  nowMs: number,
): Promise<BudgetState> => {
  const { startMs, endMs } = periodAt(period, nowMs)
  const [row] = await run.budget(transaction, [name, period, startMs])
  let heldNanoUsd = row?.held_nano_usd ?? 0n
  const isThis = (place: BudgetPlace): boolean =>
    place.name === name && place.period === period && place.startMs === startMs
  for (const { budgets, idle_nano_usd } of heldNanoUsd === 0n ? [] : await run.idleLeases(transaction, []))
    if (placesOf(budgets).some(isThis)) heldNanoUsd -= idle_nano_usd
  return { spentNanoUsd: row?.spent_nano_usd ?? 0n, heldNanoUsd, resetsMs: endMs }
}

/** What a hold keeps back of scoped lots, each lot once, and on which models it may be spent: an extension is for the same. */
export type KeptLots = { readonly models: readonly ModelNames[]; readonly parts: readonly Reservation[] }

type StoredPart = { readonly lot: string; readonly amountNanoUsd: string }

export const keptLotsOf = (text: string | null): KeptLots => {
  if (text === null) return { models: [], parts: [] }
  const { models, parts } = JSON.parse(text) as { models: readonly ModelNames[]; parts: readonly StoredPart[] }
  const read = parts.map(({ lot, amountNanoUsd }) => ({ lot, amountNanoUsd: BigInt(amountNanoUsd) }))
  return { models, parts: joinReservations(read) }
}

/** As the store keeps it. */
export const keptLotsText = ({ models, parts }: KeptLots): string =>
  JSON.stringify({
    models,
    parts: parts.map(({ lot, amountNanoUsd }): StoredPart => ({ lot, amountNanoUsd: amountNanoUsd.toString() })),
  })

type Reserving = { readonly parts: readonly Reservation[]; readonly sign: 1n | -1n }

const moveParts = async ({ transaction, run }: Books, account: string, { parts, sign }: Reserving): Promise<void> => {
  for (const { lot, amountNanoUsd } of parts) await run.reserveLot(transaction, [sign * amountNanoUsd, lot])
  const sumNanoUsd = parts.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n)
  await run.moveScoped(transaction, [0n, sign * sumNanoUsd, account])
}

/** Keeps back parts of scoped lots, or frees them again where `sign` is -1. */
export const moveReserved = (books: Books, account: string, reserving: Reserving): Promise<void> | null =>
  reserving.parts.length === 0 ? null : moveParts(books, account, reserving)

/** The scoped lots of an account; where it has none, which is nearly always, nothing is read. */
const scopedLotsOf = async (
  books: Books,
  money: AccountMoney,
  models: readonly ModelNames[],
): Promise<readonly Lot[]> => (money.scopedNanoUsd === 0n || models.length === 0 ? [] : lotsOf(books, money.account))

type Room = {
  readonly amountNanoUsd: bigint
  readonly cappedBy: 'credit' | 'budget' | null
  /** What refuses when the amount is too little. */
  readonly refusal: Held | null
}

type Asking = {
  readonly amountNanoUsd: bigint
  readonly scopedNanoUsd: bigint
  readonly places: readonly BudgetPlace[]
}

/** How much of the amount account and budgets have room for. */
const roomFor = async (
  books: Books,
  money: AccountMoney,
  { amountNanoUsd, scopedNanoUsd, places }: Asking,
): Promise<Room> => {
  let room: Room = { amountNanoUsd, cappedBy: null, refusal: null }
  const general = availableOf(money)
  const available = general === null ? null : general + scopedNanoUsd
  if (available !== null && room.amountNanoUsd > available) {
    const availableNanoUsd = notBelowZero(available)
    const { heldNanoUsd } = money
    room = {
      amountNanoUsd: availableNanoUsd,
      cappedBy: 'credit',
      refusal: { ok: false, reason: 'credit', balanceNanoUsd: balanceOf(money), heldNanoUsd, availableNanoUsd },
    }
  }
  for (const place of places) {
    const left = await leftOf(books, place)
    if (room.amountNanoUsd <= left) continue
    const availableNanoUsd = notBelowZero(left)
    const resetsMs = periodAt(place.period, place.startMs).endMs
    room = {
      amountNanoUsd: availableNanoUsd,
      cappedBy: 'budget',
      refusal: { ok: false, reason: 'budget', budget: budgetOf(place), availableNanoUsd, resetsMs },
    }
  }
  return room
}

const repeated = (row: Pick<Selectable<HoldTable>, 'state' | 'amount_nano_usd'>): Held =>
  row.state === 'open'
    ? { ok: true, amountNanoUsd: row.amount_nano_usd, cappedBy: null, roomNanoUsd: row.amount_nano_usd }
    : { ok: false, reason: 'ended' }

/** Takes a hold, or says what is in its way. */
export const takeHold = async (books: Books, request: HoldRequest): Promise<Held> => {
  const { transaction, run } = books
  const { call, account, key, owner, nowMs, expiresMs } = request
  if (request.amountMinNanoUsd < 0n || request.amountMinNanoUsd > request.amountNanoUsd)
    throw new Problem('invalid_request_error', { message: 'A hold needs 0 <= its least amount <= its amount.' })
  const [known] = await run.heldFor(transaction, [call])
  if (known !== undefined) return repeated(known)
  const money = await moneyAt(books, account, nowMs)
  if (money === null) return { ok: false, reason: 'unknown_account' }
  if (money.state !== 'open') return { ok: false, reason: money.state }
  const { models = [] } = request
  const lots = await scopedLotsOf(books, money, models)
  const places = placesAt(request.budgets, nowMs)
  const asking = { amountNanoUsd: request.amountNanoUsd, scopedNanoUsd: scopedFree(lots, models), places }
  const room = await roomFor(books, money, asking)
  if (room.refusal !== null && room.amountNanoUsd < request.amountMinNanoUsd) return room.refusal
  const { amountNanoUsd: roomNanoUsd, cappedBy } = room
  const sliceNanoUsd = cappedBy === null ? null : request.sliceNanoUsd
  const amountNanoUsd = least(sliceNanoUsd ?? roomNanoUsd, roomNanoUsd)
  const parts = reserveLots(lots, models, amountNanoUsd)
  await run.insertHold(transaction, [
    call,
    account,
    key,
    owner,
    'open',
    amountNanoUsd,
    null,
    0n,
    places.length === 0 ? null : JSON.stringify(places),
    nowMs,
    expiresMs,
    null,
    null,
    null,
    lots.length === 0 ? null : keptLotsText({ models, parts }),
  ])
  if (request.underWayNanoUsd !== undefined) await run.noteUnderWay(transaction, [request.underWayNanoUsd, call])
  await run.moveMoney(transaction, [0n, 0n, amountNanoUsd, 0n, account])
  await moveReserved(books, account, { parts, sign: 1n })
  await moveBudgets(books, places, { heldNanoUsd: amountNanoUsd, spentNanoUsd: 0n })
  return { ok: true, amountNanoUsd, cappedBy, roomNanoUsd }
}

const larger = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || b < a ? a : b)

/** Holds more, for longer, or notes what is proven. A hold that has ended stays ended. */
export const extendHold = async (books: Books, request: ExtendRequest): Promise<Held> => {
  const { transaction, run } = books
  const { call, nowMs, begun, provenNanoUsd } = request
  if (request.addMinNanoUsd < 0n || request.addMinNanoUsd > request.addNanoUsd)
    throw new Problem('invalid_request_error', { message: 'An extension needs 0 <= its least amount <= its amount.' })
  const [row] = await run.hold(transaction, [call])
  if (row === undefined || row.state !== 'open') return { ok: false, reason: 'ended' }
  let addNanoUsd = request.addNanoUsd
  let cappedBy: Room['cappedBy'] = null
  if (addNanoUsd > 0n) {
    const money = await moneyAt(books, row.account, nowMs)
    assert(money !== null, 'an open hold belongs to an account')
    const { models, parts } = keptLotsOf(row.lots)
    const lots = await scopedLotsOf(books, money, models)
    // More is asked of the periods that the hold lies in, not of new ones that may have begun.
    const places = placesOf(row.budgets)
    const asking = { amountNanoUsd: addNanoUsd, scopedNanoUsd: scopedFree(lots, models), places }
    const room = await roomFor(books, money, asking)
    if (room.refusal !== null && room.amountNanoUsd < request.addMinNanoUsd) return room.refusal
    addNanoUsd = room.amountNanoUsd
    cappedBy = room.cappedBy
    const more = reserveLots(lots, models, addNanoUsd)
    await moveReserved(books, row.account, { parts: more, sign: 1n })
    if (more.length > 0) await run.keepLots(transaction, [keptLotsText({ models, parts: [...parts, ...more] }), call])
    await run.moveMoney(transaction, [0n, 0n, addNanoUsd, 0n, row.account])
    await moveBudgets(books, places, { heldNanoUsd: addNanoUsd, spentNanoUsd: 0n })
  }
  const expiresMs = request.expiresMs ?? row.expires_ms
  const proven = larger(row.proven_nano_usd, provenNanoUsd)
  await run.extendHold(transaction, [addNanoUsd, expiresMs, begun || row.begun !== 0n ? 1 : 0, proven, call])
  if (request.underWayNanoUsd !== undefined) await run.noteUnderWay(transaction, [request.underWayNanoUsd, call])
  const amountNanoUsd = row.amount_nano_usd + addNanoUsd
  return { ok: true, amountNanoUsd, cappedBy, roomNanoUsd: amountNanoUsd }
}
