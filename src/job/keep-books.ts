/** Keeps the books in order: what a crash left is resolved, what has expired is booked. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { idFrom } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { decimalOf } from '#base/money.ts'
import { crossingSays } from '#ledger/budget.ts'
import type { BookKeeping, SweepRequest } from '#ledger/port.ts'
import { goRound } from './rounds.ts'

/** `ledger verify` allows a hold 60 s past its end. */
const everyMs = 10_000
/** Holds and accounts that one transaction resolves, so that calls get their turn in between. */
const batchMax = 500
/** Of a first sweep after a crash: half a million calls under way. */
const batchesMax = 1000

export type KeepBooks = {
  readonly books: Pick<BookKeeping, 'sweep' | 'expireLots' | 'releaseSignups' | 'untoldCrossings' | 'crossingTold'>
  readonly emit: Emit
  /** Names this process. */
  readonly owner: string
  /** How the names of processes begin of which no other can be running; absent = no other process runs at all. */
  readonly ownersOf?: string
  readonly clock: Clock
  readonly log: Log
}

const sweepAll = async (
  { books, ownersOf = '', clock, log }: KeepBooks,
  owner: SweepRequest['owner'],
): Promise<void> => {
  const sum = { settled: 0, voided: 0, lost: 0 }
  for (let batch = 0; batch < batchesMax; batch += 1) {
    const swept = await books.sweep({ nowMs: clock.nowMs(), owner, ownersOf, limit: batchMax })
    const count = swept.settled + swept.voided + swept.lost
    sum.settled += swept.settled
    sum.voided += swept.voided
    sum.lost += swept.lost
    if (count < batchMax) break
  }
  if (sum.settled + sum.voided + sum.lost > 0) log.warn('interrupted calls were resolved in the books', sum)
}

/** Hands on what budgets have reached. The crossing's own id goes along, so that a repeat after a crash is told once. */
const tellCrossings = async ({ books, clock, emit }: KeepBooks): Promise<void> => {
  for (const crossing of await books.untoldCrossings(batchMax)) {
    const { id, account, name, label, period, threshold, spentNanoUsd, limitNanoUsd, timeMs } = crossing
    emit({
      id: idFrom('evt', timeMs, id),
      name: 'budget_threshold',
      account,
      object: name,
      ...crossingSays(crossing),
      figure: threshold,
      facts: {
        budget: name,
        for: label,
        period,
        threshold_percent: threshold,
        spent_usd: decimalOf(spentNanoUsd),
        limit_usd: decimalOf(limitNanoUsd),
      },
    })
    await books.crossingTold(id, clock.nowMs())
  }
}

/**
 * Resolves what an earlier process of this store left, then goes on every 10 s until `close`. Rejects with what the store says when
 * the first round fails.
 */
export const keepBooks = async (keeping: KeepBooks): Promise<{ readonly close: () => Promise<void> }> => {
  const { books, owner, clock, log } = keeping
  await sweepAll(keeping, owner)
  return goRound({
    round: async () => {
      await sweepAll(keeping, null)
      await books.expireLots(clock.nowMs(), batchMax)
      await books.releaseSignups(clock.nowMs(), batchMax)
      await tellCrossings(keeping)
      return null
    },
    everyMs,
    failure: { level: 'warn', message: 'the books could not be swept' },
    clock,
    log,
  })
}
