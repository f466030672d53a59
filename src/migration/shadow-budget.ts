/** What shadowing may cost: hard caps by day and at a time. Kept back before a copy is sent, so that no answer can lead past a cap. */

const dayMs = 86_400_000

export type ShadowLimits = {
  readonly nanoUsdPerDay: bigint
  readonly tokensPerDay: number
  readonly concurrencyMax: number
}

/** The most that a copy can cost. `nanoUsd`: `null` = it has no price, and then no cap could be held. */
export type ShadowCost = { readonly nanoUsd: bigint | null; readonly tokens: number }

export type OverBudget = 'concurrency' | 'usd_per_day' | 'tokens_per_day' | 'no_price'

/** What was kept back for one copy. */
export type ShadowTicket = {
  /** Gives back what was kept, less what it did cost; of what is unknown (`null`) all of it stays. Once. */
  readonly settle: (cost: ShadowCost | null, nowMs: number) => void
}

export type ShadowBudget = {
  /** Keeps the most that a copy can cost; says why not, where a cap is in the way. */
  readonly take: (most: ShadowCost, nowMs: number) => ShadowTicket | OverBudget
  /** The same for what belongs to a copy that is under way: it counts towards money and tokens, and not as one more at a time. */
  readonly takeMore: (most: ShadowCost, nowMs: number) => ShadowTicket | Exclude<OverBudget, 'concurrency'>
  readonly spent: (nowMs: number) => { readonly nanoUsd: bigint; readonly tokens: number; readonly running: number }
  /** What other processes have spent on a day, as far as this one has heard: it counts towards the caps here as well. */
  readonly elsewhere: (spent: { readonly day: number; readonly nanoUsd: bigint; readonly tokens: number }) => void
}

/** The day of UTC that a time lies in, from 0 in 1970. */
export const dayOf = (nowMs: number): number => Math.floor(nowMs / dayMs)

/** Of one process. Days are those of UTC. */
export const shadowBudget = (limits: ShadowLimits): ShadowBudget => {
  let day = 0
  let nanoUsd = 0n
  let tokens = 0
  let running = 0
  let others = { day: 0, nanoUsd: 0n, tokens: 0 }
  const turn = (nowMs: number): void => {
    const today = dayOf(nowMs)
    if (today <= day) return
    day = today
    nanoUsd = 0n
    tokens = 0
  }
  const ticketFor = (most: ShadowCost, places: 0 | 1): ShadowTicket => {
    const begunDay = day
    return {
      settle: (cost, nowMs) => {
        turn(nowMs)
        running -= places
        // What was kept yesterday has gone with that day; what it comes to weighs on the day on which it is known.
        const isToday = day === begunDay
        nanoUsd += (cost?.nanoUsd ?? most.nanoUsd ?? 0n) - (isToday ? (most.nanoUsd ?? 0n) : 0n)
        tokens += (cost?.tokens ?? most.tokens) - (isToday ? most.tokens : 0)
      },
    }
  }
  const keepBack = (most: ShadowCost, places: 0 | 1): ShadowTicket | Exclude<OverBudget, 'concurrency'> => {
    if (most.nanoUsd === null) return 'no_price'
    const [spentNanoUsd, spentTokens] = others.day === day ? [others.nanoUsd, others.tokens] : [0n, 0]
    if (spentNanoUsd + nanoUsd + most.nanoUsd > limits.nanoUsdPerDay) return 'usd_per_day'
    if (spentTokens + tokens + most.tokens > limits.tokensPerDay) return 'tokens_per_day'
    running += places
    nanoUsd += most.nanoUsd
    tokens += most.tokens
    return ticketFor(most, places)
  }
  return {
    take: (most, nowMs) => {
      turn(nowMs)
      return running >= limits.concurrencyMax ? 'concurrency' : keepBack(most, 1)
    },
    takeMore: (most, nowMs) => {
      turn(nowMs)
      return keepBack(most, 0)
    },
    spent: (nowMs) => {
      turn(nowMs)
      return { nanoUsd, tokens, running }
    },
    elsewhere: (spent) => {
      others = spent
    },
  }
}
