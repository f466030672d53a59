/** Where nodes count their limits together: one URL, or several of one cluster, taken apart. */

import { Secret } from '#base/log.ts'
import { referenceOf } from '#base/settings.ts'
import type { RedisConfig } from './config.ts'
import type { Resolver, Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

type RedisSettings = NonNullable<NonNullable<Settings['cluster']>['redis']>
type Place = RedisConfig['places'][number]

type Parsed = Pick<RedisConfig, 'mode' | 'places' | 'master' | 'database' | 'username' | 'password'> & {
  readonly encrypted: boolean
}

const path = ['cluster', 'redis']
const form = /^redis(s?)(?:\+(cluster|sentinel))?:\/\/(?:([^@/]*)@)?([^@/]+)(?:\/([^/?#]*))?$/
const defaultPorts = { single: 6379, cluster: 6379, sentinel: 26_379 } as const

const placeOf = (text: string, defaultPort: number): Place | null => {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return null
  const port = match[2] === undefined ? defaultPort : Number(match[2])
  return port >= 1 && port <= 65_535 ? { host: (match[1] ?? '').replaceAll(/[[\]]/g, ''), port } : null
}

const decoded = (text: string | undefined): string | null => {
  if (text === undefined || text === '') return null
  try {
    return decodeURIComponent(text)
  } catch {
    // A percent sign that begins no escape is a percent sign.
    return text
  }
}

/** The parts of one URL, or what is wrong with it; never with the URL in it, which may hold a password. */
const parse = (text: string): Parsed | string => {
  const match = form.exec(text)
  if (match === null)
    return 'must lead to redis://HOST:PORT, rediss://, redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/MASTER'
  const [, encryption, more, credentials, hosts = '', tail = ''] = match
  const mode = (more ?? 'single') as Parsed['mode']
  const places: Place[] = []
  for (const host of hosts.split(',')) {
    const place = placeOf(host, defaultPorts[mode])
    if (place === null) return 'names a place that is not HOST:PORT'
    places.push(place)
  }
  if (mode === 'single' && places.length > 1)
    return 'names several servers: write redis+cluster:// for a cluster, redis+sentinel:// for sentinels'
  if (mode === 'sentinel' && tail === '') return 'names no master: redis+sentinel://HOST:PORT,HOST:PORT/MASTER'
  if (mode === 'cluster' && tail !== '') return 'names a database, and a cluster has only one'
  if (mode === 'single' && !/^\d{0,4}$/.test(tail)) return 'names a database that is no number'
  const colon = credentials?.indexOf(':') ?? -1
  const password = decoded(colon < 0 ? undefined : credentials?.slice(colon + 1))
  return {
    mode,
    places,
    master: mode === 'sentinel' ? tail : '',
    database: mode === 'single' ? Number(tail) : 0,
    username: decoded(colon < 0 ? credentials : credentials?.slice(0, colon)),
    password: password === null ? null : new Secret(password),
    encrypted: encryption === 's',
  }
}

/** Several URLs are places of one cluster, and agree on everything else. */
const joined = (all: readonly Parsed[]): Parsed | string | null => {
  const [first] = all
  if (first === undefined || all.length === 1) return first ?? null
  if (all.some(({ mode }) => mode === 'sentinel')) return 'lists sentinels: write them as one redis+sentinel:// URL'
  if (all.some(({ database }) => database !== 0)) return 'names a database, and a cluster has only one'
  if (all.some(({ encrypted }) => encrypted !== first.encrypted)) return 'lists servers with and without encryption'
  return { ...first, mode: 'cluster', places: all.flatMap(({ places }) => places) }
}

const authorities = async (file: string | undefined, resolver: Resolver, tell: Tell): Promise<string | null> => {
  if (file === undefined) return null
  const at = [...path, 'ca_file']
  const text = await resolver.file(file.replace(/^file:/, ''), at, 'Redis')
  if (text === null || text.includes('-----BEGIN CERTIFICATE-----')) return text
  tell(at, 'names a file without a certificate in PEM ("-----BEGIN CERTIFICATE-----")')
  return null
}

/** The block `cluster.redis`; `null` after a fault was told. */
export const buildRedis = async (
  settings: RedisSettings,
  resolver: Resolver,
  tell: Tell,
): Promise<RedisConfig | null> => {
  const all: Parsed[] = []
  const urls = typeof settings.url === 'string' ? [settings.url] : settings.url
  for (const url of urls) {
    const reference = referenceOf(url)
    const text = reference === null ? url : (await resolver.secret(reference, path, 'Redis'))?.secret.reveal()
    if (text === undefined) return null
    const parsed = parse(text)
    if (typeof parsed !== 'string') all.push(parsed)
    else tell(path, parsed)
  }
  const parsed = joined(all)
  if (typeof parsed === 'string') tell(path, parsed)
  if (parsed === null || typeof parsed === 'string' || all.length < urls.length) return null
  const { encrypted, ...where } = parsed
  const ca = await authorities(settings.ca_file, resolver, tell)
  if (settings.ca_file !== undefined && !encrypted)
    tell([...path, 'ca_file'], 'is of no use without encryption: write rediss://')
  const password =
    settings.password === undefined ? null : await resolver.secret(settings.password, [...path, 'password'], 'Redis')
  return {
    ...where,
    tls: encrypted ? { ca } : null,
    username: settings.username ?? where.username,
    password: password?.secret ?? where.password,
    prefix: settings.prefix,
    waitMaxMs: settings.wait_max,
  }
}
