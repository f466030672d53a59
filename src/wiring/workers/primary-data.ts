/** The data folder of several workers, held by their primary process. */

import { join } from 'node:path'
import type { Log } from '#base/log.ts'
import type { Config } from '#config/config.ts'
import type { DataLock } from '#store/data-folder/data-lock.ts'
import { takeDataLock } from '#store/data-folder/data-lock.ts'
import { loadNodeId } from '#store/data-folder/node-id.ts'
import { loadSecretKey } from '#store/data-folder/secret-key.ts'
import type { SqliteThread } from '#store/sqlite/client.ts'
import { openSqliteThread, storeOver } from '#store/sqlite/client.ts'
import { postgresPlace } from '#wiring/data.ts'
import type { Machine } from '#wiring/machine.ts'
import { endOthers, leftAlone, leftWorkers, recoverLeft } from './recover.ts'

export type PrimaryData = {
  readonly localToken: string
  readonly lock: DataLock
  /** The name of this machine among the nodes of its store. */
  readonly machineNode: string
  /** The embedded store; `null` = each worker opens the Postgres of the configuration. */
  readonly thread: SqliteThread | null
}

type Opening = { readonly config: Config; readonly data: string; readonly log: Log; readonly machineNode: string }

/** The database, with all in it that earlier processes of this folder have left: nobody else has it. */
const openEmbedded = async (machine: Machine, opening: Opening, closing: AsyncDisposableStack) => {
  const { clock } = machine
  const { config, data, log, machineNode } = opening
  const { file, durability } = config.store
  const url = `sqlite:${file ?? join(data, 'drover.db')}`
  const thread = await openSqliteThread({ url, durability, clock, log })
  closing.defer(() => thread.close())
  const store = storeOver(thread, clock)
  await recoverLeft(machine, { config, store, log }, leftWorkers(data, machineNode, 1))
  await endOthers(store, '', clock.nowMs())
  return thread
}

/** What processes have left that none of the workers takes over goes into the Postgres. */
const recoverNodes = async (machine: Machine, { config, data, log, machineNode }: Opening): Promise<void> => {
  const { clock, ids } = machine
  const left = [...leftAlone(data, machineNode), ...leftWorkers(data, machineNode, config.server.workers + 1)]
  const { postgres } = config.store
  if (left.length === 0 || postgres === null) return
  const { openPostgresStore } = await import('#store/postgres/client.ts')
  const store = await openPostgresStore({ ...postgresPlace(postgres), clock, ids, log })
  try {
    await recoverLeft({ ...machine, clock: store.cluster.clock }, { config, store, log }, left)
    for (const { node } of left) await store.cluster.leave(node)
  } finally {
    await store.close()
  }
}

/**
 * Takes the folder for all workers. Everything that is opened is closed by `closing`.
 * @throws Problem `conflict` while another process holds it; `store_unavailable` where the store cannot be used.
 */
export const openPrimaryData = async (
  machine: Machine,
  { config, data, log }: Omit<Opening, 'machineNode'>,
  closing: AsyncDisposableStack,
): Promise<PrimaryData> => {
  const { clock, ids, pid } = machine
  const localToken = Buffer.from(ids.bytes(32)).toString('base64url')
  const lock = takeDataLock({ folder: data, token: localToken, pid, nowMs: clock.nowMs() })
  closing.defer(() => lock.release())
  // Made before the workers look for it, so that all have the same.
  if (config.secretKey === null) loadSecretKey(data, ids)
  const machineNode = loadNodeId(data, ids)
  const opening = { config, data, log, machineNode }
  if (config.store.postgres === null)
    return { localToken, lock, machineNode, thread: await openEmbedded(machine, opening, closing) }
  await recoverNodes(machine, opening)
  return { localToken, lock, machineNode, thread: null }
}
