/** What copies have shown so far, as the step that only copies calls is judged by it. Pure. */

import type { MigrationFile } from './settings.ts'
import type { Comparator } from './shadow-compare.ts'
import { comparators } from './shadow-compare.ts'
import type { ShadowLog } from './shadow-log.ts'
import { joinShadowLogs, shadowLogOf, shadowLogText } from './shadow-log.ts'
import { findingsOf } from './shadow-sums.ts'

export type ShadowStanding = {
  /** Answers that were compared, and those to which the baseline answered a second time. */
  readonly questions: number
  readonly repeated: number
  /** In which the candidate differs more often than the baseline from itself. */
  readonly worse: readonly Comparator[]
}

/** In which respects the file lets a candidate be called worse. */
export const respectsOf = ({ shadow }: Pick<MigrationFile, 'shadow'>): readonly Comparator[] =>
  shadow?.compare ?? comparators.filter((name) => name !== 'judged' || shadow?.judge !== undefined)

const standingOfLog = ({ sums }: ShadowLog, file: Pick<MigrationFile, 'shadow' | 'analysis'>): ShadowStanding => ({
  questions: sums.questions,
  repeated: sums.by.http_class.repeated,
  worse: findingsOf(sums, file.analysis.alpha_total, respectsOf(file))
    .filter(({ isWorse }) => isWorse)
    .map(({ comparator }) => comparator),
})

/** Of what a decision was made on; `null` = copies were not asked. */
export const shadowStandingOf = (
  text: string | undefined,
  file: Pick<MigrationFile, 'shadow' | 'analysis'>,
): ShadowStanding | null => (text === undefined ? null : standingOfLog(shadowLogOf(text), file))

/** What all processes have found, as one text that is kept with a decision. */
export const joinedShadows = (logs: readonly string[]): string => shadowLogText(joinShadowLogs(logs.map(shadowLogOf)))
