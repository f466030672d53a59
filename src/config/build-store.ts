/** The store, and what its nodes have to agree on. */

import { Secret } from '#base/log.ts'
import { referenceOf } from '#base/settings.ts'
import { buildRedis } from './build-redis.ts'
import type { ClusterConfig, StoreConfig } from './config.ts'
import type { Path } from './fault.ts'
import type { Resolver, Tell } from './resolve.ts'
import type { Settings } from './schema.ts'
import { blocks } from './schema.ts'

type Found = { readonly address: string; readonly secret: Secret }

const isPostgres = (address: string): boolean => /^postgres(ql)?:\/\//.test(address)

/** The URL may hold a secret, so it is one; `null` = it is not given, or leads nowhere, which has been told. */
const addressOf = async (url: string | undefined, path: Path, resolver: Resolver): Promise<Found | null> => {
  if (url === undefined) return null
  const reference = referenceOf(url)
  if (reference === null) return { address: url, secret: new Secret(url) }
  const found = await resolver.secret(reference, path, 'the store')
  return found === null ? null : { address: found.secret.reveal(), secret: found.secret }
}

/** Where the store is. */
export const buildStore = async (settings: Settings, resolver: Resolver, tell: Tell): Promise<StoreConfig> => {
  const store = settings.store ?? blocks.store.parse({})
  const found = await addressOf(store.url, ['store', 'url'], resolver)
  const direct = await addressOf(store.direct_url, ['store', 'direct_url'], resolver)
  const { durability } = store
  if (found !== null && isPostgres(found.address)) {
    if (direct !== null && !isPostgres(direct.address)) tell(['store', 'direct_url'], 'must lead to postgres://…')
    const { ca_file, cert_file, key_file } = store.tls ?? {}
    if ((cert_file === undefined) !== (key_file === undefined))
      tell(
        ['store', 'tls'],
        'has a certificate without its key, or a key without its certificate: give cert_file and key_file',
      )
    const read = async (name: string, file: string | undefined): Promise<string | null> =>
      file === undefined ? null : resolver.file(file.replace(/^file:/, ''), ['store', 'tls', name], 'the store')
    const key = await read('key_file', key_file)
    const tls = {
      authority: await read('ca_file', ca_file),
      certificate: await read('cert_file', cert_file),
      key: key === null ? null : new Secret(key),
    }
    return { file: null, postgres: { url: found.secret, directUrl: direct?.secret ?? null, tls }, durability }
  }
  for (const name of ['direct_url', 'tls'] as const)
    if (store[name] !== undefined) tell(['store', name], 'is about a Postgres, and store.url leads to none')
  if (found === null) return { file: null, postgres: null, durability }
  const { address } = found
  if (address.startsWith('sqlite:') && address.length > 'sqlite:'.length)
    return { file: resolver.absolute(address.slice('sqlite:'.length)), postgres: null, durability }
  tell(['store', 'url'], 'must lead to sqlite:PATH or postgres://…')
  return { file: null, postgres: null, durability }
}

/** What several nodes have to agree on. */
export const buildCluster = async (
  settings: Settings,
  store: StoreConfig,
  { resolver, tell, warn }: { readonly resolver: Resolver; readonly tell: Tell; readonly warn: Tell },
): Promise<ClusterConfig> => {
  const { stale_max, lease_abandon_after, redis } = settings.cluster ?? blocks.cluster.parse({})
  // A file may be written for the machines that are to come: with the embedded store there is one node, and it has nobody to agree with.
  const isAlone = store.postgres === null
  if (settings.cluster !== undefined && isAlone)
    warn(
      ['cluster'],
      'is not used: it is about several nodes, and they need a store that they can share. Set "store.url" to postgres://…, or leave it out',
    )
  if (store.postgres !== null && settings.secrets?.key === undefined)
    tell(
      ['secrets', 'key'],
      'is needed with Postgres: every node must have the same key, as from "openssl rand -hex 32"',
    )
  return {
    staleMaxMs: stale_max,
    leaseAbandonAfterMs: lease_abandon_after,
    redis: redis === undefined || isAlone ? null : await buildRedis(redis, resolver, tell),
  }
}
