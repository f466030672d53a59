/** Money that is promised to the old vendor until a day, whether it is used or not, and the day on which moving costs least. */

import { dayAfter, dayOf, daysPerMonth } from './quantity.ts'
import type { Rational } from './rational.ts'
import { compare, dividedBy, greater, lesser, minus, plus, rational, times, whole, zero } from './rational.ts'

export type Commitment = {
  /** What is left of it, in dollars. */
  readonly committed: Rational
  readonly untilMs: number
}

export type SwitchPlan = {
  readonly date: string
  readonly why: string
  /** Both vendors' bills from the start to the end of the commitment. */
  readonly costAtBest: Rational
  readonly costNow: Rational
  readonly costNever: Rational
  /** What is paid to the old vendor and not used, when switching at the start. */
  readonly unusedNow: Rational
}

const dayMs = 86_400_000

/**
 * The best day to switch between the start and the end of the commitment. The old bill is the larger of what is promised and what
 * was used, so that until the promise is used up every day on the old vendor is paid already.
 */
export const bestSwitch = (
  { committed, untilMs }: Commitment,
  { from, to, startMs }: { readonly from: Rational; readonly to: Rational; readonly startMs: number },
): SwitchPlan => {
  const days = rational(BigInt(Math.max(0, Math.round((untilMs - startMs) / dayMs))))
  const fromDaily = dividedBy(from, daysPerMonth) ?? zero
  const toDaily = dividedBy(to, daysPerMonth) ?? zero
  const costAfter = (used: Rational): Rational =>
    plus(greater(committed, times(fromDaily, used)), times(toDaily, minus(days, used)))
  const exhausted = dividedBy(committed, fromDaily)
  const usedUp = exhausted === null ? days : lesser(days, exhausted)
  const isCheaper = compare(to, from) < 0
  const best = isCheaper ? usedUp : days
  const wholeDays = Number(whole(best))
  const why = !isCheaper
    ? 'the new side is not cheaper: stay until the end, and then do not switch for the price'
    : compare(usedUp, days) < 0
      ? 'on that day what is committed is used up; every day before it is paid already, every day after it costs more than the new side'
      : 'what is committed outlasts its end at this use: stay until then, and ask for less in the next contract'
  return {
    date: dayAfter(startMs, wholeDays),
    why,
    costAtBest: costAfter(best),
    costNow: costAfter(zero),
    costNever: costAfter(days),
    unusedNow: committed,
  }
}

/** For a person: `5000.00 USD until 2027-06-30`. */
export const commitmentText = (amount: string, untilMs: number): string => `${amount} USD until ${dayOf(untilMs)}`
