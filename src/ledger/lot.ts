/** Lots of credit: what they may pay for, in which order they are spent, and what of them ends. */

import assert from 'node:assert/strict'
import type { LotKind, ModelNames, Reservation } from './port.ts'

export type Lot = {
  readonly id: string
  readonly kind: LotKind
  readonly method: string
  readonly grantedNanoUsd: bigint
  readonly paidNanoUsd: bigint
  readonly remainingNanoUsd: bigint
  readonly priority: number
  readonly expiresMs: number | null
  /** Models that it pays for: ids, aliases, or beginnings of them before a `*`; `null` = whatever there is, a general lot. */
  readonly scope: readonly string[] | null
  /** What open holds keep back of a scoped lot; of general lots only their sum is kept back. */
  readonly reservedNanoUsd: bigint
}

export type SpentLot = { readonly lot: Lot; readonly amountNanoUsd: bigint }

/** The lesser of two amounts. */
export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** Whether a lot of this scope pays for a model of these names. */
export const covers = (scope: readonly string[] | null, names: ModelNames): boolean =>
  scope === null ||
  scope.some((entry) =>
    entry.endsWith('*') ? names.some((name) => name.startsWith(entry.slice(0, -1))) : names.includes(entry),
  )

/** What of a scoped lot no open hold keeps back. */
const freeOf = ({ remainingNanoUsd, reservedNanoUsd }: Lot): bigint => remainingNanoUsd - reservedNanoUsd

/** Scoped lots that pay for every one of the models, whichever of them answers. Without a model none does. */
const payingFor = (lots: readonly Lot[], models: readonly ModelNames[]): readonly Lot[] =>
  models.length === 0 ? [] : lots.filter(({ scope }) => scope !== null && models.every((names) => covers(scope, names)))

/** What scoped lots could pay of a call that one of these models answers. */
export const scopedFree = (lots: readonly Lot[], models: readonly ModelNames[]): bigint =>
  payingFor(lots, models).reduce((sum, lot) => sum + freeOf(lot), 0n)

/** Reservations with each lot once: a hold that was extended keeps back more of a lot that it had kept back of before. */
export const joinReservations = (parts: readonly Reservation[]): readonly Reservation[] => {
  const joined = new Map<string, bigint>()
  for (const { lot, amountNanoUsd } of parts) joined.set(lot, (joined.get(lot) ?? 0n) + amountNanoUsd)
  return [...joined].map(([lot, amountNanoUsd]) => ({ lot, amountNanoUsd }))
}

/** Keeps back what scoped lots can pay of an amount, in the order given; the rest is the general lots' matter. */
export const reserveLots = (
  lots: readonly Lot[],
  models: readonly ModelNames[],
  amountNanoUsd: bigint,
): readonly Reservation[] => {
  const reserved: Reservation[] = []
  let leftNanoUsd = amountNanoUsd
  for (const lot of payingFor(lots, models)) {
    const part = least(freeOf(lot), leftNanoUsd)
    if (part > 0n) reserved.push({ lot: lot.id, amountNanoUsd: part })
    leftNanoUsd -= part
  }
  return reserved
}

export type Spending = {
  readonly amountNanoUsd: bigint
  /** What the call's own hold keeps back of scoped lots, each lot once. */
  readonly own: readonly Reservation[]
  /** Names of the model that answered; none = only what was kept back and general lots pay. */
  readonly names: ModelNames
}

/**
 * Spends lots, given in the order of priority, expiry and age: first those that pay for few things, as far as no other hold
 * keeps them back, then general ones. `uncoveredNanoUsd` is what they lack.
 */
export const spendLots = (
  lots: readonly Lot[],
  { amountNanoUsd, own, names }: Spending,
): { readonly spent: readonly SpentLot[]; readonly uncoveredNanoUsd: bigint } => {
  assert(amountNanoUsd >= 0n, 'a negative amount cannot be spent')
  const mayTake = (lot: Lot): bigint => {
    if (lot.scope === null) return lot.remainingNanoUsd
    const mine = own.find((one) => one.lot === lot.id)?.amountNanoUsd ?? 0n
    return covers(lot.scope, names) ? freeOf(lot) + mine : mine
  }
  const spent: SpentLot[] = []
  let leftNanoUsd = amountNanoUsd
  for (const lot of [...lots.filter(({ scope }) => scope !== null), ...lots.filter(({ scope }) => scope === null)]) {
    const part = least(mayTake(lot), leftNanoUsd)
    if (part > 0n) spent.push({ lot, amountNanoUsd: part })
    leftNanoUsd -= part
  }
  return { spent, uncoveredNanoUsd: leftNanoUsd }
}

/** Takes an amount of general lots only, in the order given; gives what was there. */
export const takeGeneral = (lots: readonly Lot[], amountNanoUsd: bigint): readonly SpentLot[] =>
  spendLots(
    lots.filter(({ scope }) => scope === null),
    { amountNanoUsd, own: [], names: [] },
  ).spent

/**
 * What ends of the lots of one account, given in the order in which they are spent. Open holds were promised the lots that are
 * spent first: that part outlives its day until they are resolved. `heldNanoUsd` is what they hold of general lots.
 */
export const expiredLots = (
  lots: readonly Lot[],
  { heldNanoUsd, nowMs }: { readonly heldNanoUsd: bigint; readonly nowMs: number },
): readonly SpentLot[] => {
  const expired: SpentLot[] = []
  let generalNanoUsd = heldNanoUsd
  for (const lot of lots) {
    const reserved = lot.scope === null ? least(lot.remainingNanoUsd, generalNanoUsd) : lot.reservedNanoUsd
    if (lot.scope === null) generalNanoUsd -= reserved
    const part = lot.remainingNanoUsd - reserved
    if (part > 0n && lot.expiresMs !== null && lot.expiresMs <= nowMs) expired.push({ lot, amountNanoUsd: part })
  }
  return expired
}

/** What of an amount taken back from a lot was paid for; the rest was given. */
export const paidPart = ({ paidNanoUsd, grantedNanoUsd }: Lot, amountNanoUsd: bigint): bigint =>
  (amountNanoUsd * paidNanoUsd) / grantedNanoUsd
