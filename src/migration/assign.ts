/** Which arm a conversation is sent to: a function of its name and the weight alone, so that every node says the same without asking anybody. */

import { hash } from 'node:crypto'
import { makeRoom } from '#base/make-room.ts'
import type { Arm } from './observation.ts'

/** Parts of ten thousand. */
export const wholeWeight = 10_000

/** The arm that a text names; `null` = neither. */
export const armNamed = (text: string): Arm | null => {
  const name = text.trim().toLowerCase()
  return name === 'baseline' || name === 'candidate' ? name : null
}

/** The place of a conversation in [0, 10,000), by a digest under the migration's own salt: migrations do not know of each other. */
export const bucketOfUnit = (salt: string, unit: string): number =>
  Number.parseInt(hash('sha256', `${salt}\u0000${unit}`).slice(0, 12), 16) % wholeWeight

/** Whether a conversation is among the share of them that a migration has to do with: another draw than the one that moves it. */
export const isInShare = (
  { salt, unit }: { readonly salt: string; readonly unit: string },
  basisPoints: number,
): boolean => basisPoints >= wholeWeight || bucketOfUnit(`${salt}\u0000scope`, unit) < basisPoints

/** Monotone: a larger weight only adds conversations to the candidate, and takes none back. */
export const armAt = (bucket: number, weightBasisPoints: number): Arm =>
  bucket < weightBasisPoints ? 'candidate' : 'baseline'

/** Where a conversation began, as long as it goes on. */
export type Pin = {
  readonly arm: Arm
  /** The step in which it was assigned. */
  readonly step: number
  readonly atMs: number
  /** Where it began it was too many: it has gone where the weight says, and stays there. */
  readonly isMoved?: true
}

export type Pins = {
  /** `null` = it has no pin, or has been silent for longer than the bound. */
  readonly of: (unit: string, nowMs: number) => Pin | null
  readonly keep: (unit: string, pin: Pin) => void
  /** On rollback: all at once. */
  readonly clear: () => void
  readonly count: () => number
}

/** Conversations that are remembered at most; of more the longest silent ones are forgotten, and are then assigned anew. */
export const pinsMax = 50_000

/**
 * A conversation stays where it began while the weight rises: moved, it would lose its prompt cache and mix two models' histories. `idleMs` of silence ends that.
 */
export const makePins = (idleMs: number): Pins => {
  const pins = new Map<string, Pin>()
  return {
    of: (unit, nowMs) => {
      const pin = pins.get(unit)
      if (pin === undefined) return null
      if (nowMs - pin.atMs <= idleMs) return pin
      pins.delete(unit)
      return null
    },
    keep: (unit, pin) => {
      // Written anew, so that the map stays in the order of the last use.
      pins.delete(unit)
      makeRoom(pins, pinsMax)
      pins.set(unit, pin)
    },
    clear: () => pins.clear(),
    count: () => pins.size,
  }
}
