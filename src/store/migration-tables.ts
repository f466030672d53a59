/** The tables of migrations. */

import type { JsonText, Whole } from './column.ts'

export type MigrationTable = {
  id: string
  name: string
  file: string
  digest: string
  salt: string
  created_ms: Whole
  facts: JsonText
  phase: string
  state: JsonText
  version: Whole
  checked_ms: Whole
}

type MigrationDecisionTable = { migration: string; number: Whole; time_ms: Whole; decision: JsonText }

type MigrationCellTable = { migration: string; epoch: Whole; cell: string; sums: JsonText }

type MigrationUnitTable = { migration: string; epoch: Whole; unit: string; tally: JsonText }

/** What each process has found by copying calls. */
type MigrationShadowTable = { migration: string; source: string; log: JsonText }

/** How far each process that tells has been heard. */
type MigrationSourceTable = { migration: string; source: string; sequence: Whole }

/** What callers who split their traffic themselves have reported; `turn` is null once it is counted. */
type MigrationReportTable = {
  migration: string
  id: string
  epoch: Whole
  step: Whole
  start_ms: Whole
  turn: JsonText | null
}

/** Turns by call site, delivery and length of the prompt, and who was met. */
type MigrationStratumTable = { migration: string; epoch: Whole; name: string; sums: JsonText }

/** How the tests stood at a time. */
type MigrationPointTable = { migration: string; epoch: Whole; time_ms: Whole; point: JsonText }

/** Turns that people may say something of; only where a metric asks for it. */
type MigrationCallTable = {
  migration: string
  call: string
  epoch: Whole
  step: Whole
  arm: string
  unit: string | null
  start_ms: Whole
}

/** What they said; `fate` as migration-feedback.ts has it. */
type MigrationFeedbackTable = { migration: string; call: string; bad: Whole; time_ms: Whole; fate: Whole }

/** Where conversations are that a higher weight would move; `number` in the order of telling. */
type MigrationPinTable = {
  migration: string
  unit: string
  arm: string
  step: Whole
  moved: Whole
  at_ms: Whole
  number: Whole
}

export type MigrationTables = {
  migration_pin: MigrationPinTable
  migration_call: MigrationCallTable
  migration_feedback: MigrationFeedbackTable
  migration: MigrationTable
  migration_decision: MigrationDecisionTable
  migration_cell: MigrationCellTable
  migration_unit: MigrationUnitTable
  migration_shadow: MigrationShadowTable
  migration_source: MigrationSourceTable
  migration_report: MigrationReportTable
  migration_stratum: MigrationStratumTable
  migration_point: MigrationPointTable
}
