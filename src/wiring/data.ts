/** The data folder opened: its lock, its secret, its store. */

import { join } from 'node:path'
import { idsBy } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import type { Config, PostgresConfig } from '#config/config.ts'
import { digestKey } from '#policy/key.ts'
import { folderShelf } from '#provider/sandbox-shelf.ts'
import type { SimilarStore } from '#reuse/port.ts'
import { keyBytes } from '#secret/key-bytes.ts'
import { makeSeal } from '#secret/seal.ts'
import { takeDataLock } from '#store/data-folder/data-lock.ts'
import { loadNodeId } from '#store/data-folder/node-id.ts'
import { loadSecretKey } from '#store/data-folder/secret-key.ts'
import type { Store } from '#store/face.ts'
import type { PostgresPlace } from '#store/postgres/address.ts'
import type { PostgresStore } from '#store/postgres/client.ts'
import { openSqliteStore, sqliteWorkerUrl } from '#store/sqlite/client.ts'
import { credentialVault } from './credential-vault.ts'
import type { Machine } from './machine.ts'

export type DataRequest = { readonly config: Config; readonly data: string; readonly log: Log }

/** Where a Postgres is, its secrets in the open: for whoever connects, and nobody else. */
export const postgresPlace = ({ url, directUrl, tls }: PostgresConfig): PostgresPlace => ({
  url: url.reveal(),
  directUrl: directUrl?.reveal() ?? null,
  tls: { ...tls, key: tls.key?.reveal() ?? null },
})

/** The embedded store, or the Postgres that the configuration names, which is loaded only then. */
const openStores = async (
  { clock, ids }: Machine,
  { config, data, log }: DataRequest,
): Promise<{
  readonly store: Store
  readonly cluster: PostgresStore['cluster'] | null
  readonly openSimilar: (() => Promise<SimilarStore>) | null
}> => {
  const { postgres, file, durability } = config.store
  if (postgres === null) {
    const url = `sqlite:${file ?? join(data, 'drover.db')}`
    const store = await openSqliteStore({ url, durability, workerUrl: sqliteWorkerUrl, clock, log })
    return { store, cluster: null, openSimilar: null }
  }
  const { openPostgresStore } = await import('#store/postgres/client.ts')
  const store = await openPostgresStore({ ...postgresPlace(postgres), clock, ids, log })
  return { store, cluster: store.cluster, openSimilar: store.openSimilar }
}

/**
 * Everything that is opened is closed by `closing`, the last first. `localToken` stands in the lock, for commands on this
 * machine.
 * @throws Problem `conflict` while another process holds the folder; `store_unavailable` where it cannot be used.
 */
export const openData = async (machine: Machine, request: DataRequest, closing: AsyncDisposableStack) => {
  const { clock, ids, pid } = machine
  const { config, data } = request
  const localToken = Buffer.from(ids.bytes(32)).toString('base64url')
  const lock = takeDataLock({ folder: data, token: localToken, pid, nowMs: clock.nowMs() })
  closing.defer(() => lock.release())
  const pepper = config.secretKey === null ? loadSecretKey(data, ids) : keyBytes(config.secretKey.secret.reveal())
  const { store, cluster, openSimilar } = await openStores(machine, request)
  closing.defer(() => store.close())
  return {
    localToken,
    lock,
    store,
    /** What nodes on one store share; `null` = this is the only one. */
    cluster,
    /** Search by vectors; `null` = the store has none. */
    openSimilar,
    /** Nodes that share a store go by its time, also in ids: one whose own clock is wrong books nothing at another time than the others. */
    clock: cluster?.clock ?? clock,
    ids: cluster === null ? ids : idsBy(cluster.clock, ids),
    node: loadNodeId(data, ids),
    folder: data,
    answerSeal: makeSeal(pepper, ids, 'kept answers'),
    similarSeal: makeSeal(pepper, ids, 'similar answers'),
    responseSeal: makeSeal(pepper, ids, 'kept responses'),
    bindingSeal: makeSeal(pepper, ids, 'bindings'),
    sandboxShelf: folderShelf(join(data, 'sandbox'), makeSeal(pepper, ids, 'sandbox files')),
    carriedSeal: makeSeal(pepper, ids, 'carried'),
    totpSeal: makeSeal(pepper, ids, 'one-time codes'),
    vault: credentialVault(makeSeal(pepper, ids, 'own credentials')),
    digestKey: (key: string): string => digestKey(key, pepper),
  }
}
