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

export type MigrationDecisionTable = { migration: string; number: Whole; time_ms: Whole; decision: JsonText }

export type MigrationCellTable = { migration: string; epoch: Whole; cell: string; sums: JsonText }

export type MigrationUnitTable = { migration: string; epoch: Whole; unit: string; tally: JsonText }

/** How far each process that tells has been heard. */
export type MigrationSourceTable = { migration: string; source: string; sequence: Whole }
