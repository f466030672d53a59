/** The embedded store of a running server moved to the Postgres that the configuration names, and the server with it. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { CommandLinePorts, MovedStore } from '#cli/ports.ts'
import { readPostgresUrl } from '#store/postgres/address.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import type { OnlineMove } from '#store/postgres/move-online.ts'
import { openOnlineMove } from '#store/postgres/move-online.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'
import { markMoved } from '#store/sqlite/moved.ts'
import { postgresPlace } from './data.ts'
import type { Machine } from './machine.ts'
import { checkKey, proven } from './move-store.ts'

type Request = Parameters<CommandLinePorts['moveStoreOnline']>[0]

/** So few changes are copied while callers wait. */
const lastChangesMax = 300
/** A server that changes more than can be copied is not caught up with. */
const roundsMax = 1000

/** Copies changes until few are left; gives how many it copied. */
const followUp = async (move: OnlineMove): Promise<number> => {
  let all = 0
  for (let round = 0; round < roundsMax; round += 1) {
    const changes = await move.catchUp()
    all += changes
    if (changes <= lastChangesMax) return all
  }
  throw new Problem('conflict', {
    message:
      'The server changes more than can be copied in the same time: move the store at an hour with fewer calls, or stopped.',
  })
}

const place = (config: Request['config']) => {
  const { postgres } = config.store
  assert(postgres !== null)
  return postgresPlace(postgres)
}

/** The server has said that it is where it was. */
class NotTaken extends Error {
  constructor(cause: unknown) {
    super('the Postgres was not taken', { cause })
  }
}

/** The server keeps its callers waiting from `pause` to `take`: as little as possible stands between them. */
const handOver = async (move: OnlineMove, { tell, config }: Request) => {
  const { url, directUrl, tls } = place(config)
  await tell('pause', { url, direct_url: directUrl ?? null, ...tls })
  try {
    let lastChanges = 0
    for (let changes = await move.catchUp(); changes > 0; changes = await move.catchUp()) lastChanges += changes
    await move.finish()
    const { pausedMs } = await tell('take', null)
    return { lastChanges, pausedMs: pausedMs ?? 0 }
  } catch (error) {
    // Refused by a server that has taken the Postgres after all, whatever became of its answer: then nothing of it is emptied.
    await tell('resume', null)
    throw new NotTaken(error)
  }
}

/** The file stands still now, and the Postgres goes on: it has what the file has, or more. */
const prove = async ({ clock, ids }: Machine, file: string, { config }: Request) => {
  const plain = { clock, log: silentLog }
  const old = await openSqliteStore({
    ...plain,
    url: `sqlite:${file}`,
    durability: 'process',
  })
  const before = await proven(old, clock.nowMs()).finally(() => old.close())
  const store = await openPostgresStore({ ...plain, ...place(config), ids })
  const after = await proven(store, clock.nowMs()).finally(() => store.close())
  const hasAll = after.transactions >= before.transactions && after.calls >= before.calls && after.trail > before.trail
  return { ...after, ok: before.ok && after.ok && hasAll }
}

/**
 * Moves everything while the server serves, puts it on the Postgres, and proves books and trail of both.
 * @throws Problem where it cannot be done; the server then goes on where it was, and the Postgres is empty again.
 */
export const moveOnline = async (machine: Machine, request: Request): Promise<MovedStore> => {
  const { config, data, from } = request
  const file = from ?? join(data, 'drover.db')
  if (!existsSync(file)) throw new Problem('not_found', { message: `There is no store at ${file}.`, param: 'from' })
  checkKey(request)
  const move = await openOnlineMove({ file, clock: machine.clock, ...place(config) })
  let isUndoable = true
  try {
    const { tables, rows } = await move.copy()
    const changes = await followUp(move)
    isUndoable = false
    const { lastChanges, pausedMs } = await handOver(move, request)
    const proof = await prove(machine, file, request)
    markMoved(file, readPostgresUrl(place(config).url).label)
    return { ...proof, file, tables, rows, online: { changes: changes + lastChanges, lastChanges, pausedMs } }
  } catch (error) {
    if (isUndoable || error instanceof NotTaken) await move.undo()
    throw error instanceof NotTaken ? error.cause : error
  } finally {
    move.close()
  }
}
