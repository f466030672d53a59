/** How often models answered when they were asked: by the hour, kept for a little over a week, written down a few seconds late. */

import type { CallRecord } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem, problems } from '#base/problem.ts'
import type { AvailabilityHour, AvailabilityStore } from './port.ts'

const hourMs = 3_600_000
const keptMs = 8 * 24 * hourMs
const writeEveryMs = 5_000
/** The minutes that say how it is now. */
const recentMinutes = 10
/** Models that are counted at once; of more the one that was asked longest ago makes room. */
const modelsMax = 2_000

export type Share = { readonly answered: number; readonly failed: number }

export type Availability = {
  readonly observe: (record: CallRecord) => void
  /** Of the last ten minutes, in this process. */
  readonly recent: (model: string) => Share
  /** Since then, by model. */
  readonly since: (sinceMs: number) => Promise<ReadonlyMap<string, Share>>
  /** Writes what is left. */
  readonly close: () => Promise<void>
}

export type AvailabilityParts = {
  readonly store: AvailabilityStore
  readonly clock: Clock
  readonly log: Log
  /** The id of the model that a caller's name stands for; `null` = it is counted for none. */
  readonly modelOf: (name: string) => string | null
}

/** Whether a call was answered; `null` = nobody can say: the caller was at fault, or left before there was an answer. */
const outcomeOf = ({ error, end, ttftMs }: CallRecord): 'answered' | 'failed' | null => {
  const blame = error === null ? null : problems[error].blame
  if (blame === 'upstream' || blame === 'drover') return 'failed'
  if (blame !== null) return null
  return end === 'complete' || ttftMs !== null ? 'answered' : null
}

type Counts = { answered: number; failed: number }
type Minute = Counts & { readonly number: number }

/** Counts the answers of every model by the hour, for the page of status; bounded in hours and in models. */
export const watchAvailability = ({ store, clock, log, modelOf }: AvailabilityParts): Availability => {
  let waiting = new Map<string, Counts & { readonly model: string; readonly startMs: number }>()
  const minutes = new Map<string, Minute[]>()
  let cancel = (): void => {}

  const write = async (): Promise<void> => {
    if (waiting.size === 0) return
    const hours = [...waiting.values()]
    waiting = new Map()
    try {
      await store.addAvailability(hours, clock.nowMs() - keptMs)
    } catch (thrown) {
      log.debug('availability could not be written down', { problem: asProblem(thrown).message })
      for (const hour of hours) add(hour)
    }
  }
  const add = ({ model, startMs, answered, failed }: AvailabilityHour): void => {
    const name = `${startMs} ${model}`
    const known = waiting.get(name) ?? { model, startMs, answered: 0, failed: 0 }
    known.answered += answered
    known.failed += failed
    waiting.set(name, known)
  }
  const tick = (): void => {
    cancel = clock.after(writeEveryMs, () => {
      write().then(tick, tick)
    })
  }
  tick()

  const count = (model: string, outcome: 'answered' | 'failed'): void => {
    const number = Math.floor(clock.monotonicMs() / 60_000)
    const known = minutes.get(model) ?? []
    minutes.delete(model)
    minutes.set(model, known)
    const [oldest] = minutes.keys()
    if (minutes.size > modelsMax && oldest !== undefined) minutes.delete(oldest)
    if (known.at(-1)?.number !== number) known.push({ number, answered: 0, failed: 0 })
    if (known.length > recentMinutes) known.shift()
    const last = known.at(-1)
    if (last !== undefined) last[outcome] += 1
  }

  return {
    observe: (record) => {
      const outcome = record.test || record.key === null || record.model === null ? null : outcomeOf(record)
      const model = outcome === null || record.model === null ? null : modelOf(record.model)
      if (outcome === null || model === null) return
      const startMs = Math.floor(record.timeMs / hourMs) * hourMs
      add({ model, startMs, answered: 0, failed: 0, [outcome]: 1 })
      count(model, outcome)
    },
    recent: (model) => {
      const from = Math.floor(clock.monotonicMs() / 60_000) - recentMinutes
      const sum = { answered: 0, failed: 0 }
      for (const { number, answered, failed } of minutes.get(model) ?? []) {
        if (number <= from) continue
        sum.answered += answered
        sum.failed += failed
      }
      return sum
    },
    since: async (sinceMs) => {
      const found = new Map<string, Counts>()
      // First all is written, so that nothing is counted twice or not at all.
      await write()
      for (const { model, answered, failed } of await store.availability(sinceMs)) {
        const known = found.get(model) ?? { answered: 0, failed: 0 }
        known.answered += answered
        known.failed += failed
        found.set(model, known)
      }
      return found
    },
    close: async () => {
      cancel()
      await write()
    },
  }
}
