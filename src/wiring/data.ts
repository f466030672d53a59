/** The data folder opened: its lock, its secret, its store. */

import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { NextStore } from '#admin/port.ts'
import { idsBy } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import type { Config, PostgresConfig } from '#config/config.ts'
import { digestKey } from '#policy/key.ts'
import { folderShelf } from '#provider/sandbox-shelf.ts'
import type { SimilarStore } from '#reuse/port.ts'
import { keyBytes } from '#secret/key-bytes.ts'
import { makeReceiptKeys } from '#secret/receipt-keys.ts'
import { makeSeal } from '#secret/seal.ts'
import { takeDataLock } from '#store/data-folder/data-lock.ts'
import { loadNodeId } from '#store/data-folder/node-id.ts'
import { loadSecretKey } from '#store/data-folder/secret-key.ts'
import type { Store } from '#store/face.ts'
import { handingOver } from '#store/hand-over.ts'
import type { PostgresPlace } from '#store/postgres/address.ts'
import { openSqliteStore, storeOver } from '#store/sqlite/client.ts'
import type { SqliteWorker } from '#store/sqlite/thread.ts'
import { appliedVault } from './applied-vault.ts'
import { credentialVault } from './credential-vault.ts'
import type { Machine } from './machine.ts'
import type { Seat, SharedCluster } from './workers/seat.ts'

export type DataRequest = {
  readonly config: Config
  readonly data: string
  readonly log: Log
  /** The place of a worker among others; absent = the process is alone on the folder. */
  readonly seat?: Seat | null
  /** A thread for an embedded store, if one was started before. */
  readonly thread?: SqliteWorker | undefined
}

/** Where a Postgres is, its secrets in the open: for whoever connects, and nobody else. */
export const postgresPlace = ({ url, directUrl, tls }: PostgresConfig): PostgresPlace => ({
  url: url.reveal(),
  directUrl: directUrl?.reveal() ?? null,
  tls: { ...tls, key: tls.key?.reveal() ?? null },
})

/** The embedded store, here or in the primary process, or the Postgres that the configuration names, which is loaded only then. */
const openStores = async (
  { clock, ids }: Machine,
  { config, data, log, seat = null, thread, isStarting }: DataRequest & { readonly isStarting: () => boolean },
): Promise<{
  readonly store: Store
  readonly cluster: SharedCluster | null
  readonly openSimilar: (() => Promise<SimilarStore>) | null
}> => {
  const { postgres, file, durability } = config.store
  const shared = seat?.shared ?? null
  if (shared !== null) return { store: storeOver(shared.thread, clock), cluster: shared.cluster, openSimilar: null }
  if (postgres === null) {
    const url = `sqlite:${file ?? join(data, 'drover.db')}`
    const first = await openSqliteStore({ url, durability, clock, log, thread })
    const openNext = async (place: NextStore): Promise<Store> => {
      const { openPostgresStore } = await import('#store/postgres/client.ts')
      return openPostgresStore({ ...place, clock, ids, log })
    }
    return { store: handingOver({ first, openNext, clock, log }), cluster: null, openSimilar: null }
  }
  const { openPostgresStore } = await import('#store/postgres/client.ts')
  const store = await openPostgresStore({ ...postgresPlace(postgres), clock, ids, log, isStarting })
  return { store, cluster: store.cluster, openSimilar: store.openSimilar }
}

/** Processes that share the sandbox's folder must not give the same number twice. */
const countFrom = (ids: Machine['ids']): number => Buffer.from(ids.bytes(6)).readUIntBE(0, 6)

/** SHA-256 of the server's own certificate; `null` = it serves without TLS. */
export const certificateMark = ({ server }: Config): string | null =>
  server.tls === null ? null : new X509Certificate(server.tls.certificate.reveal()).fingerprint256

/** What is told when the server listens. */
export type Announcement = {
  readonly url: string
  /** Where commands on this machine reach the admin API. */
  readonly adminUrl: string
  /** For a person; empty = nothing. */
  readonly greeting: string
}

/** The folder that nobody else has meanwhile: the data folder, or a worker's own in it. */
const takeFolder = (
  { clock, ids, pid, version, stdout, stderr }: Machine,
  { config, data, seat = null }: DataRequest,
  closing: AsyncDisposableStack,
) => {
  const localToken = seat?.localToken ?? Buffer.from(ids.bytes(32)).toString('base64url')
  const folder = seat?.folder(data) ?? data
  const lock = takeDataLock({ folder, token: localToken, pid, nowMs: clock.nowMs() })
  closing.defer(() => lock.release())
  const announce = (told: Announcement): void => {
    if (seat !== null) {
      seat.listens(told)
      return
    }
    const { url, adminUrl, greeting } = told
    lock.announce(adminUrl, certificateMark(config))
    stderr(greeting)
    stdout(`${JSON.stringify({ event: 'listening', url, version, pid, data })}\n`)
  }
  return { folder, localToken, announce }
}

/**
 * Everything that is opened is closed by `closing`, the last first. `localToken` stands in the lock, for commands on this
 * machine.
 * @throws Problem `conflict` while another process holds the folder; `store_unavailable` where it cannot be used.
 */
export const openData = async (machine: Machine, request: DataRequest, closing: AsyncDisposableStack) => {
  const { clock, ids } = machine
  const { config, data, seat = null } = request
  const { folder, localToken, announce } = takeFolder(machine, request, closing)
  const pepper = config.secretKey === null ? loadSecretKey(data, ids) : keyBytes(config.secretKey.secret.reveal())
  // Until it is told that it listens: a server that starts, and a command, behind which only a person waits.
  const starting = { isOver: false }
  const isStarting = (): boolean => !starting.isOver && !machine.stopping.aborted
  const { store, cluster, openSimilar } = await openStores(machine, { ...request, isStarting })
  closing.defer(() => store.close())
  const time = cluster?.clock ?? clock
  return {
    localToken,
    /** Tells whoever waits that it listens. The line comes last: who waits for it finds everything else already said. */
    announce: (told: Announcement): void => {
      starting.isOver = true
      announce(told)
    },
    store,
    seat,
    /** What nodes on one store share; `null` = this is the only one. */
    cluster,
    /** Search by vectors; `null` = the store has none. */
    openSimilar,
    /** Nodes that share a store go by its time, also in ids: one whose own clock is wrong books nothing at another time than the others. */
    clock: time,
    ids: cluster === null ? ids : idsBy(cluster.clock, ids),
    node: seat?.node ?? loadNodeId(data, ids),
    /** Of this process alone: a journal, a spool. */
    folder,
    /** Of all processes of this machine. */
    dataFolder: data,
    answerSeal: makeSeal(pepper, ids, 'kept answers'),
    similarSeal: makeSeal(pepper, ids, 'similar answers'),
    responseSeal: makeSeal(pepper, ids, 'kept responses'),
    bindingSeal: makeSeal(pepper, ids, 'bindings'),
    sandboxShelf: folderShelf(join(data, 'sandbox'), makeSeal(pepper, ids, 'sandbox files'), countFrom(ids)),
    carriedSeal: makeSeal(pepper, ids, 'carried'),
    totpSeal: makeSeal(pepper, ids, 'one-time codes'),
    receiptKeys: makeReceiptKeys({ store, seal: makeSeal(pepper, ids, 'receipt keys'), clock: time, ids }),
    vault: credentialVault(makeSeal(pepper, ids, 'own credentials')),
    appliedVault: appliedVault(makeSeal(pepper, ids, 'applied providers'), (text) => digestKey(text, pepper)),
    digestKey: (key: string): string => digestKey(key, pepper),
  }
}
