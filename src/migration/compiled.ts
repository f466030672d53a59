/** A migration as its row holds it, read: the file, its itinerary, its tests. */

import { createHash } from 'node:crypto'
import { readDocument } from '#base/read-document.ts'
import type { Itinerary } from './itinerary.ts'
import { itineraryOf, weightsOf } from './itinerary.ts'
import type { Judge } from './judge.ts'
import { judgeOf } from './judge.ts'
import type { MigrationRow } from './port.ts'
import type { MigrationFile } from './settings.ts'
import { migrationFile } from './settings.ts'
import { routeOf, shadowPlanOf } from './shadow-plan.ts'
import type { Move } from './traffic.ts'

export type Compiled = {
  readonly file: MigrationFile
  readonly itinerary: Itinerary
  readonly judge: Judge
  readonly weights: readonly number[]
}

/** @throws Problem `invalid_request_error` naming line and place of everything that is wrong. */
export const readMigrationFile = (text: string): MigrationFile => readDocument(text, { schema: migrationFile })

/** Names a file: another text is another migration. */
export const fileDigest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Pure: the same row gives the same itinerary and the same tests. */
export const compile = ({ file: text, facts }: Pick<MigrationRow, 'file' | 'facts'>): Compiled => {
  const file = readMigrationFile(text)
  const itinerary = itineraryOf(file)
  return { file, itinerary, judge: judgeOf(file, facts), weights: weightsOf(itinerary) }
}

/** The deciding node has not looked for so many intervals, and at least so long: then nobody watches. */
const unwatchedIntervals = 6
const unwatchedMinMs = 30_000

const nextWeightOf = (
  { step, startStep = 0, weightBasisPoints }: MigrationRow['state'],
  { steps }: Itinerary,
): number => steps[step < 0 ? startStep : step + 1]?.weightBasisPoints ?? weightBasisPoints

/** What changes of a move while its row does not. */
export type Moment = Pick<Move, 'isWatched' | 'drift'>

const noDrift: Move['drift'] = []

/** Whether somebody looks at the evidence now, and whether drift is still watched for. */
export const momentOf = (
  { state, checkedMs }: MigrationRow,
  { file }: Compiled,
  { nowMs, drift }: { readonly nowMs: number; readonly drift: Move['drift'] },
): Moment => ({
  isWatched: nowMs - checkedMs <= Math.max(unwatchedMinMs, unwatchedIntervals * file.analysis.interval),
  drift: nowMs - state.sinceMs <= file.rollback.window ? drift : noDrift,
})

/** What nodes need to know to carry it out. */
export const moveOf = (
  { id, name, salt, state }: MigrationRow,
  { file, judge, itinerary }: Compiled,
  moment: Moment,
): Move => {
  return {
    ...moment,
    id,
    name,
    epoch: state.epoch,
    step: state.step,
    phase: state.phase,
    split: file.split,
    weightBasisPoints: state.weightBasisPoints,
    nextWeightBasisPoints: nextWeightOf(state, itinerary),
    salt,
    match: {
      models: file.match.models,
      callSites: file.match.call_sites ?? null,
      keys: file.match.keys ?? null,
      projects: file.match.projects ?? null,
      shareBasisPoints: Math.round(file.match.percent * 100),
    },
    keyOrder: file.assignment.key_order ?? null,
    candidate: { ...routeOf(file.candidate.route), params: file.candidate.param_policy },
    pinIdleMs: file.assignment.pin_idle_ttl,
    pins: file.assignment.mid_conversation === 'pin',
    pinnedShareMax: file.assignment.pinned_share_max,
    testerHeader: file.assignment.tester_header,
    breaker: file.rollback.breaker,
    recalls: file.rollback.in_flight === 'retry_before_first_byte',
    columns: judge.columns,
    shadow: shadowPlanOf(file),
  }
}
