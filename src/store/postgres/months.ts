/**
 * The months that the log of calls lies in: made ahead, and dropped when their time is over. A month is a range of ids, which sort by
 * their time.
 */

import { firstIdAt } from '#base/id.ts'
import type { CallMonths } from '#job/port.ts'
import type { Connection } from './connection.ts'
import { LineLost, storeProblem } from './failure.ts'
import { lockText } from './lane.ts'
import type { Pool } from './pool.ts'

/** The present month and those after it. */
const monthsAhead = 3
/** Calls are not kept waiting for longer by a month that waits for whoever reads the log; it is tried again later. */
const lockTimeoutMs = 1000

type Part = { readonly name: string; readonly from: string | null; readonly to: string }
type Month = { readonly name: string; readonly from: string; readonly to: string }

const monthOf = (nowMs: number, ahead: number): Month => {
  const now = new Date(nowMs)
  const startMs = (more: number): number => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead + more)
  const name = `call_${new Date(startMs(0)).toISOString().slice(0, 7).replace('-', '_')}`
  return { name, from: firstIdAt('call', startMs(0)), to: firstIdAt('call', startMs(1)) }
}

/** What the log consists of, the oldest first; without the part for everything else. */
const partsOf = async (connection: Connection): Promise<readonly Part[]> => {
  const { rows } = await connection.query(
    `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
      from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'call'::regclass`,
  )
  return rows
    .flatMap(({ name, bound }): Part[] => {
      const found = /^FOR VALUES FROM \((?:MINVALUE|'([^']*)')\) TO \('([^']*)'\)$/.exec(String(bound))
      return found?.[2] === undefined ? [] : [{ name: String(name), from: found[1] ?? null, to: found[2] }]
    })
    .sort((one, other) => (one.to < other.to ? -1 : 1))
}

/** Begins, works, commits; nothing of it stands where the work fails. */
const inTransaction = async <T>(connection: Connection, begin: string, work: () => Promise<T>): Promise<T> => {
  try {
    await connection.query(`begin; set local lock_timeout = ${lockTimeoutMs}; ${begin}`)
    const value = await work()
    await connection.query('commit')
    return value
  } catch (error) {
    if (!connection.isLost() && !(error instanceof LineLost)) await connection.query('rollback')
    throw error
  }
}

/** The month is made beside the log and then put into it: so nobody who reads or writes the log waits. */
const makeMonth = (connection: Connection, { name, from, to }: Month): Promise<void> =>
  inTransaction(connection, lockText('log'), async () => {
    await connection.query(
      `create table ${name} (like call including defaults);
       with late as (delete from call_rest where id >= '${from}' and id < '${to}' returning *) insert into ${name} select * from late;
       alter table call attach partition ${name} for values from ('${from}') to ('${to}')`,
    )
  })

/** Only what the figures of usage hold goes. */
const dropMonth = (connection: Connection, { name, from, to }: Part): Promise<boolean> =>
  inTransaction(connection, lockText('usage'), async () => {
    const { rows } = await connection.query(
      `select coalesce(max(sequence), 0) <= (select rolled_to from usage_head) as counted from ${name}`,
    )
    if (rows[0]?.counted !== true) return false
    await connection.query(
      `delete from call_body where call < '${to}'${from === null ? '' : ` and call >= '${from}'`}; drop table ${name}`,
    )
    return true
  })

/** Over the pool of the store. What fails is tried again by whoever called. */
export const callMonths = (pool: Pool): CallMonths => {
  const use = <T>(work: (connection: Connection) => Promise<T>): Promise<T> =>
    pool.use(work).catch((error: unknown) => {
      throw storeProblem(error)
    })
  return {
    makeMonths: (nowMs) =>
      use(async (connection) => {
        const made: string[] = []
        for (let ahead = 0; ahead < monthsAhead; ahead += 1) {
          const month = monthOf(nowMs, ahead)
          const last = (await partsOf(connection)).at(-1)
          if (last !== undefined && last.to >= month.to) continue
          await makeMonth(connection, month)
          made.push(month.name)
        }
        return made
      }),
    dropMonths: (olderThanMs) =>
      use(async (connection) => {
        const dropped: string[] = []
        const old = (await partsOf(connection)).filter(({ to }) => to <= firstIdAt('call', olderThanMs))
        for (const part of old) if (await dropMonth(connection, part)) dropped.push(part.name)
        return dropped
      }),
  }
}
