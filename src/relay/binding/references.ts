/** A call that names what a provider keeps goes to who keeps it, and names nothing that is not its account's. */

import { Problem } from '#base/problem.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { Grant } from '#relay/admit.ts'
import { holderOf } from '#relay/holder.ts'
import type { RelayPorts } from '#relay/journey.ts'
import type { Snapshot, Upstream } from '#relay/snapshot.ts'
import type { BindingRow } from '#resource/port.ts'
import { keeperWith } from './keeper.ts'
import type { Named } from './names.ts'
import { namedBy } from './names.ts'

const namedMax = 64

/** Who can open what a call names; `credential` = digest of the key that it was made with, `null` = any of the provider's. */
export type NamedPlace = {
  readonly providers: readonly string[]
  readonly credential: string | null
  /** Something that is named. */
  readonly first: Named
}

type Question = {
  /** As calls of this key see it. */
  readonly snapshot: Snapshot
  readonly call: Call
  readonly key: KeyFacts
  readonly nowMs: number
}

const missing = ({ kind, id, field }: Named): Problem => {
  const shown = `'${id.slice(0, 100)}'`
  const messages: Readonly<Record<Named['kind'], string>> = {
    file: `No such File: ${shown}. Your account has none under this id: files are used by whoever uploaded them through this relay.`,
    container: `No such Container: ${shown}. Your account has none under this id: a container is gone on with by whoever was told of it in an answer of this relay, for 30 days. Leave it out, also where an earlier call of a tool names it.`,
    unkept: `Nothing is kept for your account under ${shown}: what lies at a provider under the operator's credential would be open to all callers of this relay. Leave '${field}' out and send the content itself, or have your own credential of that provider set for your account.`,
  }
  return new Problem('not_found', { message: messages[kind], param: field })
}

/** Whether the operator's own people call, who pay for nothing: what lies at the provider outside of this relay is theirs. */
const isOperators = ({ snapshot, key }: Question): boolean =>
  snapshot.accounts.get(key.account)?.billing === 'unlimited'

/** Providers that are asked with a credential of the account's own: nothing is there that is another account's. */
const ownProviders = ({ snapshot }: Question): readonly string[] =>
  [...snapshot.upstreams.values()].flatMap(({ own, provider }) => (own === undefined ? [] : [provider.name]))

type Bound = { readonly named: Named; readonly row: BindingRow }

/** `null` = a container that this relay knows nothing of, named by who may. */
const boundTo = async (
  { bindings }: Pick<RelayPorts, 'bindings'>,
  named: Named,
  question: Question,
): Promise<Bound | null> => {
  const { key, nowMs } = question
  const row = await bindings.binding({ id: named.id, holder: holderOf(key), nowMs })
  if (row === null && named.kind === 'container' && isOperators(question)) return null
  if (row === null || row.kind !== named.kind || row.state === 'hidden') throw missing(named)
  return { named, row }
}

/**
 * `null` = the call names nothing.
 * @throws Problem `not_found` for what its account has not, `invalid_request_error` for things of several providers.
 */
export const placeOf = async (ports: Pick<RelayPorts, 'bindings'>, question: Question): Promise<NamedPlace | null> => {
  const named = namedBy(question.call)
  const all = isOperators(question) ? named.filter(({ kind }) => kind !== 'unkept') : named
  const [first] = all
  if (first === undefined) return null
  if (all.length > namedMax)
    throw new Problem('invalid_request_error', {
      message: `The request names more than ${namedMax} files and their like.`,
      param: first.field,
    })
  const unkept = all.find(({ kind }) => kind === 'unkept')
  const own = unkept === undefined ? null : ownProviders(question)
  if (unkept !== undefined && own?.length === 0) throw missing(unkept)
  const kept = all.filter(({ kind }) => kind !== 'unkept')
  const found = await Promise.all(kept.map((one) => boundTo(ports, one, question)))
  const bound = found.filter((one) => one !== null)
  const [one] = bound
  if (one === undefined) return own === null ? null : { providers: own, credential: null, first }
  const others = [...new Set(bound.map(({ row }) => row.provider))]
  if (others.length > 1)
    throw new Problem('invalid_request_error', {
      message: `The request names files of several providers (${others.join(', ')}), and goes to one. Upload them to the same with x-drover-provider.`,
      param: one.named.field,
    })
  const { provider, credential } = one.row
  if (unkept !== undefined && own?.includes(provider) === false) throw missing(unkept)
  return { providers: [provider], credential, first: one.named }
}

/** The grant with the targets that can open what is named. @throws Problem `invalid_request_error` where the model has none there. */
export const atPlace = (grant: Grant, call: Call, place: NamedPlace | null): Grant => {
  if (place === null) return grant
  const groups = grant.groups
    .map((group) => ({ ...group, targets: group.targets.filter(({ provider }) => place.providers.includes(provider)) }))
    .filter(({ targets }) => targets.length > 0)
  if (groups.length > 0) return { ...grant, groups }
  const { first, providers } = place
  if (first.kind === 'unkept') throw missing(first)
  const what = first.kind === 'file' ? 'File' : 'Container'
  const way =
    first.kind === 'file'
      ? ', or upload the file to a provider of this model (x-drover-provider).'
      : ', or leave it out.'
  throw new Problem('invalid_request_error', {
    message: `${what} '${first.id.slice(0, 100)}' is kept by provider "${providers.join()}", and model '${call.model}' does not go there. Use a model that does${way}`,
    param: first.field,
  })
}

/** Where something is kept that a call goes on from, and the digest of the key that it was made with. */
export type KeptPlace = { readonly provider: string; readonly credential: string | null }

const narrowed = (upstream: Upstream, place: KeptPlace): Upstream => {
  const keeper = keeperWith(upstream, 'openai', place.credential)
  if (keeper === null || keeper.credential === null || keeper.digest === null) return upstream
  const index = upstream.credentialDigests.indexOf(keeper.digest)
  const { credentialNames } = upstream.provider
  return {
    ...upstream,
    credentialDigests: [keeper.digest],
    provider: {
      ...upstream.provider,
      credentials: [keeper.credential],
      ...(credentialNames === undefined ? {} : { credentialNames: credentialNames.slice(index, index + 1) }),
    },
  }
}

/** A provider of several keys opens a file, or goes on from a response, with the one that it was made with. */
export const withKeyOf = (snapshot: Snapshot, place: KeptPlace | null): Snapshot => {
  const upstream = place === null ? undefined : snapshot.upstreams.get(place.provider)
  if (place === null || upstream === undefined || upstream.credentialDigests.length < 2) return snapshot
  const upstreams = new Map(snapshot.upstreams).set(place.provider, narrowed(upstream, place))
  return Object.freeze({ ...snapshot, upstreams })
}

/** The same for what a call names. */
export const withKeyOfNamed = (snapshot: Snapshot, place: NamedPlace | null): Snapshot => {
  const [provider] = place?.providers ?? []
  return place === null || place.credential === null || provider === undefined
    ? snapshot
    : withKeyOf(snapshot, { provider, credential: place.credential })
}
