/** The schema of a database brought forward, by one node at a time. */

import { stepForward } from '#store/schema-steps/apply.ts'
import { schemaSteps } from '#store/schema-steps/index.ts'
import type { SchemaStep } from '#store/schema-steps/step.ts'
import type { Connection } from './connection.ts'
import { kyselyOn } from './dialect.ts'
import { lockText } from './lane.ts'

/** A step rewrites tables: it may take much longer than a call. */
const stepTimeoutMs = 15 * 60_000

/**
 * Steps forward in one transaction, while no other node steps or writes; whoever comes second finds it done.
 * @throws Problem `store_unavailable` where the store has a step that is not among these.
 */
export const bringForward = async (
  connection: Connection,
  nowMs: number,
  steps: readonly SchemaStep[] = schemaSteps,
): Promise<void> => {
  await connection.query(`begin; set local statement_timeout = ${stepTimeoutMs}; ${lockText(null)}`)
  try {
    await stepForward({ database: kyselyOn(connection), dialect: 'postgres', steps, nowMs })
    await connection.query('commit')
  } catch (error) {
    if (!connection.isLost()) await connection.query('rollback')
    throw error
  }
}
