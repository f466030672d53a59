/** What one call adds to the figures, and by which traits it can be found in the log. Pure. */

import type { Selectable } from 'kysely'
import type { AttemptRecord } from '#base/call-record.ts'
import { ownCredentialName } from '#base/call-record.ts'
import type { Usage } from '#base/usage.ts'
import type { TallyDraft } from '#report/port.ts'
import { emptyTally } from '#report/port.ts'
import type { CallTable, UsageRollupTable } from '#store/tables.ts'

/** The columns of a call that figures and index are made of. */
export const rolledColumns = [
  'sequence',
  'time_ms',
  'account',
  'project',
  'member',
  'key',
  'test',
  'model',
  'provider',
  'upstream_model',
  'status',
  'error',
  'attempts',
  'usage',
  'cost_nano_usd',
  'end',
  'tags',
  'conversation',
  'call_site',
  'family',
  'base_nano_usd',
] as const satisfies readonly (keyof CallTable)[]

export type RolledCall = Pick<Selectable<CallTable>, (typeof rolledColumns)[number]>

/** The names that a row of figures is kept under; `''` = none. */
export type Names = Pick<
  UsageRollupTable,
  'account' | 'project' | 'member' | 'key' | 'model' | 'provider' | 'upstream_model'
>

export type Contribution = { readonly names: Names; readonly tally: TallyDraft }

type StoredAttempt = Pick<AttemptRecord, 'provider' | 'model' | 'error' | 'firstPartMs' | 'usage'> &
  Partial<Pick<AttemptRecord, 'credential'>> & { readonly costNanoUsd: string | null }

/** No call is larger. Whatever says so is wrong, counts as unknown, and never makes a sum overflow. */
const tokensPerCallMax = 1_000_000_000_000
const nanoUsdPerCallMax = 1_000_000_000_000_000n

const amountOf = (nanoUsd: bigint | null): bigint | null =>
  nanoUsd === null || nanoUsd > nanoUsdPerCallMax ? null : nanoUsd

const addKnown = (
  tally: TallyDraft,
  count: number | null,
  field: 'input' | 'cachedInput' | 'cacheWrite' | 'output' | 'reasoning',
): void => {
  if (count === null || count > tokensPerCallMax) tally[`${field}Unknown`] += 1
  else tally[field] += count
}

const addUsage = (tally: TallyDraft, usage: Usage): void => {
  addKnown(tally, usage.input, 'input')
  addKnown(tally, usage.cachedInput, 'cachedInput')
  addKnown(tally, usage.cacheWrite, 'cacheWrite')
  addKnown(tally, usage.output, 'output')
  addKnown(tally, usage.reasoning, 'reasoning')
  if (usage.source === 'counted' || usage.source === 'estimated') tally.estimated += 1
}

/** A call that was answered and has no usage says nothing of its tokens; one that was refused has used none. */
const unknownUsage = (tally: TallyDraft): void => {
  for (const field of ['input', 'cachedInput', 'cacheWrite', 'output', 'reasoning'] as const)
    tally[`${field}Unknown`] += 1
}

const tallyOfCall = (call: RolledCall): TallyDraft => {
  const tally = emptyTally()
  tally.calls = 1
  if (call.error !== null) tally.errors = 1
  if (call.end === 'refused') tally.refused = 1
  if (call.end === 'cut') tally.cut = 1
  if (call.end === 'left') tally.left = 1
  const wasAnswered = call.provider !== null
  if (call.usage !== null) addUsage(tally, JSON.parse(call.usage) as Usage)
  else if (wasAnswered) unknownUsage(tally)
  const charge = amountOf(call.cost_nano_usd)
  tally.chargeNanoUsd = charge ?? 0n
  if (charge === null && wasAnswered) tally.unpriced = 1
  return tally
}

const addAttempt = (tally: TallyDraft, attempt: StoredAttempt): void => {
  tally.attempts += 1
  if (attempt.error !== null) tally.failedAttempts += 1
  const cost = amountOf(attempt.costNanoUsd === null ? null : BigInt(attempt.costNanoUsd))
  if (cost !== null) tally.upstreamCostNanoUsd += cost
  else if (attempt.firstPartMs !== null || attempt.usage !== null) tally.upstreamUnpriced += 1
}

/** A name that nobody here knows is the caller's own invention: such names would fill the figures. */
const modelOf = (call: RolledCall): string => (call.error === 'model_not_found' ? '' : (call.model ?? ''))

const namesOf = (call: RolledCall, provider: string, upstreamModel: string): Names => ({
  account: call.account ?? '',
  project: call.project ?? '',
  member: call.member ?? '',
  key: call.key ?? '',
  model: modelOf(call),
  provider,
  upstream_model: upstreamModel,
})

/** The provider's bill for these goes to the account itself: they are told apart from what the operator is billed. */
const providerOf = ({ provider, credential }: StoredAttempt): string =>
  credential === ownCredentialName ? `${provider} (own)` : provider

/** The provider that answered; the last attempt at its target is the one. */
const answeredBy = (call: RolledCall, attempts: readonly StoredAttempt[]): string => {
  const last = attempts.findLast(({ provider, model }) => provider === call.provider && model === call.upstream_model)
  return last === undefined ? (call.provider ?? '') : providerOf(last)
}

/** What the call adds: one part for the target that answered, and one for each other that was tried. */
export const contributionsOf = (call: RolledCall): readonly Contribution[] => {
  const parts: Contribution[] = []
  const partOf = (provider: string, upstreamModel: string, tally: () => TallyDraft): TallyDraft => {
    const known = parts.find(({ names }) => names.provider === provider && names.upstream_model === upstreamModel)
    if (known !== undefined) return known.tally
    const part = { names: namesOf(call, provider, upstreamModel), tally: tally() }
    parts.push(part)
    return part.tally
  }
  const attempts = JSON.parse(call.attempts) as readonly StoredAttempt[]
  partOf(answeredBy(call, attempts), call.upstream_model ?? '', () => tallyOfCall(call))
  for (const attempt of attempts) addAttempt(partOf(providerOf(attempt), attempt.model, emptyTally), attempt)
  return parts
}

/** Most calls have none. */
export const tagsOf = ({ tags }: RolledCall): readonly (readonly [string, string])[] =>
  tags === '{}' ? [] : Object.entries(JSON.parse(tags) as Readonly<Record<string, string>>)

/** How a tag stands in the index. */
export const tagTrait = (name: string, value: string): string => `${name}=${value}`

/** Traits that are kept a second time, with the status, of calls that did not go well: a block has many calls, and seldom one that failed and is of whom is asked for. */
export type PairedTrait = 'account' | 'key' | 'model' | 'provider' | 'call_site' | 'tag'

/** What such a trait is called beside its plain one. */
export const failedTrait = (trait: PairedTrait): `failed_${PairedTrait}` => `failed_${trait}`

const statusDigits = 3

/** In the order of the statuses, for one value. */
export const failedValue = (value: string, status: number | bigint): string =>
  `${value}/${String(status).padStart(statusDigits, '0')}`

/** A status, an error or an end that few calls have. */
const hasFailed = ({ status, error, end }: RolledCall): boolean =>
  status !== 200n || error !== null || end !== 'complete'

const ownerTraits = ['account', 'key', 'model', 'provider', 'call_site'] as const

/** Trait and value of everything that the log can be searched by. What most calls are is no trait. */
export const traitsOf = (call: RolledCall): readonly (readonly [string, string])[] => {
  const found: [string, string][] = []
  const failed = hasFailed(call)
  const add = (trait: PairedTrait, value: string | null): void => {
    if (value === null) return
    found.push([trait, value])
    if (failed) found.push([failedTrait(trait), failedValue(value, call.status)])
  }
  for (const trait of ownerTraits) add(trait, call[trait])
  for (const trait of ['error', 'conversation'] as const) {
    const value = call[trait]
    if (value !== null) found.push([trait, value])
  }
  if (call.end !== 'complete') found.push(['end', call.end])
  if (call.status !== 200n) found.push(['status', call.status.toString()])
  for (const [name, value] of tagsOf(call)) add('tag', tagTrait(name, value))
  return found
}

/** What the call adds to its account's volume of the month, by which bundles are decided; `null` = nothing. */
export const volumeOf = ({ account, family, test, base_nano_usd }: RolledCall) => {
  const baseNanoUsd = amountOf(base_nano_usd) ?? 0n
  return account === null || family === null || test !== 0n || baseNanoUsd <= 0n
    ? null
    : { account, family, baseNanoUsd }
}
