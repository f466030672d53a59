/** Migrations: their state with every decision, and the evidence, whose arithmetic is the room's own. */

import type { Selectable } from 'kysely'
import { Problem } from '#base/problem.ts'
import { addTurns } from '#migration/evidence.ts'
import type { CellJson } from '#migration/evidence-text.ts'
import { cellJson, evidenceOf, tallyOfText, tallyText } from '#migration/evidence-text.ts'
import type { Decision, EvidenceBatch, MigrationMark, MigrationRow, NewDecision, ShadowRow } from '#migration/port.ts'
import { batchTurnsMax, migrationsMax, shadowRowsMax } from '#migration/port.ts'
import type { MigrationTable } from '#store/migration-tables.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { addToStrata, historyOperations } from './migration-history.ts'
import { forgetReports, reportOperations } from './migration-report.ts'
import { checkLimit } from './page.ts'
import { appendTrail } from './trail.ts'

const rowOf = (row: Selectable<MigrationTable>): MigrationRow => ({
  id: row.id,
  name: row.name,
  file: row.file,
  digest: row.digest,
  salt: row.salt,
  createdMs: Number(row.created_ms),
  facts: JSON.parse(row.facts) as MigrationRow['facts'],
  state: JSON.parse(row.state) as MigrationRow['state'],
  version: Number(row.version),
  checkedMs: Number(row.checked_ms),
})

const newest = (transaction: Transaction, name: string) =>
  transaction
    .selectFrom('migration')
    .selectAll()
    .where('name', '=', name)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()

const append = async (transaction: Transaction, { decision, trail }: NewDecision): Promise<void> => {
  await transaction
    .insertInto('migration_decision')
    .values({
      migration: decision.migration,
      number: decision.number,
      time_ms: decision.timeMs,
      decision: JSON.stringify(decision),
    })
    .execute()
  if (trail !== null) await appendTrail(transaction, trail)
}

type Creation = { readonly row: MigrationRow; readonly first: NewDecision }

const create = async (transaction: Transaction, { row, first }: Creation): Promise<void> => {
  const before = await newest(transaction, row.name)
  if (before !== undefined && before.phase !== 'rolled_back' && before.phase !== 'aborted')
    throw new Problem('conflict', {
      message: `There is a migration "${row.name}" already, and it is ${before.phase}. Roll it back or abort it, or give this one another name.`,
      param: 'migration',
    })
  const state = first.decision.after
  await transaction
    .insertInto('migration')
    .values({
      id: row.id,
      name: row.name,
      file: row.file,
      digest: row.digest,
      salt: row.salt,
      created_ms: row.createdMs,
      facts: JSON.stringify(row.facts),
      phase: state.phase,
      state: JSON.stringify(state),
      version: first.decision.number,
      checked_ms: row.checkedMs,
    })
    .execute()
  await append(transaction, first)
}

const decide = async (transaction: Transaction, next: NewDecision): Promise<boolean> => {
  const { decision } = next
  const changed = await transaction
    .updateTable('migration')
    .set({
      phase: decision.after.phase,
      state: JSON.stringify(decision.after),
      version: decision.number,
      checked_ms: decision.timeMs,
    })
    .where('id', '=', decision.migration)
    .where('version', '=', BigInt(decision.number - 1))
    .returning('id')
    .executeTakeFirst()
  if (changed === undefined) return false
  await append(transaction, next)
  return true
}

/** Whether the batch follows the last one that this process has told. */
const isNew = async (transaction: Transaction, batch: EvidenceBatch): Promise<boolean> => {
  const { migration, source, sequence } = batch
  const told = await transaction
    .insertInto('migration_source')
    .values({ migration, source, sequence })
    .onConflict((conflict) =>
      conflict
        .columns(['migration', 'source'])
        .doUpdateSet({ sequence })
        .where('migration_source.sequence', '<', BigInt(sequence)),
    )
    .returning('source')
    .executeTakeFirst()
  return told !== undefined
}

const cellsOf = async (
  transaction: Transaction,
  { migration, epoch }: Pick<EvidenceBatch, 'migration' | 'epoch'>,
): Promise<readonly CellJson[]> => {
  const rows = await transaction
    .selectFrom('migration_cell')
    .select('sums')
    .where('migration', '=', migration)
    .where('epoch', '=', BigInt(epoch))
    .orderBy('cell')
    .execute()
  return rows.map(({ sums }) => JSON.parse(sums) as CellJson)
}

const addToSums = async (
  transaction: Transaction,
  batch: Pick<EvidenceBatch, 'migration' | 'epoch' | 'columns' | 'turns'>,
): Promise<void> => {
  await addToStrata(transaction, batch)
  const { migration, epoch, turns, columns } = batch
  const names = [...new Set(turns.flatMap(({ turn }) => turn.unit ?? []))]
  const known =
    names.length === 0
      ? []
      : await transaction
          .selectFrom('migration_unit')
          .select(['unit', 'tally'])
          .where('migration', '=', migration)
          .where('epoch', '=', BigInt(epoch))
          .where('unit', 'in', names)
          .execute()
  const added = addTurns(turns, {
    columns,
    known: new Map(known.map(({ unit, tally }) => [unit, tallyOfText(tally)])),
    evidence: evidenceOf(await cellsOf(transaction, batch)),
  })
  const units = [...added.units].map(([unit, tally]) => ({ migration, epoch, unit, tally: tallyText(tally) }))
  if (units.length > 0)
    await transaction
      .insertInto('migration_unit')
      .values(units)
      .onConflict((conflict) =>
        conflict.columns(['migration', 'epoch', 'unit']).doUpdateSet((row) => ({ tally: row.ref('excluded.tally') })),
      )
      .execute()
  const cells = [...added.cells].map(([cell, sums]) => ({
    migration,
    epoch,
    cell,
    sums: JSON.stringify(cellJson(sums)),
  }))
  if (cells.length > 0)
    await transaction
      .insertInto('migration_cell')
      .values(cells)
      .onConflict((conflict) =>
        conflict.columns(['migration', 'epoch', 'cell']).doUpdateSet((row) => ({ sums: row.ref('excluded.sums') })),
      )
      .execute()
}

const add = async (transaction: Transaction, batch: EvidenceBatch): Promise<boolean> => {
  if (batch.turns.length > batchTurnsMax) throw new RangeError(`a batch has at most ${batchTurnsMax} turns`)
  if (!(await isNew(transaction, batch))) return false
  await addToSums(transaction, batch)
  return true
}

export const migrationOperations = {
  migrationMarks: read(async (transaction, _none: null): Promise<readonly MigrationMark[]> => {
    const rows = await transaction
      .selectFrom('migration')
      .select(['id', 'version', 'checked_ms'])
      .where('phase', 'not in', ['rolled_back', 'aborted'])
      .orderBy('id', 'desc')
      .limit(migrationsMax)
      .execute()
    return rows.map(({ id, version, checked_ms }) => ({
      id,
      version: Number(version),
      checkedMs: Number(checked_ms),
    }))
  }),

  migrations: read(async (transaction, _none: null): Promise<readonly MigrationRow[]> => {
    const rows = await transaction
      .selectFrom('migration')
      .selectAll()
      .where('id', 'in', (inner) =>
        inner
          .selectFrom('migration')
          .select(({ fn }) => fn.max('id').as('id'))
          .groupBy('name'),
      )
      .orderBy('id', 'desc')
      .limit(migrationsMax)
      .execute()
    return rows.map(rowOf)
  }),

  migration: read(async (transaction, name: string): Promise<MigrationRow | null> => {
    const row = await newest(transaction, name)
    return row === undefined ? null : rowOf(row)
  }),

  createMigration: write(create),
  decideMigration: write(decide),

  decisions: read(
    async (
      transaction,
      { migration, after, limit }: { readonly migration: string; readonly after: number; readonly limit: number },
    ): Promise<readonly Decision[]> => {
      const rows = await transaction
        .selectFrom('migration_decision')
        .select('decision')
        .where('migration', '=', migration)
        .where('number', '>', BigInt(after))
        .orderBy('number')
        .limit(checkLimit(limit))
        .execute()
      return rows.map(({ decision }) => JSON.parse(decision) as Decision)
    },
  ),

  checkMigration: write(
    async (
      transaction,
      { migration, nowMs }: { readonly migration: string; readonly nowMs: number },
    ): Promise<void> => {
      await transaction.updateTable('migration').set({ checked_ms: nowMs }).where('id', '=', migration).execute()
    },
  ),

  addEvidence: write(add),

  ...reportOperations(addToSums),
  ...historyOperations,

  forgetUnits: write(
    async (
      transaction,
      { endedBeforeMs, limit }: { readonly endedBeforeMs: number; readonly limit: number },
    ): Promise<number> => {
      await forgetReports(transaction, endedBeforeMs)
      const rows = await transaction
        .selectFrom('migration_unit')
        .innerJoin('migration', 'migration.id', 'migration_unit.migration')
        .select([
          'migration_unit.migration as migration',
          'migration_unit.epoch as epoch',
          'migration_unit.unit as unit',
        ])
        .where('migration.phase', 'in', ['rolled_back', 'aborted', 'completed'])
        .where('migration.checked_ms', '<', BigInt(endedBeforeMs))
        .orderBy('migration_unit.migration')
        .limit(checkLimit(limit))
        .execute()
      for (const [migration, ofOne] of Map.groupBy(rows, (row) => row.migration))
        for (const [epoch, units] of Map.groupBy(ofOne, (row) => row.epoch))
          await transaction
            .deleteFrom('migration_unit')
            .where('migration', '=', migration)
            .where('epoch', '=', epoch)
            .where(
              'unit',
              'in',
              units.map(({ unit }) => unit),
            )
            .execute()
      return rows.length
    },
  ),

  keepShadow: write(async (transaction, row: ShadowRow): Promise<void> => {
    await transaction
      .insertInto('migration_shadow')
      .values(row)
      .onConflict((conflict) => conflict.columns(['migration', 'source']).doUpdateSet({ log: row.log }))
      .execute()
  }),

  shadows: read(async (transaction, migration: string): Promise<readonly ShadowRow[]> => {
    const rows = await transaction
      .selectFrom('migration_shadow')
      .selectAll()
      .where('migration', '=', migration)
      .orderBy('source', 'desc')
      .limit(shadowRowsMax)
      .execute()
    return rows.reverse().map(({ source, log }) => ({ migration, source, log }))
  }),

  evidence: read(
    (transaction, of: { readonly migration: string; readonly epoch: number }): Promise<readonly CellJson[]> =>
      cellsOf(transaction, of),
  ),
}
