/** The schema of a database brought forward, by one node at a time. */

import { hasAllSteps, stepForward } from '#store/schema-steps/apply.ts'
import { schemaSteps } from '#store/schema-steps/index.ts'
import type { SchemaStep } from '#store/schema-steps/step.ts'
import type { Connection } from './connection.ts'
import { deferredOn } from './deferred.ts'
import { kyselyOn } from './dialect.ts'
import { isUndone } from './failure.ts'
import { lockText } from './lane.ts'

/** A step rewrites tables: it may take much longer than a call. */
const stepTimeoutMs = 15 * 60_000

/** Steps lock tables that calls are just reading: where each waits for the other the server undoes one of them. */
const undoneMax = 5

/** Whether there is nothing to do: a node that joins others then keeps none of their calls waiting. */
const isCurrent = async (connection: Connection, steps: readonly SchemaStep[]): Promise<boolean> => {
  const { rows: found } = await connection.query(`select to_regclass('schema_step') is not null as there`)
  if (found[0]?.there !== true) return false
  const { rows } = await connection.query('select number, name from schema_step order by number')
  if (rows.length === 0) return false
  const { rows: said } = await connection.query(`select value from meta where name = 'schema_needed'`)
  const applied = rows.map(({ number, name }) => ({ number: Number(number), name: String(name) }))
  return hasAllSteps(applied, said[0]?.value ?? null, steps)
}

const stepOnce = async (connection: Connection, nowMs: number, steps: readonly SchemaStep[]): Promise<void> => {
  const deferred = deferredOn(connection)
  try {
    await connection.query(`begin; set local statement_timeout = ${stepTimeoutMs}; ${lockText(null)}`)
    await stepForward({ database: kyselyOn(deferred), dialect: 'postgres', steps, nowMs })
    await connection.query(`${deferred.take()}commit`)
  } catch (error) {
    if (!connection.isLost()) await connection.query('rollback')
    throw error
  }
}

/**
 * Steps forward in one transaction, while no other node steps or writes; whoever comes second finds it done.
 * @throws Problem `store_unavailable` where the store has a step that is not among these.
 */
export const bringForward = async (
  connection: Connection,
  nowMs: number,
  steps: readonly SchemaStep[] = schemaSteps,
): Promise<void> => {
  if (await isCurrent(connection, steps)) return
  for (let tries = 1; ; tries += 1)
    try {
      return await stepOnce(connection, nowMs, steps)
    } catch (error) {
      if (!isUndone(error) || tries === undoneMax) throw error
    }
}
