/** People who sign in, as operations are given them. */

import { pages } from '#admin/link.ts'
import type { IdentityRoom } from '#admin/operation.ts'
import { makeSetUpToken } from '#admin/set-up.ts'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Config } from '#config/config.ts'
import { fetchOver } from '#http/fetch.ts'
import type { Transport } from '#http/transport.ts'
import { makeIssuers } from '#identity/oidc.ts'
import { makePasswords } from '#identity/password.ts'
import { checkKey } from '#policy/check-key.ts'
import type { Live } from '#relay/live.ts'
import type { Seal } from '#secret/seal.ts'
import type { Store } from '#store/face.ts'
import type { Machine } from './machine.ts'

type Served = Pick<Config['server'], 'publicUrl' | 'host' | 'port'>

type Parts = Pick<IdentityRoom, 'mails' | 'post'> & {
  readonly store: Store
  readonly totpSeal: Seal
  readonly live: Pick<Live, 'current'>
  readonly server: Served
  readonly issuers: Config['issuers']
  readonly log: Pick<Log, 'warn'>
  /** The way out; `allowPrivate` is the issuer's own setting. */
  readonly way: (allowPrivate: boolean) => Transport
}

/** Where links lead that people are sent: never to what a request calls this server. */
const baseUrlOf = ({ publicUrl, host, port }: Served): string => {
  if (publicUrl !== null) return publicUrl
  const name = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** `mails`, `post`: letters, as the room that tells people has them. */
export const openIdentity = ({ clock, ids }: Pick<Machine, 'clock' | 'ids'>, parts: Parts): IdentityRoom => ({
  store: parts.store,
  issuers: () => parts.issuers,
  oidc: makeIssuers({
    clock,
    log: parts.log,
    fetch: (allowPrivate) => fetchOver(parts.way(allowPrivate), clock),
    redirectUrl: () => `${baseUrlOf(parts.server)}/oidc/callback`,
  }),
  mails: parts.mails,
  post: parts.post,
  baseUrl: () => baseUrlOf(parts.server),
  hasPublicUrl: () => parts.server.publicUrl !== null,
  passwords: makePasswords(ids),
  sealTotp: (person, secret) => parts.totpSeal.close(person, secret),
  openTotp: (person, sealed) => {
    try {
      return parts.totpSeal.open(person, sealed)
    } catch {
      // The cipher has one reason, and no more to say.
      return null
    }
  },
  adminKey: (text, address) => {
    const { keys, digestKey, environment } = parts.live.current()
    const use = { presented: text, nowMs: clock.nowMs(), environment, address, purpose: 'admin' } as const
    const checked = checkKey(keys.get(digestKey(text)), use)
    if (checked instanceof Problem) throw checked
    return checked
  },
})

/** Where the first person makes themselves the owner, once; `null` on later starts. `url`: where it listens. */
export const setUpLink = async (
  { clock, ids }: Pick<Machine, 'clock' | 'ids'>,
  identity: IdentityRoom,
  { isFirst, url }: { readonly isFirst: boolean; readonly url: string },
): Promise<string | null> => {
  if (!isFirst) return null
  const actor = { name: 'system', scopes: [] }
  const token = await makeSetUpToken({ ports: { identity }, actor, clock, ids, requestId: null })
  const base = identity.hasPublicUrl() ? identity.baseUrl() : url
  return token === null ? null : `${base}${pages['set-up']}#${token}`
}
