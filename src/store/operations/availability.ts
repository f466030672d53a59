/** How often models answered, by the hour: added to by every node. */

import type { AvailabilityHour } from '#observe/port.ts'
import { read, write } from './context.ts'

type Addition = { readonly hours: readonly AvailabilityHour[]; readonly forgetBeforeMs: number }

export const availabilityOperations = {
  addAvailability: write(async (transaction, { hours, forgetBeforeMs }: Addition): Promise<void> => {
    for (const { model, startMs, answered, failed } of hours)
      await transaction
        .insertInto('model_hour')
        .values({ start_ms: startMs, model, answered, failed })
        .onConflict((conflict) =>
          conflict.columns(['start_ms', 'model']).doUpdateSet((row) => ({
            answered: row('model_hour.answered', '+', row.ref('excluded.answered')),
            failed: row('model_hour.failed', '+', row.ref('excluded.failed')),
          })),
        )
        .execute()
    await transaction.deleteFrom('model_hour').where('start_ms', '<', BigInt(forgetBeforeMs)).execute()
  }),

  availability: read(async (transaction, sinceMs: number): Promise<readonly AvailabilityHour[]> => {
    const rows = await transaction
      .selectFrom('model_hour')
      .select((row) => [
        'model',
        row.fn.sum<bigint>('answered').as('answered'),
        row.fn.sum<bigint>('failed').as('failed'),
      ])
      .where('start_ms', '>=', BigInt(sinceMs))
      .groupBy('model')
      .execute()
    return rows.map(({ model, answered, failed }) => ({
      model,
      startMs: sinceMs,
      answered: Number(answered),
      failed: Number(failed),
    }))
  }),
}
