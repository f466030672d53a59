/** Provider credentials that accounts bring: only their own calls carry them, and a relay fee takes the place of the price. */

import { createHash } from 'node:crypto'
import type { CallRecord } from '#base/call-record.ts'
import { ownCredentialName } from '#base/call-record.ts'
import { noRules } from '#base/price-rule.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { Group } from './candidates.ts'
import type { Leg } from './leg.ts'
import type { OwnCredential, OwnCredentials, Snapshot, Upstream } from './snapshot.ts'

/** By account, then by provider. */
export const ownCredentialsOf = (credentials: readonly OwnCredential[]): OwnCredentials =>
  new Map(
    [...Map.groupBy(credentials, ({ account }) => account)].map(([account, list]) => [
      account,
      new Map(list.map((one) => [one.provider, one])),
    ]),
  )

/** Of the headers that the operator gives a provider, those that say who asks: they are the operator's, not the account's. */
const identityHeaders: ReadonlySet<string> = new Set([
  'api-key',
  'authorization',
  'cookie',
  'openai-organization',
  'openai-project',
  'x-api-key',
  'x-goog-api-key',
  'x-goog-user-project',
])

/** The same way to the same provider with another key, which costs the operator nothing. */
const withOwn = (usual: Upstream, { account, provider, credential, feeBasisPoints }: OwnCredential): Upstream => {
  const secret = credential === null ? [] : [credential]
  // Of its own even where it is the same as the operator's: what one account does to it is nothing to the other.
  const digests = secret.map((one) =>
    createHash('sha256').update(`${provider}\n${account}\n${one.reveal()}`).digest('hex').slice(0, 32),
  )
  const { identity } = usual.vendor
  const { secretHeaders = [] } = usual.provider
  // A secret of the operator's opens what is the operator's, whatever its header is called.
  const isIdentity = (name: string): boolean =>
    identityHeaders.has(name) || identity.headers.includes(name) || secretHeaders.includes(name)
  const headers = Object.entries(usual.provider.headers).filter(([name]) => !isIdentity(name.toLowerCase()))
  const options = Object.entries(usual.provider.options).filter(([name]) => !identity.options.includes(name))
  return {
    ...usual,
    provider: {
      ...usual.provider,
      credentials: secret,
      credentialNames: secret.map(() => ownCredentialName),
      headers: Object.fromEntries(headers),
      options: Object.fromEntries(options),
      price: 'free',
    },
    credentialDigests: digests,
    // By what the credential says of itself alone, a forged one would be given the operator's token.
    tokens: (nowMs) => ({
      take: (name, make) => usual.tokens(nowMs).take(`${digests.join()} ${name}`, make),
    }),
    own: { account, feeBasisPoints },
  }
}

/** The snapshot as calls of this key see it: with the credentials that its account has brought, and no other account's. */
export const snapshotFor = (snapshot: Snapshot, { account, test }: Pick<KeyFacts, 'account' | 'test'>): Snapshot => {
  const own = test ? undefined : snapshot.customers.credentials.get(account)
  if (own === undefined) return snapshot
  const upstreams = new Map(snapshot.upstreams)
  for (const [provider, credential] of own) {
    const usual = upstreams.get(provider)
    if (usual !== undefined) upstreams.set(provider, withOwn(usual, credential))
  }
  return Object.freeze({ ...snapshot, upstreams })
}

/** The row that an answer is paid by: where the account's own credential fetched it, for the fee alone. */
export const paidRow = (row: Leg['row'], { own }: Upstream): ModelRow =>
  own === undefined ? row : { ...row, rules: { ...(row.rules ?? noRules), feeBasisPoints: own.feeBasisPoints } }

/** The fee where every target that may answer is asked with an own credential, the largest of them; `null` = some are not. */
export const feeOfAll = (groups: readonly Group[], upstreams: Snapshot['upstreams']): number | null => {
  const asked = groups.flatMap(({ targets }) => targets.flatMap(({ provider }) => upstreams.get(provider) ?? []))
  const fees = asked.flatMap(({ own }) => own?.feeBasisPoints ?? [])
  return asked.length === 0 || fees.length < asked.length ? null : Math.max(...fees)
}

/** The fee that a call was charged by, as its record says; `null` = its answer was fetched with the operator's credential. */
export const feeOf = ({
  pricing,
  attempts,
  provider,
}: Pick<CallRecord, 'pricing' | 'attempts' | 'provider'>): number | null => {
  const fee = pricing?.rules.find(({ kind }) => kind === 'fee')
  if (fee !== undefined) return fee.basisPoints
  // Nothing was priced, as with a fee of 0 and a model without a price.
  const isOwn = attempts.some(
    (one) => one.credential === ownCredentialName && one.provider === provider && one.usage !== null,
  )
  return isOwn && (pricing === null || pricing === undefined) ? 0 : null
}

/** The row as a list of models shows it: where every target is asked with an own credential, at the fee's part of the price. */
export const shownRow = (row: ModelRow, { upstreams }: Pick<Snapshot, 'upstreams'>): ModelRow => {
  const owns = row.targets.map(({ provider }) => upstreams.get(provider)?.own)
  const fees = owns.flatMap((own) => own?.feeBasisPoints ?? [])
  if (fees.length === 0 || fees.length < owns.length) return row
  return { ...row, rules: { ...(row.rules ?? noRules), feeBasisPoints: Math.max(...fees) } }
}
