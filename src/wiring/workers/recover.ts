/** Brings in what workers left that do not run any more: their calls, their records, and what they had been lent. */

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '#base/log.ts'
import type { Config } from '#config/config.ts'
import { journalRecords } from '#job/journal-records.ts'
import { openLeasedBooks } from '#job/leased-books.ts'
import { leaseOwner } from '#ledger/lease.ts'
import { takeDataLock } from '#store/data-folder/data-lock.ts'
import type { Store } from '#store/face.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'
import type { Machine } from '#wiring/machine.ts'
import { workerFolder, workerNode, workerOf } from './messages.ts'

export type Recovering = { readonly config: Config; readonly store: Store; readonly log: Log }

/** The journal of a node, in its folder. */
export const journalName = 'journal.db'

const batchMax = 200

/** One journal: what is in it goes into the store, and the leases of its node end. Gives whether it is empty now. */
const drainNode = async (
  { clock, ids }: Machine,
  { config, log, folder, node, store }: Recovering & { readonly folder: string; readonly node: string },
): Promise<boolean> => {
  const url = `sqlite:${join(folder, journalName)}`
  const { durability } = config.store
  const journal = await openSqliteStore({ url, durability, clock, log })
  try {
    const alone = { recall: async () => {}, onRecall: () => {} }
    const books = await openLeasedBooks({
      store: { ...store, ...alone },
      journal,
      owner: leaseOwner(node),
      abandonAfterMs: config.cluster.leaseAbandonAfterMs,
      isAlone: () => true,
      ...{ clock, ids, log },
    })
    await books.close()
    const records = await journalRecords({ store, journal, clock, log })
    await records.close()
    return (await journal.journalPage(null, 1)).length === 0
  } finally {
    await journal.close()
  }
}

/** Ends what processes whose names begin so had under way: none of them runs any more. */
export const endOthers = async (store: Store, owners: string, nowMs: number): Promise<void> => {
  for (let count = batchMax; count >= batchMax; ) {
    const { settled, voided, lost } = await store.sweep({ nowMs, owner: '', ownersOf: owners, limit: batchMax })
    count = settled + voided + lost
  }
  for (let count = batchMax; count >= batchMax; )
    count = await store.resolveAnswers({ limit: batchMax, of: { notOwner: '', ownersOf: owners } })
}

/** One that has left something. */
export type Left = {
  readonly folder: string
  readonly node: string
  /** A worker of before, whose folder goes; a process that was alone had the data folder itself. */
  readonly isWorker: boolean
}

/** The workers from this number on whose folders are there. */
export const leftWorkers = (data: string, machineNode: string, from: number): readonly Left[] =>
  (existsSync(data) ? readdirSync(data) : [])
    .map(workerOf)
    .filter((number) => number !== null && number >= from)
    .map((number) => ({
      folder: join(data, workerFolder(number ?? 0)),
      node: workerNode(machineNode, number ?? 0),
      isWorker: true,
    }))

/** The process that was alone, where it had a journal. */
export const leftAlone = (data: string, machineNode: string): readonly Left[] =>
  existsSync(join(data, journalName)) ? [{ folder: data, node: machineNode, isWorker: false }] : []

/**
 * Takes in what these have left. Rejects with what the store says where it is away.
 * @throws Problem `conflict` where a worker of before still runs.
 */
export const recoverLeft = async (machine: Machine, recovering: Recovering, left: readonly Left[]): Promise<void> => {
  const { store, log } = recovering
  const { clock, ids, pid } = machine
  for (const { folder, node, isWorker } of left) {
    const token = Buffer.from(ids.bytes(32)).toString('base64url')
    const lock = isWorker ? takeDataLock({ folder, token, pid, nowMs: clock.nowMs() }) : null
    let isEmpty = false
    try {
      isEmpty = await drainNode(machine, { ...recovering, folder, node })
    } finally {
      lock?.release()
    }
    await endOthers(store, `${node}.`, clock.nowMs())
    if (isEmpty && isWorker) rmSync(folder, { recursive: true, force: true })
    log.info('what an earlier process of this machine left is in the store', { node })
  }
}
