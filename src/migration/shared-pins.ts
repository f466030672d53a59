/**
 * Pins that other nodes need to know. Only those of conversations that a higher weight would move: where all others go, every node finds by itself. A node tells them with
 * what it has seen, and hears those of others, so that a conversation whose turns come to several nodes does not go to and fro between the arms.
 */

import { makeRoom } from '#base/make-room.ts'
import type { Pin, Pins } from './assign.ts'
import { pinsMax } from './assign.ts'

export type ToldPin = Pin & { readonly unit: string }

export type SharedPins = {
  /** What became of a conversation that a higher weight would move. */
  readonly note: (unit: string, pin: Pin) => void
  /** What has changed since it was told last, at most `limit`. */
  readonly take: (limit: number) => readonly ToldPin[]
  /** Of another node: where it began there it stays here, unless it has been moved. */
  readonly heard: (told: readonly ToldPin[], nowMs: number) => void
  readonly clear: () => void
}

/** A conversation that goes on is told again after this part of the time that it may be silent. */
const againShare = 0.25

export const sharedPins = (pins: Pins, idleMs: () => number): SharedPins => {
  const untold = new Map<string, Pin>()
  const told = new Map<string, Pin>()
  const isNews = (unit: string, pin: Pin): boolean => {
    const before = told.get(unit)
    return before === undefined || before.arm !== pin.arm || pin.atMs - before.atMs > idleMs() * againShare
  }
  const remember = (unit: string, pin: Pin): void => {
    told.delete(unit)
    makeRoom(told, pinsMax)
    told.set(unit, pin)
  }
  return {
    note: (unit, pin) => {
      if (!untold.has(unit) && !isNews(unit, pin)) return
      makeRoom(untold, pinsMax)
      untold.set(unit, pin)
    },
    take: (limit) => {
      const taken = [...untold].slice(0, limit).map(([unit, pin]) => ({ ...pin, unit }))
      for (const { unit, ...pin } of taken) {
        untold.delete(unit)
        remember(unit, pin)
      }
      return taken
    },
    heard: (all, nowMs) => {
      for (const { unit, ...pin } of all) {
        const own = pins.of(unit, nowMs)
        if (nowMs - pin.atMs > idleMs() || (own?.isMoved === true && pin.isMoved !== true)) continue
        remember(unit, pin)
        untold.delete(unit)
        pins.keep(unit, { ...pin, atMs: Math.max(pin.atMs, own?.atMs ?? 0) })
      }
    },
    clear: () => {
      untold.clear()
      told.clear()
    },
  }
}
