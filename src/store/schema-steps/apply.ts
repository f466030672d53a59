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

const appliedSteps = async ({ database, dialect }: SchemaTarget): Promise<readonly AppliedStep[]> => {
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

/** Where a store says which of its steps a Drover has to know. */
export const neededName = 'schema_needed'

export type AppliedStep = { readonly number: number; readonly name: string }

/**
 * Whether the store has all steps of this Drover. It may have more, where these only add.
 * @param needed What the store says of itself, as `sayNeeded` wrote it; `null` = all its steps have to be known.
 * @throws Problem `store_unavailable` where the store has a step that is not among these and has to be known.
 */
export const hasAllSteps = (
  applied: readonly AppliedStep[],
  needed: string | null,
  steps: readonly SchemaStep[],
): boolean => {
  const known = new Map(steps.map(({ number, name }) => [number, name]))
  const others = applied.filter(({ number, name }) => known.get(number) !== name)
  const hasAll = applied.length - others.length === steps.length
  const mayBeUnknown = (number: number): boolean =>
    hasAll && needed !== null && !needed.split(',').includes(String(number))
  const unknown = others.find(({ number }) => known.has(number) || !mayBeUnknown(number))
  if (unknown === undefined) return hasAll
  throw new Problem('store_unavailable', {
    message:
      `The store was written by another version of Drover: it has the schema step ${unknown.number} "${unknown.name}", ` +
      `and this version knows ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}. ` +
      'Start the version that wrote it, or a newer one, or restore a backup.',
    facts: { schema_step: unknown.number },
  })
}

/** Before the first step there is nothing to say it in. */
const neededOf = async ({ database }: SchemaTarget, applied: readonly AppliedStep[]): Promise<string | null> => {
  if (applied.length === 0) return null
  const row = await database.selectFrom('meta').select('value').where('name', '=', neededName).executeTakeFirst()
  return row?.value ?? null
}

const sayNeeded = async ({ database }: SchemaTarget, applied: readonly SchemaStep[]): Promise<void> => {
  if (applied.length === 0) return
  const needed = applied.filter(({ isAddition }) => isAddition !== true)
  const value = needed.map(({ number }) => number).join(',')
  await database
    .insertInto('meta')
    .values({ name: neededName, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute()
}

/**
 * Applies the steps that are missing and gives the number of this Drover's last one.
 * @throws Problem `store_unavailable` where the store has a step that is not among these, and has to be known.
 */
export const stepForward = async (target: SchemaTarget): Promise<number> => {
  const { database, dialect, steps, nowMs } = target
  ordered(steps)
  const applied = await appliedSteps(target)
  const last = steps.at(-1)?.number ?? 0
  if (hasAllSteps(applied, await neededOf(target, applied), steps)) return last
  const done = new Set(applied.map(({ number }) => number))
  for (const step of steps.filter(({ number }) => !done.has(number))) {
    await step.forward(asStepDatabase(database), dialect)
    await database
      .insertInto('schema_step')
      .values({ number: step.number, name: step.name, applied_ms: nowMs })
      .execute()
  }
  await sayNeeded(target, steps)
  return last
}

/** Undoes the steps above the number `downTo` (0 = all), newest first; nothing where one of them is unknown. */
export const stepBack = async (target: SchemaTarget, downTo: number): Promise<void> => {
  const { database, dialect, steps } = target
  ordered(steps)
  const applied = await appliedSteps(target)
  hasAllSteps(applied, null, steps)
  const done = new Set(applied.map(({ number }) => number))
  const there = steps.filter(({ number }) => done.has(number))
  for (const step of there.filter(({ number }) => number > downTo).reverse()) {
    await step.back(asStepDatabase(database), dialect)
    await database.deleteFrom('schema_step').where('number', '=', BigInt(step.number)).execute()
  }
  await sayNeeded(
    target,
    there.filter(({ number }) => number <= downTo),
  )
}
