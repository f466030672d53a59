/** What is shown of a migration beside its tests. */

import type { HistoryPoint } from '#migration/history-point.ts'
import type { Arm } from '#migration/observation.ts'
import { arms } from '#migration/observation.ts'
import type { EvidenceBatch, PointsPage } from '#migration/port.ts'
import type { Callers, Strata, StratumSums } from '#migration/strata.ts'
import {
  dimensions,
  joinCallers,
  joinStratum,
  noStratum,
  strataOf,
  stratumOfKey,
  stratumOfText,
  stratumText,
} from '#migration/strata.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { checkLimit } from './page.ts'

type OfEpoch = Pick<EvidenceBatch, 'migration' | 'epoch'>

const callersName = (arm: Arm): string => `callers/${arm}`

const rowsOf = async (
  transaction: Transaction,
  { migration, epoch }: OfEpoch,
): Promise<ReadonlyMap<string, string>> => {
  const rows = await transaction
    .selectFrom('migration_stratum')
    .select(['name', 'sums'])
    .where('migration', '=', migration)
    .where('epoch', '=', BigInt(epoch))
    .orderBy('name')
    .execute()
  return new Map(rows.map(({ name, sums }) => [name, sums]))
}

const callersOf = (rows: ReadonlyMap<string, string>, arm: Arm): Callers =>
  JSON.parse(rows.get(callersName(arm)) ?? '[]') as Callers

/** Adds turns to the strata, in the transaction that adds them to the evidence. */
export const addToStrata = async (
  transaction: Transaction,
  batch: OfEpoch & Pick<EvidenceBatch, 'turns'>,
): Promise<void> => {
  const { migration, epoch, turns } = batch
  const rows = await rowsOf(transaction, batch)
  const names = [...rows.keys()].map(stratumOfKey)
  const known = Object.fromEntries(
    dimensions.map((one) => [
      one,
      new Set(names.flatMap(({ dimension, value }) => (dimension === one ? [value] : []))),
    ]),
  )
  const added = strataOf(
    turns.map(({ turn }) => turn),
    known,
  )
  const changed = new Map<string, string>()
  for (const [name, sums] of added.sums) {
    const before = rows.get(name)
    changed.set(name, stratumText(joinStratum(before === undefined ? noStratum : stratumOfText(before), sums)))
  }
  for (const arm of arms) {
    const before = callersOf(rows, arm)
    const after = joinCallers(before, added.callers[arm])
    const text = JSON.stringify(after)
    if (text !== JSON.stringify(before)) changed.set(callersName(arm), text)
  }
  if (changed.size === 0) return
  await transaction
    .insertInto('migration_stratum')
    .values([...changed].map(([name, sums]) => ({ migration, epoch, name, sums })))
    .onConflict((conflict) =>
      conflict.columns(['migration', 'epoch', 'name']).doUpdateSet((row) => ({ sums: row.ref('excluded.sums') })),
    )
    .execute()
}

const strata = async (transaction: Transaction, of: OfEpoch): Promise<Strata> => {
  const rows = await rowsOf(transaction, of)
  const sums = new Map<string, StratumSums>()
  for (const [name, text] of rows) if (!name.startsWith('callers/')) sums.set(name, stratumOfText(text))
  return { sums, callers: { baseline: callersOf(rows, 'baseline'), candidate: callersOf(rows, 'candidate') } }
}

export const historyOperations = {
  strata: read(strata),
  keepPoint: write(async (transaction, point: HistoryPoint): Promise<void> => {
    await transaction
      .insertInto('migration_point')
      .values({
        migration: point.migration,
        epoch: point.epoch,
        time_ms: point.timeMs,
        point: JSON.stringify(point),
      })
      .onConflict((conflict) => conflict.columns(['migration', 'epoch', 'time_ms']).doNothing())
      .execute()
  }),
  points: read(async (transaction, { migration, limit }: PointsPage): Promise<readonly HistoryPoint[]> => {
    const rows = await transaction
      .selectFrom('migration_point')
      .select('point')
      .where('migration', '=', migration)
      .orderBy('time_ms', 'desc')
      .limit(checkLimit(limit))
      .execute()
    return rows.reverse().map(({ point }) => JSON.parse(point) as HistoryPoint)
  }),
}
