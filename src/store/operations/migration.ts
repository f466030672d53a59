/** Migrations: their state with every decision, and the evidence, whose arithmetic is the room's own. */

import type { Selectable } from 'kysely'
import { CompiledQuery } from 'kysely'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { asideSteps } from '#migration/aside.ts'
import type { Added, Mark, Units } from '#migration/evidence.ts'
import { addMarks, addTurns } from '#migration/evidence.ts'
import type { CellJson } from '#migration/evidence-text.ts'
import { cellJson, evidenceOf, tallyOfText, tallyText } from '#migration/evidence-text.ts'
import type { Decision, EvidenceBatch, MigrationMark, MigrationRow, NewDecision, ShadowRow } from '#migration/port.ts'
import { batchTurnsMax, migrationsMax, shadowRowsMax } from '#migration/port.ts'
import type { MigrationTable } from '#store/migration-tables.ts'
import type { Transaction } from './context.ts'
import { read, runHot, write } from './context.ts'
import type { Ended } from './migration-ended.ts'
import { forgetRows } from './migration-ended.ts'
import { feedbackOperations, keepCalls } from './migration-feedback.ts'
import { addToStrata, historyOperations } from './migration-history.ts'
import { pinOperations } from './migration-pin.ts'
import { reportOperations } from './migration-report.ts'
import { checkLimit } from './page.ts'
import { appendTrail } from './trail.ts'

const overPhases = ['rolled_back', 'aborted']

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

/**
 * Every node reads them twice a second. Condition and order are those of the index `migration_live_name`, which has no row of what is over; more than
 * `migrationsMax` there never are.
 */
const marksStatement = CompiledQuery.raw(
  `select id, version, checked_ms from migration where phase not in ('rolled_back', 'aborted') order by name limit ${migrationsMax}`,
) as CompiledQuery<Pick<Selectable<MigrationTable>, 'id' | 'version' | 'checked_ms'>>

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
  if (before !== undefined && !overPhases.includes(before.phase))
    throw new Problem('conflict', {
      ...saying('migration_exists', { name: row.name, phase: before.phase }),
      param: 'migration',
    })
  const { count } = await transaction
    .selectFrom('migration')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('phase', 'not in', overPhases)
    .executeTakeFirstOrThrow()
  if (Number(count) >= migrationsMax)
    throw new Problem('conflict', {
      message: `${migrationsMax} migrations are not over, and servers know no more of them. Abort those that are complete, once drover.yaml names their candidates.`,
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
      ...(decision.facts !== undefined && { facts: JSON.stringify(decision.facts) }),
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

/** Evidence that began anew more often has forgotten its first conversations. */
const epochsMax = 20

/** Which of these conversations were seen in an earlier epoch. */
const carriedOf = async (
  transaction: Transaction,
  { migration, epoch }: Pick<EvidenceBatch, 'migration' | 'epoch'>,
  names: readonly string[],
): Promise<ReadonlySet<string>> => {
  if (epoch <= 1 || names.length === 0) return new Set()
  // Named one by one, so that the index of the key is gone through by all three of its columns.
  const before = Array.from({ length: Math.min(epoch - 1, epochsMax) }, (_unused, index) => BigInt(epoch - 1 - index))
  const rows = await transaction
    .selectFrom('migration_unit')
    .select('unit')
    .where('migration', '=', migration)
    .where('epoch', 'in', before)
    .where('unit', 'in', names)
    .execute()
  return new Set(rows.map(({ unit }) => unit))
}

type OfEpoch = Pick<EvidenceBatch, 'migration' | 'epoch'>

/** What is known of these conversations. */
const knownOf = async (
  transaction: Transaction,
  { migration, epoch }: OfEpoch,
  names: readonly string[],
): Promise<Units> => {
  if (names.length === 0) return new Map()
  const rows = await transaction
    .selectFrom('migration_unit')
    .select(['unit', 'tally'])
    .where('migration', '=', migration)
    .where('epoch', '=', BigInt(epoch))
    .where('unit', 'in', names)
    .execute()
  return new Map(rows.map(({ unit, tally }) => [unit, tallyOfText(tally)]))
}

const keepAdded = async (transaction: Transaction, { migration, epoch }: OfEpoch, added: Added): Promise<void> => {
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

const unitsIn = (all: readonly { readonly unit: string | null }[]): readonly string[] => [
  ...new Set(all.flatMap(({ unit }) => unit ?? [])),
]

const addToSums = async (
  transaction: Transaction,
  batch: Pick<EvidenceBatch, 'migration' | 'epoch' | 'columns' | 'turns'>,
): Promise<void> => {
  await addToStrata(transaction, batch)
  const { turns: told, columns } = batch
  const names = unitsIn(told.map(({ turn }) => turn))
  const carried = await carriedOf(transaction, batch, names)
  const turns = told.map(({ step, turn }) => ({
    step: turn.unit !== null && carried.has(turn.unit) ? asideSteps.carried : step,
    turn,
  }))
  const known = await knownOf(transaction, batch, names)
  await keepAdded(
    transaction,
    batch,
    addTurns(turns, { columns, known, evidence: evidenceOf(await cellsOf(transaction, batch)) }),
  )
  await keepCalls(transaction, batch, turns)
}

type MarkBatch = OfEpoch & Pick<EvidenceBatch, 'columns'> & { readonly marks: readonly Mark[]; readonly column: number }

const addMarksToSums = async (transaction: Transaction, batch: MarkBatch): Promise<void> => {
  const { marks, columns, column } = batch
  const known = await knownOf(transaction, batch, unitsIn(marks))
  const evidence = evidenceOf(await cellsOf(transaction, batch))
  await keepAdded(transaction, batch, addMarks(marks, { columns, known, evidence, column }))
}

const add = async (transaction: Transaction, batch: EvidenceBatch): Promise<boolean> => {
  if (batch.turns.length > batchTurnsMax) throw new RangeError(`a batch has at most ${batchTurnsMax} turns`)
  if (!(await isNew(transaction, batch))) return false
  await addToSums(transaction, batch)
  return true
}

const forgetTallies = async (transaction: Transaction, { endedBeforeMs, limit }: Ended): Promise<number> => {
  const rows = await transaction
    .selectFrom('migration_unit')
    .innerJoin('migration', 'migration.id', 'migration_unit.migration')
    .select(['migration_unit.migration as migration', 'migration_unit.epoch as epoch', 'migration_unit.unit as unit'])
    .where('migration.phase', 'in', ['rolled_back', 'aborted', 'completed'])
    .where('migration.checked_ms', '<', BigInt(endedBeforeMs))
    .orderBy('migration_unit.migration')
    .limit(limit)
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
}

export const migrationOperations = {
  migrationMarks: read(async (transaction, _none: null): Promise<readonly MigrationMark[]> => {
    const rows = await runHot(transaction, marksStatement, [])
    const marks = rows.map(({ id, version, checked_ms }) => ({
      id,
      version: Number(version),
      checkedMs: Number(checked_ms),
    }))
    return marks.sort((one, other) => (one.id < other.id ? 1 : -1))
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
      // However many are over since: what one that is not over moves, it goes on to move.
      .orderBy(({ eb }) => eb.case().when('phase', 'in', overPhases).then(1).else(0).end())
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
  ...feedbackOperations(addMarksToSums),
  ...historyOperations,
  ...pinOperations,

  forgetUnits: write(async (transaction, ended: Ended): Promise<number> => {
    let left = checkLimit(ended.limit)
    for (const table of ['migration_report', 'migration_call', 'migration_feedback', 'migration_pin'] as const)
      if (left > 0) left -= await forgetRows(transaction, table, { ...ended, limit: left })
    if (left > 0) left -= await forgetTallies(transaction, { ...ended, limit: left })
    return ended.limit - left
  }),

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
