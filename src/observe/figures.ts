/**
 * What has gone on lately, by key, model and provider: counted from call records in memory, in slots of time that fall out as
 * they age. Bounded for each dimension by itself, so that made-up models push no key out: the series that was used longest ago makes room.
 */

import type { CallRecord } from '#base/call-record.ts'
import { isOwnRefusal } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Histogram } from '#base/histogram.ts'
import { addBucket, addHistogram, bucketOf, quantileMs } from '#base/histogram.ts'
import type { Blame } from '#base/problem.ts'
import { problems } from '#base/problem.ts'

export const dimensions = ['all', 'key', 'model', 'provider'] as const
export type Dimension = (typeof dimensions)[number]

/** `[slot length, slots]` in milliseconds and number: five minutes in 10 s, an hour in 5 min. */
const windows = { '1m': [10_000, 6], '5m': [10_000, 30], '1h': [300_000, 12] } as const
export type Window = keyof typeof windows

/** Of one dimension. */
const seriesMax = 1_000

type Slot = {
  readonly number: number
  calls: number
  readonly failures: Record<Blame, number>
  inputTokens: number
  outputTokens: number
  costNanoUsd: bigint
  readonly firstPart: Histogram
  readonly duration: Histogram
  readonly overhead: Histogram
}

const newSlot = (number: number): Slot => ({
  number,
  calls: 0,
  failures: { caller: 0, policy: 0, upstream: 0, drover: 0 },
  inputTokens: 0,
  outputTokens: 0,
  costNanoUsd: 0n,
  firstPart: new Map(),
  duration: new Map(),
  overhead: new Map(),
})

type Series = { readonly short: Slot[]; readonly long: Slot[] }

export type Quantiles = { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null }

/** Times in milliseconds. Of a provider, calls are attempts; it has no overhead and no cost. */
export type Figure = {
  readonly name: string
  readonly calls: number
  readonly failures: Readonly<Record<Blame, number>>
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costNanoUsd: bigint
  readonly firstPartMs: Quantiles
  readonly durationMs: Quantiles
  readonly overheadMs: Quantiles
}

export type FigureQuestion = { readonly by: Dimension; readonly window: Window; readonly limit: number }

/** What several processes count together, or one that is alone. */
export type FigureSource = { readonly read: (question: FigureQuestion) => Promise<readonly Figure[]> }

/** What one process has counted under a name. */
export type FigureSum = readonly [string, Slot]

export type Figures = {
  readonly observe: (record: CallRecord) => void
  /** The busiest first; `limit` at most. */
  readonly read: (question: FigureQuestion) => readonly Figure[]
  /** How many calls each name had. */
  readonly counts: (question: FigureQuestion) => ReadonlyMap<string, number>
  /** What is known of these names, to be added up with that of other processes. */
  readonly sums: (question: FigureQuestion & { readonly names: readonly string[] }) => readonly FigureSum[]
}

/** Adds what one call, or one attempt, was to a slot. */
type Happened = (slot: Slot) => void

/** What a call and an attempt have in common. */
const countIn = (
  slot: Slot,
  { error, usage, costNanoUsd }: Pick<CallRecord, 'error' | 'usage' | 'costNanoUsd'>,
): void => {
  slot.calls += 1
  if (error !== null) slot.failures[problems[error].blame] += 1
  slot.inputTokens += usage?.input ?? 0
  slot.outputTokens += usage?.output ?? 0
  slot.costNanoUsd += costNanoUsd ?? 0n
}

const bucketIf = (ms: number | null): number | null => (ms === null ? null : bucketOf(ms))

const ofCall = (record: CallRecord): Happened => {
  const firstPart = bucketIf(record.ttftMs)
  const duration = bucketOf(record.durationMs)
  const overhead = bucketOf(record.overheadMs)
  return (slot) => {
    countIn(slot, record)
    if (firstPart !== null) addBucket(slot.firstPart, firstPart)
    addBucket(slot.duration, duration)
    addBucket(slot.overhead, overhead)
  }
}

const ofAttempt = (attempt: CallRecord['attempts'][number]): Happened => {
  const { startMs, firstPartMs, endMs } = attempt
  const firstPart = bucketIf(firstPartMs === null ? null : firstPartMs - startMs)
  const duration = bucketIf(endMs === null ? null : endMs - startMs)
  return (slot) => {
    countIn(slot, attempt)
    if (firstPart !== null) addBucket(slot.firstPart, firstPart)
    if (duration !== null) addBucket(slot.duration, duration)
  }
}

const quantiles = (histogram: Histogram): Quantiles => ({
  p50: quantileMs(histogram, 0.5),
  p95: quantileMs(histogram, 0.95),
  p99: quantileMs(histogram, 0.99),
})

const addSlot = (sum: Slot, slot: Slot): void => {
  sum.calls += slot.calls
  for (const blame of Object.keys(sum.failures) as Blame[]) sum.failures[blame] += slot.failures[blame]
  sum.inputTokens += slot.inputTokens
  sum.outputTokens += slot.outputTokens
  sum.costNanoUsd += slot.costNanoUsd
  addHistogram(sum.firstPart, slot.firstPart)
  addHistogram(sum.duration, slot.duration)
  addHistogram(sum.overhead, slot.overhead)
}

const sumOf = (slots: readonly Slot[]): Slot => {
  const sum = newSlot(0)
  for (const slot of slots) addSlot(sum, slot)
  return sum
}

const figureOf = (name: string, slots: readonly Slot[]): Figure => {
  const { firstPart, duration, overhead, number: _number, ...counts } = sumOf(slots)
  return {
    name,
    ...counts,
    firstPartMs: quantiles(firstPart),
    durationMs: quantiles(duration),
    overheadMs: quantiles(overhead),
  }
}

type Tell = (name: string, happened: Happened) => void

/** A record, and what it is as a call. */
type Seen = { readonly record: CallRecord; readonly call: Happened }

/** What a record is to a dimension: one thing that happened for each name. */
const tellHappenings = (by: Dimension, { record, call }: Seen, tell: Tell): void => {
  if (by === 'all') {
    tell('all', call)
    return
  }
  if (by === 'provider') {
    // What an account's own credential was refused for says nothing of the provider as the operator has it.
    for (const one of record.attempts) if (!isOwnRefusal(one)) tell(one.provider, ofAttempt(one))
    return
  }
  const name = record.key === null ? null : by === 'key' ? record.key : record.model
  if (name !== null) tell(name, call)
}

/** Figures of the records that it is given, whenever those were. */
export const tallyFigures = (by: Dimension) => {
  const slots = new Map<string, Slot>()
  return {
    add: (record: CallRecord): void => {
      tellHappenings(by, { record, call: ofCall(record) }, (name, happened) => {
        const slot = slots.get(name) ?? newSlot(0)
        slots.set(name, slot)
        happened(slot)
      })
    },
    /** The busiest first; `limit` at most. */
    read: (limit: number): readonly Figure[] =>
      [...slots]
        .sort(([, a], [, b]) => b.calls - a.calls)
        .slice(0, limit)
        .map(([name, slot]) => figureOf(name, [slot])),
  }
}

/** The busiest names of all, as each process counts them; `limit` at most. */
export const busiestNames = (counts: readonly ReadonlyMap<string, number>[], limit: number): readonly string[] => {
  const sums = new Map<string, number>()
  for (const [name, calls] of counts.flatMap((each) => [...each])) sums.set(name, (sums.get(name) ?? 0) + calls)
  return [...sums]
    .sort(([, one], [, other]) => other - one)
    .slice(0, limit)
    .map(([name]) => name)
}

/** The figures of these names out of what each process knows of them. */
export const addedFigures = (names: readonly string[], sums: readonly FigureSum[]): readonly Figure[] => {
  const byName = Map.groupBy(sums, ([name]) => name)
  return names.map((name) =>
    figureOf(
      name,
      (byName.get(name) ?? []).map(([, slot]) => slot),
    ),
  )
}

const current = (slots: Slot[], number: number, slotsMax: number): Slot => {
  const last = slots.at(-1)
  if (last !== undefined && last.number >= number) return last
  const slot = newSlot(number)
  slots.push(slot)
  if (slots.length > slotsMax) slots.shift()
  return slot
}

/** Figures since the start of the process; nothing of them is kept. */
export const makeFigures = (clock: Clock): Figures => {
  const seriesBy: Readonly<Record<Dimension, Map<string, Series>>> = {
    all: new Map(),
    key: new Map(),
    model: new Map(),
    provider: new Map(),
  }

  const seriesOf = (by: Dimension, name: string): Series => {
    const series = seriesBy[by]
    const found = series.get(name)
    // While there is this much room nobody is near to being put out, whatever the order.
    if (found !== undefined && series.size <= seriesMax / 2) return found
    const known = found ?? { short: [], long: [] }
    series.delete(name)
    series.set(name, known)
    if (series.size > seriesMax) {
      const [oldest] = series.keys()
      if (oldest !== undefined) series.delete(oldest)
    }
    return known
  }
  const slotAt = (slots: Slot[], window: Window, nowMs: number): Slot => {
    const [slotMs, slotsMax] = windows[window]
    return current(slots, Math.floor(nowMs / slotMs), slotsMax)
  }

  /** What falls into the window. */
  const found = (by: Dimension, window: Window) => {
    const [slotMs, slotsMax] = windows[window]
    const from = Math.floor(clock.monotonicMs() / slotMs) - slotsMax
    return [...seriesBy[by]].flatMap(([name, { short, long }]) => {
      const slots = (window === '1h' ? long : short).filter(({ number }) => number > from)
      const calls = slots.reduce((sum, slot) => sum + slot.calls, 0)
      return slots.length === 0 ? [] : [{ name, slots, calls }]
    })
  }

  return {
    observe: (record) => {
      const seen = { record, call: ofCall(record) }
      const nowMs = clock.monotonicMs()
      for (const by of dimensions)
        tellHappenings(by, seen, (name, happened) => {
          const { short, long } = seriesOf(by, name)
          happened(slotAt(short, '5m', nowMs))
          happened(slotAt(long, '1h', nowMs))
        })
    },
    counts: ({ by, window }) => new Map(found(by, window).map(({ name, calls }) => [name, calls])),
    sums: ({ by, window, names }) => {
      const wanted = new Set(names)
      return found(by, window).flatMap(({ name, slots }) => (wanted.has(name) ? [[name, sumOf(slots)] as const] : []))
    },
    read: ({ by, window, limit }) => {
      // Only what is shown is summed up: a thousand histograms would hold the loop for most of a second.
      const busiest = found(by, window)
        .sort((a, b) => b.calls - a.calls)
        .slice(0, limit)
      return busiest.map(({ name, slots }) => figureOf(name, slots))
    },
  }
}
