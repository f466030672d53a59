/** What routing remembers for as long as the process lives: health of targets, state of keys, the retry budget, conversations. */

import type { Emit } from '#base/event.ts'
import type { KeyRing } from '#policy/key-ring.ts'
import { keyRing } from '#policy/key-ring.ts'
import type { RetryBudget } from '#policy/retry-budget.ts'
import { retryBudget } from '#policy/retry-budget.ts'
import type { HealthTable } from '#policy/target-health.ts'
import { healthTable } from '#policy/target-health.ts'
import type { StickyTargets } from './sticky.ts'
import { stickyTargets } from './sticky.ts'

/** Faults on the way, by provider: several at once, and nobody reached, mean that the network here is what is down. */
export type LocalFaults = {
  readonly fault: (provider: string, nowMs: number) => void
  readonly reached: (nowMs: number) => void
  readonly isOwnNetwork: (provider: string, nowMs: number) => boolean
}

/** Providers that an active check has found away. */
export type AwayProviders = {
  readonly has: (provider: string) => boolean
  readonly set: (provider: string, away: boolean) => boolean
}

export type Routing = {
  readonly health: HealthTable
  readonly keys: KeyRing
  readonly budget: RetryBudget
  readonly sticky: StickyTargets
  readonly localFaults: LocalFaults
  readonly away: AwayProviders
  readonly emit: Emit
}

const togetherMs = 5_000
const providersMax = 1_000

const localFaults = (): LocalFaults => {
  const lastMs = new Map<string, number>()
  let reachedMs = Number.NEGATIVE_INFINITY
  return {
    fault: (provider, nowMs) => {
      if (lastMs.size >= providersMax) lastMs.clear()
      lastMs.set(provider, nowMs)
    },
    reached: (nowMs) => {
      reachedMs = nowMs
    },
    isOwnNetwork: (provider, nowMs) =>
      [...lastMs].some(([other, atMs]) => other !== provider && nowMs - atMs < togetherMs && reachedMs < atMs),
  }
}

const awayProviders = (): AwayProviders => {
  const away = new Set<string>()
  return {
    has: (provider) => away.has(provider),
    set: (provider, isAway) => {
      const changes = away.has(provider) !== isAway
      if (isAway) away.add(provider)
      else away.delete(provider)
      return changes
    },
  }
}

/** Knows nothing at first. */
export const makeRouting = (emit: Emit): Routing => ({
  health: healthTable(),
  keys: keyRing(),
  budget: retryBudget(),
  sticky: stickyTargets(),
  localFaults: localFaults(),
  away: awayProviders(),
  emit,
})
