/** Everything of an embedded store copied into an empty Postgres, in one transaction that is read back before it is committed. */

import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '#base/clock.ts'
import type { PostgresPlace } from './address.ts'
import { directAddress } from './address.ts'
import type { Connection } from './connection.ts'
import { connect } from './connection.ts'
import { storeProblem } from './failure.ts'
import { lockText } from './lane.ts'
import type { Moved } from './move-rows.ts'
import { copyAll } from './move-rows.ts'
import { bringForward } from './open-schema.ts'

export type MoveRequest = {
  /** The embedded store, at the schema of this Drover; nobody else has it open. */
  readonly file: string
  readonly clock: Clock
} & PostgresPlace

const connectTimeoutMs = 10_000

/**
 * Copies all rows, all or nothing.
 * @throws Problem `conflict` where the Postgres has a store already; `store_unavailable` where it cannot be reached.
 */
export const moveStore = async ({ file, clock, ...place }: MoveRequest): Promise<Moved> => {
  const address = directAddress(place)
  const source = new DatabaseSync(file, { readOnly: true })
  let connection: Connection | null = null
  try {
    connection = await connect({ address, connectTimeoutMs, answerTimeoutMs: 0 })
    await bringForward(connection, clock.nowMs())
    await connection.query(`begin; ${lockText(null)}`)
    const moved = await copyAll(source, connection)
    await connection.query('commit')
    return moved
  } catch (error) {
    throw storeProblem(error)
  } finally {
    // What was begun and not committed ends with the line.
    connection?.end()
    source.close()
  }
}
