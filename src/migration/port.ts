/** What migrations need kept. Every change of state is a decision that is appended, together with the state that it leads to, or not at all. */

import type { Sentence } from '#base/sentence.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { Column } from './column.ts'
import type { AssignedTurn } from './evidence.ts'
import type { CellJson } from './evidence-text.ts'
import type { HistoryPoint } from './history-point.ts'
import type { Change, Phase, State } from './itinerary.ts'
import type { BaselineFacts } from './judge.ts'
import type { Preflight } from './preflight.ts'
import type { ToldPin } from './shared-pins.ts'
import type { Strata } from './strata.ts'

export type MigrationRow = {
  readonly id: string
  /** Unique among those that are not over; of several the newest is meant. */
  readonly name: string
  /** The file as it was given. */
  readonly file: string
  /** Of the file: another file is another migration. */
  readonly digest: string
  /** What conversations are hashed with. */
  readonly salt: string
  readonly createdMs: number
  /** The baseline before the start. */
  readonly facts: BaselineFacts
  readonly state: State
  /** How many decisions there are: who decides names the number that it knows, and is refused where another one came before. */
  readonly version: number
  /** When the evidence was last looked at by the node that decides. */
  readonly checkedMs: number
}

export type Decision = {
  readonly migration: string
  /** From 1, without gaps. */
  readonly number: number
  readonly timeMs: number
  /** `drover`, or who it was. */
  readonly actor: string
  readonly change: Change
  readonly why: string
  /** The same by its code; absent: it was kept by an earlier version. */
  readonly said?: Sentence
  readonly from: Phase
  readonly after: State
  /** The sums that it was made on. */
  readonly evidence: readonly CellJson[]
  /** What copies had found by then, as shadow-log.ts writes it; absent: nothing was asked of copies. */
  readonly shadow?: string
  /** Of a start: what was looked at before. */
  readonly preflight?: Preflight
  /** Of a start at a date: the baseline as it was by then, which takes the place of what it was when the date was set. */
  readonly facts?: BaselineFacts
}

export type NewDecision = {
  readonly decision: Decision
  /** `null` = Drover decided by itself. */
  readonly trail: TrailEntry | null
}

/** Turns that a node has seen to their end. */
export type EvidenceBatch = {
  readonly migration: string
  readonly epoch: number
  /** Names the process that tells, and counts its batches from 1: what is told twice counts once. */
  readonly source: string
  readonly sequence: number
  readonly columns: readonly Column[]
  readonly turns: readonly AssignedTurn[]
}

/** Turns that callers who split their traffic themselves have seen. */
export type ReportedTurns = {
  readonly migration: string
  readonly turns: readonly ReportedTurn[]
}

/** A turn with the evidence and the step that it belongs to, as reported-step.ts finds them. */
export type ReportedTurn = AssignedTurn & { readonly epoch: number }

/** Which of them are counted: those that began before, at most `limit`. */
export type ReportCount = {
  readonly migration: string
  readonly columns: readonly Column[]
  readonly beganBeforeMs: number
  readonly limit: number
}

/** What people said of an answer. */
export type Feedback = {
  /** Of the call, or the observation that was told of it; after `unit:` the conversation, as it is told. */
  readonly call: string
  readonly isBad: boolean
}

export type NewFeedback = { readonly migration: string; readonly nowMs: number; readonly said: readonly Feedback[] }

export type FeedbackCount = {
  readonly migration: string
  readonly columns: readonly Column[]
  /** What was said before, and of no turn that is counted, is set aside. */
  readonly asideBeforeMs: number
  readonly limit: number
}

/** Of one migration: what waits for its turn to be counted, what is counted, what was said of no turn that its arm answered. */
export type FeedbackTotals = { readonly waiting: number; readonly counted: number; readonly aside: number }

/** Of one migration: more that waits is refused. */
export const waitingFeedbackMax = 100_000
/** Of one question. */
export const feedbackBatchMax = 100
/** A turn is known for so long after it began. */
export const feedbackWithinMs = 24 * 3_600_000

/** Pins that a node tells. */
export type KeptPins = {
  readonly migration: string
  readonly pins: readonly ToldPin[]
  /** Of conversations that have been silent since before, kept pins go. */
  readonly idleBeforeMs: number
}
/** Those that were told after `after`, in the order of telling, at most `limit`; of conversations that went on at `sinceMs` or later. */
export type PinsAfter = {
  readonly migration: string
  readonly after: number
  readonly sinceMs: number
  readonly limit: number
}
export type NumberedPin = ToldPin & { readonly number: number }

/** Reports of one migration that wait to be counted; more are refused. */
export const waitingReportsMax = 100_000
/** For so long after it began a turn that is reported again is known; older ones are not taken at all. */
export const reportsRememberedMs = 2 * 3_600_000

/** Of one batch; a node makes several of what is more. */
export const batchTurnsMax = 500
/** Migrations that a server knows of at a time: no more may be under way or complete; those that are over fill the rest. */
export const migrationsMax = 200
/** Processes whose copies are known of a migration. */
export const shadowRowsMax = 500

/** What one process has found by copying calls; the text is that of shadow-log.ts. */
export type ShadowRow = { readonly migration: string; readonly source: string; readonly log: string }

/** What nodes that share a store are told when a migration has changed. */
export type ToldMigration = { readonly id: string; readonly phase: string }

/** Tells whether a migration has changed since it was read. */
export type MigrationMark = Pick<MigrationRow, 'id' | 'version' | 'checkedMs'>

/** The newest points of a migration, at most `limit`. */
export type PointsPage = { readonly migration: string; readonly limit: number }

export type MigrationStore = {
  /** Of those that are not rolled back or aborted, the newest first, at most `migrationsMax`: little to read, however often. */
  readonly migrationMarks: () => Promise<readonly MigrationMark[]>
  /** The newest of each name, at most `migrationsMax`: first those that are not over, each kind from the newest. */
  readonly migrations: () => Promise<readonly MigrationRow[]>
  readonly migration: (name: string) => Promise<MigrationRow | null>
  /** Keeps a migration with its first decision. Rejects with Problem `conflict` while one of this name, or `migrationsMax` of any, are not over. */
  readonly createMigration: (row: MigrationRow, first: NewDecision) => Promise<void>
  /** Appends the decision whose number follows the last one; `false` and no change where another came before. */
  readonly decideMigration: (next: NewDecision) => Promise<boolean>
  /** In order, from the number after `after`. */
  readonly decisions: (page: {
    readonly migration: string
    readonly after: number
    readonly limit: number
  }) => Promise<readonly Decision[]>
  /** Notes that the evidence was looked at. */
  readonly checkMigration: (migration: string, nowMs: number) => Promise<void>
  /** Adds turns to the sums; `false` where this batch was added before. */
  readonly addEvidence: (batch: EvidenceBatch) => Promise<boolean>
  /**
   * Keeps what was reported until it is counted; gives how many are new: a turn that is told again is known by its id.
   * Rejects with Problem `overloaded` where `waitingReportsMax` wait already.
   */
  readonly keepReports: (reported: ReportedTurns) => Promise<number>
  /** Adds reports to the sums of the epoch that each belongs to, each once; gives how many there were. */
  readonly countReports: (count: ReportCount) => Promise<number>
  /**
   * Keeps what was said of answers, of each the first word; gives how many are new. Rejects with Problem `overloaded` where `waitingFeedbackMax` wait already.
   */
  readonly keepFeedback: (given: NewFeedback) => Promise<number>
  /** Adds what was said to the sums of the turns that it was said of, each once; gives how many there were, at most `limit`: then there may be more. */
  readonly countFeedback: (count: FeedbackCount) => Promise<number>
  readonly feedback: (migration: string) => Promise<FeedbackTotals>
  /** Deletes tallies, reports, feedback and pins of migrations that ended before; their sums stay. Gives how many rows went, at most `limit`. */
  readonly forgetUnits: (endedBeforeMs: number, limit: number) => Promise<number>
  /** All cells of an epoch, in the order of their names. */
  readonly evidence: (migration: string, epoch: number) => Promise<readonly CellJson[]>
  /** Of the turns that were added to an epoch's evidence. */
  readonly strata: (migration: string, epoch: number) => Promise<Strata>
  /** Keeps how the tests stood; of one moment once. */
  readonly keepPoint: (point: HistoryPoint) => Promise<void>
  /** Of all epochs, the oldest first. */
  readonly points: (page: PointsPage) => Promise<readonly HistoryPoint[]>
  /** Keeps where conversations are; one that has been moved stays so. */
  readonly keepPins: (kept: KeptPins) => Promise<void>
  readonly pins: (page: PinsAfter) => Promise<readonly NumberedPin[]>
  /** Replaces what this process has told before. */
  readonly keepShadow: (row: ShadowRow) => Promise<void>
  /** What every process has told of a migration, in the order of their names; at most `shadowRowsMax`, the newest names. */
  readonly shadows: (migration: string) => Promise<readonly ShadowRow[]>
}
