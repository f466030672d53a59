/** Calls that ask for what only some providers do go to those alone: those of their own format, or those among them that can do something. */

import { Problem } from '#base/problem.ts'
import type { Target } from '#policy/model-table.ts'
import type { Call } from '#protocol/call.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { Vendor } from '#provider/vendor.ts'
import { protocolsOf } from '#provider/vendor.ts'
import type { Grant } from './admit.ts'
import type { Snapshot, Upstream } from './snapshot.ts'
import { canBeAsked, protocolFor } from './speak.ts'

type Ability = {
  readonly has: (vendor: Vendor) => boolean
  readonly param: string
  readonly message: string
}

const background: Ability = {
  has: (vendor) => vendor.background,
  param: 'background',
  message: 'No provider that may answer this call makes responses in the background. Stream it instead.',
}

const compacts: Ability = {
  has: (vendor) => vendor.compacts,
  param: 'model',
  message:
    'No provider that may answer this call compacts conversations: OpenAI and Azure do. Use a model of theirs, or send the items that matter in "input" of /v1/responses, or the whole input with "truncation": "auto".',
}

const exactly: Ability = {
  has: () => true,
  param: 'x-drover-exact',
  message:
    'No provider that may answer this call sends its answer in the format that you ask in, so that it could be passed byte for byte. Ask in the format of the provider, name a model whose provider speaks yours, or leave "x-drover-exact" out. What Amazon Bedrock streams of Claude comes in an envelope: there leave "stream" out.',
}

const abilityFor = (call: Call, { keeping }: Protocol): Ability | null => {
  if (keeping === undefined || call.payload.kind !== 'json') return null
  const wish = keeping.wishOf(call)
  return wish.background ? background : wish.compacts ? compacts : null
}

export type AbleFor = {
  readonly snapshot: Snapshot
  readonly protocol: Protocol
  readonly call: Call
  /** Whether the caller wants the provider's own bytes. */
  readonly exact?: boolean
}

/** The grant with those of its targets that are taken. */
const withTargets = (grant: Grant, takes: (target: Target) => boolean): Grant => ({
  ...grant,
  groups: grant.groups
    .map((group) => ({ ...group, targets: group.targets.filter(takes) }))
    .filter(({ targets }) => targets.length > 0),
})

/** Whether nothing that the provider has is in a form of OpenAI's, in which all that is no chat is asked for, or can be translated to. */
const hasNothingLike = (protocol: Protocol, upstream: Upstream | undefined, model: string): boolean =>
  upstream !== undefined &&
  !upstream.vendor.protocols.some((name) => name.startsWith('openai-')) &&
  protocolFor(protocol, upstream, model) === protocol

const nothingThere = (call: Call, targets: readonly Target[]): Problem => {
  const names = [...new Set(targets.map(({ provider }) => provider))].join(', ')
  return new Problem('unsupported_parameter', {
    message: `Model '${call.model}' goes to ${names}, where there are no calls of this kind: its API has chats alone, or others in another form. Use a model whose provider has them (GET /v1/models lists yours).`,
    param: 'model',
  })
}

/**
 * Targets whose provider can be asked for such a thing go alone; where none can, by what is known of it, they all judge for themselves.
 * @throws Problem `unsupported_parameter` where none of them has anything of the kind: its own "not found" would say nothing.
 */
const askable = (grant: Grant, { snapshot, protocol, call }: AbleFor): Grant => {
  // Every provider of chats can be asked for one, by a translation.
  if (protocol.kind === 'chat') return grant
  const takes = ({ provider, model }: Target): boolean => {
    const upstream = snapshot.upstreams.get(provider)
    return upstream !== undefined && canBeAsked(protocol, upstream, model)
  }
  const targets = grant.groups.flatMap((group) => group.targets)
  const able = targets.filter(takes).length
  const isNowhere = targets.every(({ provider, model }) =>
    hasNothingLike(protocol, snapshot.upstreams.get(provider), model),
  )
  if (able === 0 && isNowhere) throw nothingThere(call, targets)
  return able === 0 || able === targets.length ? grant : withTargets(grant, takes)
}

/** The grant with the targets that can do what the call asks for. @throws Problem `unsupported_parameter` where there are none. */
export const ableOnly = (grant: Grant, { snapshot, protocol, call, exact = false }: AbleFor): Grant => {
  const ability = abilityFor(call, protocol) ?? (exact ? exactly : null)
  if (ability === null) return askable(grant, { snapshot, protocol, call })
  const takes = ({ provider, model }: Target): boolean => {
    const vendor = snapshot.upstreams.get(provider)?.vendor
    if (vendor === undefined || !ability.has(vendor)) return false
    // A stream that has to be taken out of an envelope is not what the provider sent.
    if (exact && call.stream && vendor.unpack !== undefined) return false
    return protocolsOf(vendor, model).some((name) => name === protocol.name)
  }
  const able = withTargets(grant, takes)
  if (able.groups.length > 0) return able
  throw new Problem('unsupported_parameter', { message: ability.message, param: ability.param })
}
