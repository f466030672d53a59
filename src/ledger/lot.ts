/** Lots of credit: in which order they are spent, and what of them ends. */

import assert from 'node:assert/strict'
import type { LotKind } from './port.ts'

export type Lot = {
  readonly id: string
  readonly kind: LotKind
  readonly remainingNanoUsd: bigint
  readonly priority: number
  readonly expiresMs: number | null
}

export type SpentLot = { readonly lot: Lot; readonly amountNanoUsd: bigint }

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** Spends lots in the order given, which is that of priority, expiry and age; `uncoveredNanoUsd` is what they lack. */
export const spendLots = (
  lots: readonly Lot[],
  amountNanoUsd: bigint,
): { readonly spent: readonly SpentLot[]; readonly uncoveredNanoUsd: bigint } => {
  assert(amountNanoUsd >= 0n, 'a negative amount cannot be spent')
  const spent: SpentLot[] = []
  let leftNanoUsd = amountNanoUsd
  for (const lot of lots) {
    if (leftNanoUsd === 0n) break
    const part = least(lot.remainingNanoUsd, leftNanoUsd)
    if (part > 0n) spent.push({ lot, amountNanoUsd: part })
    leftNanoUsd -= part
  }
  return { spent, uncoveredNanoUsd: leftNanoUsd }
}

/**
 * What ends of the lots of one account, given in the order in which they are spent. Open holds were promised the lots that are
 * spent first: that part outlives its day until they are resolved.
 */
export const expiredLots = (
  lots: readonly Lot[],
  { heldNanoUsd, nowMs }: { readonly heldNanoUsd: bigint; readonly nowMs: number },
): readonly SpentLot[] => {
  const expired: SpentLot[] = []
  let reservedNanoUsd = heldNanoUsd
  for (const lot of lots) {
    const reserved = least(lot.remainingNanoUsd, reservedNanoUsd)
    reservedNanoUsd -= reserved
    const part = lot.remainingNanoUsd - reserved
    if (part > 0n && lot.expiresMs !== null && lot.expiresMs <= nowMs) expired.push({ lot, amountNanoUsd: part })
  }
  return expired
}
