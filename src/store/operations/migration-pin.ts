/** Where conversations of a migration are, numbered as nodes tell it: whoever reads on from the last number misses none. */

import type { Arm } from '#migration/observation.ts'
import type { KeptPins, NumberedPin, PinsAfter } from '#migration/port.ts'
import { batchTurnsMax } from '#migration/port.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { endedBefore } from './migration-ended.ts'
import { checkLimit } from './page.ts'

const keep = async (transaction: Transaction, { migration, pins }: KeptPins): Promise<void> => {
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
  { migration, after, limit }: PinsAfter,
): Promise<readonly NumberedPin[]> => {
  const rows = await transaction
    .selectFrom('migration_pin')
    .selectAll()
    .where('migration', '=', migration)
    .where('number', '>', BigInt(after))
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

/** Of migrations that ended before. */
export const forgetPins = async (transaction: Transaction, endedBeforeMs: number): Promise<void> => {
  await transaction
    .deleteFrom('migration_pin')
    .where('migration', 'in', endedBefore(transaction, endedBeforeMs))
    .execute()
}
