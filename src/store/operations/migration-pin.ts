/** Where conversations of a migration are, numbered as nodes tell it: whoever reads on from the last number misses none. */

import type { Arm } from '#migration/observation.ts'
import type { KeptPins, NumberedPin, PinsAfter } from '#migration/port.ts'
import { batchTurnsMax } from '#migration/port.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { dropRows } from './migration-ended.ts'
import { checkLimit } from './page.ts'

/**
 * Of those that were told longest ago the idle ones: every reader leaves them out. Not the last number, which the next ones follow. Twice as many are looked at as are told at
 * a time, so that they become fewer.
 */
const forgetIdle = async (
  transaction: Transaction,
  { migration, idleBeforeMs, last }: Pick<KeptPins, 'migration' | 'idleBeforeMs'> & { readonly last: number },
): Promise<void> => {
  const oldest = await transaction
    .selectFrom('migration_pin')
    .select(['unit', 'at_ms'])
    .where('migration', '=', migration)
    .where('number', '<', BigInt(last))
    .orderBy('number')
    .limit(2 * batchTurnsMax)
    .execute()
  const idle = oldest.filter((row) => Number(row.at_ms) < idleBeforeMs)
  await dropRows(transaction, 'migration_pin', { migration, names: idle.map(({ unit }) => unit) })
}

const keep = async (transaction: Transaction, { migration, pins, idleBeforeMs }: KeptPins): Promise<void> => {
  if (pins.length > batchTurnsMax) throw new RangeError(`at most ${batchTurnsMax} pins are told at a time`)
  if (pins.length === 0) return
  const last = await transaction
    .selectFrom('migration_pin')
    .select('number')
    .where('migration', '=', migration)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  const first = Number(last?.number ?? 0) + 1
  await forgetIdle(transaction, { migration, idleBeforeMs, last: first - 1 })
  const rows = pins.map(({ unit, arm, step, isMoved, atMs }, index) => ({
    migration,
    unit,
    arm,
    step,
    moved: isMoved === true ? 1 : 0,
    at_ms: atMs,
    number: first + index,
  }))
  await transaction
    .insertInto('migration_pin')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['migration', 'unit'])
        .doUpdateSet((row) => ({
          arm: row.ref('excluded.arm'),
          step: row.ref('excluded.step'),
          moved: row.ref('excluded.moved'),
          at_ms: row.ref('excluded.at_ms'),
          number: row.ref('excluded.number'),
        }))
        // What has been moved stays so: another node has not heard of it yet.
        .whereRef('excluded.moved', '>=', 'migration_pin.moved'),
    )
    .execute()
}

const pinsAfter = async (
  transaction: Transaction,
  { migration, after, sinceMs, limit }: PinsAfter,
): Promise<readonly NumberedPin[]> => {
  const rows = await transaction
    .selectFrom('migration_pin')
    .selectAll()
    .where('migration', '=', migration)
    .where('number', '>', BigInt(after))
    .where('at_ms', '>=', BigInt(Math.max(0, sinceMs)))
    .orderBy('number')
    .limit(checkLimit(limit))
    .execute()
  return rows.map((row) => ({
    unit: row.unit,
    arm: row.arm as Arm,
    step: Number(row.step),
    atMs: Number(row.at_ms),
    number: Number(row.number),
    ...(Number(row.moved) === 1 && { isMoved: true as const }),
  }))
}

export const pinOperations = { keepPins: write(keep), pins: read(pinsAfter) }
