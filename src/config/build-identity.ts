/** Issuers that people sign in with. */

import type { IssuerConfig } from '#identity/settings.ts'
import type { Resolver, Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

/** The host of an address, as a name: `accounts.example.com` gives `accounts-example-com`. */
const idOf = (issuer: string): string => new URL(issuer).host.replace(/[^A-Za-z0-9]+/g, '-')

/** The issuers of the block `identity`; each must have a name of its own. */
export const buildIssuers = async (
  { identity }: Settings,
  resolver: Resolver,
  tell: Tell,
): Promise<readonly IssuerConfig[]> => {
  const issuers: IssuerConfig[] = []
  for (const [place, entry] of (identity?.oidc ?? []).entries()) {
    const path = ['identity', 'oidc', place]
    const id = entry.name ?? idOf(entry.issuer)
    if (issuers.some((one) => one.id === id)) tell([...path, 'name'], `is the name of another issuer: '${id}'`)
    if (entry.issuer.startsWith('http:') && !entry.allow_private)
      tell([...path, 'issuer'], "must begin with https://, or 'allow_private: true' says that it is on the own network")
    const found = await resolver.secret(entry.client_secret, [...path, 'client_secret'], `issuer '${id}'`)
    if (found === null) continue
    issuers.push({
      id,
      title: entry.title ?? new URL(entry.issuer).host,
      issuer: entry.issuer,
      clientId: entry.client_id,
      clientSecret: found.secret,
      scope: [...new Set(['openid', ...entry.scopes])].join(' '),
      algorithm: entry.algorithm,
      trusted: { amr: entry.trusted_amr, acr: entry.trusted_acr },
      allowPrivate: entry.allow_private,
    })
  }
  return issuers
}
