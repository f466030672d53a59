/** What any worker says of all of them. */

import type { FigureQuestion, FigureSource, FigureSum, Figures } from '#observe/figures.ts'
import { addedFigures, busiestNames } from '#observe/figures.ts'
import type { Metrics } from '#observe/metrics.ts'
import type { CountedMetrics } from '#observe/metrics-text.ts'
import { metricsText } from '#observe/metrics-text.ts'
import type { ResponsesOptions } from '#resource/responses.ts'
import type { Seat } from './seat.ts'

/** The metrics of all workers, or of a process that is alone. */
export const wholeMetrics = (own: Metrics, seat: Seat | null): Pick<Metrics, 'text' | 'contentType'> => {
  if (seat === null) return own
  seat.answer('metrics', own.read)
  return {
    contentType: own.contentType,
    text: async () => {
      const others = (await seat.others('metrics', null)) as readonly CountedMetrics[]
      return metricsText([await own.read(), ...others])
    },
  }
}

/** The figures of all workers, or of a process that is alone. */
export const wholeFigures = (own: Figures, seat: Seat | null): FigureSource => {
  if (seat === null) return { read: async (question) => own.read(question) }
  type NamedQuestion = FigureQuestion & { readonly names: readonly string[] }
  seat.answer('figureCounts', async (question: FigureQuestion) => own.counts(question))
  seat.answer('figureSums', async (question: NamedQuestion) => own.sums(question))
  return {
    read: async (question) => {
      const counts = (await seat.others('figureCounts', question)) as readonly ReadonlyMap<string, number>[]
      const named = { ...question, names: busiestNames([own.counts(question), ...counts], question.limit) }
      const sums = (await seat.others('figureSums', named)) as readonly (readonly FigureSum[])[]
      return addedFigures(named.names, [own.sums(named), ...sums].flat())
    },
  }
}

/** What waits until no other worker is about to keep a response; absent for a process that is alone. */
export const responsesElsewhere = (seat: Seat | null): ResponsesOptions['elsewhere'] =>
  seat === null ? undefined : (named) => seat.others('responseQuiet', named)
