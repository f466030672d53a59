/** The store, and what its nodes have to agree on. */

import { Secret } from '#base/log.ts'
import { referenceOf } from '#base/settings.ts'
import type { ClusterConfig, StoreConfig } from './config.ts'
import type { Resolver, Tell } from './resolve.ts'
import type { Settings } from './schema.ts'
import { blocks } from './schema.ts'

/** Where the store is. The URL may hold a secret, so it is one. */
export const buildStore = async (settings: Settings, resolver: Resolver, tell: Tell): Promise<StoreConfig> => {
  const store = settings.store ?? blocks.store.parse({})
  const path = ['store', 'url']
  const reference = store.url === undefined ? null : referenceOf(store.url)
  const found = reference === null ? null : await resolver.secret(reference, path, 'the store')
  const address = reference === null ? store.url : found?.secret.reveal()
  const { durability } = store
  if (address === undefined) return { file: null, postgres: null, durability }
  if (address.startsWith('sqlite:') && address.length > 'sqlite:'.length)
    return { file: resolver.absolute(address.slice('sqlite:'.length)), postgres: null, durability }
  if (/^postgres(ql)?:\/\//.test(address))
    return { file: null, postgres: found?.secret ?? new Secret(address), durability }
  tell(path, 'must lead to sqlite:PATH or postgres://…')
  return { file: null, postgres: null, durability }
}

/** What several nodes have to agree on. */
export const buildCluster = (settings: Settings, store: StoreConfig, tell: Tell): ClusterConfig => {
  const { stale_max, lease_abandon_after, redis } = settings.cluster ?? blocks.cluster.parse({})
  if (settings.cluster !== undefined && store.postgres === null)
    tell(
      ['cluster'],
      'is about several nodes, and they need a store that they can share: set "store.url" to postgres://…',
    )
  if (redis !== undefined)
    tell(['cluster', 'redis'], 'is not available in this version: without it each node enforces its share of a limit')
  if (store.postgres !== null && settings.secrets?.key === undefined)
    tell(
      ['secrets', 'key'],
      'is needed with Postgres: every node must have the same key, as from "openssl rand -hex 32"',
    )
  return { staleMaxMs: stale_max, leaseAbandonAfterMs: lease_abandon_after }
}
