/** Brings a store to the schema that this Drover knows, and refuses one that a newer Drover has written. */

import assert from 'node:assert/strict'
import type { Kysely } from 'kysely'
import { Problem } from '#base/problem.ts'
import type { Tables } from '#store/tables.ts'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes, finished } from './step.ts'

export type SchemaTarget = {
  /** Inside a transaction that no other writer shares. */
  readonly database: Kysely<Tables>
  readonly dialect: DialectName
  readonly steps: readonly SchemaStep[]
  readonly nowMs: number
}

const ordered = (steps: readonly SchemaStep[]): void =>
  steps.forEach(({ number, name }, index) => {
    assert(number > (steps[index - 1]?.number ?? 0), `schema step ${name} has the number ${number}, out of its order`)
  })

/** Old steps see old tables, hence the wider type. */
const asStepDatabase = (database: Kysely<Tables>): StepDatabase => database as unknown as StepDatabase

const appliedSteps = async ({
  database,
  dialect,
}: SchemaTarget): Promise<readonly { number: number; name: string }[]> => {
  const { text, whole } = columnTypes(dialect)
  const table = database.schema
    .createTable('schema_step')
    .ifNotExists()
    .addColumn('number', whole, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('applied_ms', whole, (column) => column.notNull())
  await finished(table, dialect).execute()
  const rows = await database.selectFrom('schema_step').select(['number', 'name']).orderBy('number').execute()
  return rows.map((row) => ({ number: Number(row.number), name: row.name }))
}

const refuseUnknown = (applied: readonly { number: number; name: string }[], steps: readonly SchemaStep[]): void => {
  const known = new Map(steps.map(({ number, name }) => [number, name]))
  const unknown = applied.find(({ number, name }) => known.get(number) !== name)
  if (unknown === undefined) return
  throw new Problem('store_unavailable', {
    message:
      `The store was written by another version of Drover: it has the schema step ${unknown.number} "${unknown.name}", ` +
      `and this version knows ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}. ` +
      'Start the version that wrote it, or a newer one, or restore a backup.',
    facts: { schema_step: unknown.number },
  })
}

/**
 * Applies the steps that are missing and gives the number of the last one.
 * @throws Problem `store_unavailable` where the store has a step that is not among these.
 */
export const stepForward = async (target: SchemaTarget): Promise<number> => {
  const { database, dialect, steps, nowMs } = target
  ordered(steps)
  const applied = await appliedSteps(target)
  refuseUnknown(applied, steps)
  const done = new Set(applied.map(({ number }) => number))
  for (const step of steps.filter(({ number }) => !done.has(number))) {
    await step.forward(asStepDatabase(database), dialect)
    await database
      .insertInto('schema_step')
      .values({ number: step.number, name: step.name, applied_ms: nowMs })
      .execute()
  }
  return steps.at(-1)?.number ?? 0
}

/** Undoes the steps above `downTo` (0 = all), newest first. */
export const stepBack = async (target: SchemaTarget, downTo: number): Promise<void> => {
  const { database, dialect, steps } = target
  ordered(steps)
  const applied = await appliedSteps(target)
  refuseUnknown(applied, steps)
  for (const { number } of applied.filter((one) => one.number > downTo).reverse()) {
    const step = steps.find((one) => one.number === number)
    assert(step !== undefined)
    await step.back(asStepDatabase(database), dialect)
    await database.deleteFrom('schema_step').where('number', '=', BigInt(number)).execute()
  }
}
