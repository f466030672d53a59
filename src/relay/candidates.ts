/** Which targets may answer a call: its model, the models that follow it, and what region, policy and wishes leave of them. */

import { hasMember, readMember } from '#base/json.ts'
import { Problem } from '#base/problem.ts'
import type { ModelTable } from '#policy/choose.ts'
import { findModel } from '#policy/choose.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { demandFor, policyAllowed, regionAllowed } from '#policy/region.ts'
import { isInScope } from '#policy/scope.ts'
import type { MaxPrice, Wishes } from '#policy/wishes.ts'
import { noWishes, wishesOf } from '#policy/wishes.ts'
import type { Call } from '#protocol/call.ts'
import { shimCall } from '#provider/shim.ts'
import { ratesNow, rowForAccount } from './account-price.ts'
import { modelFor } from './bound-model.ts'
import type { Labels } from './labels.ts'
import type { NamedBy } from './leg.ts'
import type { Snapshot } from './snapshot.ts'

/** Of a caller's `models[]` no more than this are looked at. */
const modelsMax = 8
/** Models that follow a model by the operator's `fallbacks`, theirs included. */
const fallbacksMax = 8
/** Bytes of a body to a token, for choosing by price. */
const bytesPerToken = 4

/** A model in the route: its targets, and the row that the caller pays by. */
export type Group = {
  readonly row: ModelRow
  readonly model: string
  readonly by: NamedBy
  readonly targets: readonly Target[]
  /** Asked before the targets whatever the strategy: where a migration sends the call. */
  readonly lead?: Target
}

/** Where a migration would send calls, as `provider/model`. */
export type Destination = { readonly provider: string; readonly model: string; readonly params: Target['params'] }

export type Candidates = {
  readonly groups: readonly Group[]
  /** The rows that a hold must cover. */
  readonly rows: readonly ModelRow[]
  readonly wishes: Wishes
  readonly warnings: readonly string[]
  /** The target of `destination`, where this call may go there; `null` = it may not, or none was asked for. */
  readonly destination: Target | null
}

export type CandidateQuestion = {
  readonly snapshot: Snapshot
  readonly key: KeyFacts
  readonly call: Call
  readonly nowMs: number
  /** Of the call; absent = none. */
  readonly tags?: Labels['tags']
  /** Absent or `null`: no migration has to do with the call. */
  readonly destination?: Destination | null
}

type Excluded = {
  readonly target: string
  readonly why: 'scope' | 'region' | 'data' | 'wish' | 'policy' | 'parameters'
}

const tableOf = ({ snapshot, key }: CandidateQuestion) => (key.test ? snapshot.test : snapshot.live)

/** With what the caller's account pays for it. */
const groupOf = (found: ModelRow, by: NamedBy, { snapshot, key, nowMs }: CandidateQuestion): Group => {
  const row = rowForAccount(found, snapshot, { account: key.account, atMs: nowMs })
  return { row, model: row.id, by, targets: row.targets }
}

/** The operator's fallbacks of a model and theirs, each once, in the order of asking; priced as the model that was named. */
const fallbackGroups = (row: ModelRow, seen: Set<string>, question: CandidateQuestion): Group[] => {
  const groups: Group[] = []
  const follow = (from: ModelRow): void => {
    for (const name of from.fallbacks ?? []) {
      const next = findModel(tableOf(question), name)
      if (next === null || seen.has(next.id) || groups.length >= fallbacksMax) continue
      seen.add(next.id)
      groups.push({ row, model: next.id, by: 'operator', targets: next.targets })
      follow(next)
    }
  }
  follow(row)
  return groups
}

/** The model that was named must be there; of the further ones, those that are not are left out with a warning. */
const namedGroups = (question: CandidateQuestion, warnings: string[]): readonly Group[] => {
  const { call, key, snapshot } = question
  const primary = modelFor(snapshot, key, call.model)
  if (primary instanceof Problem) throw primary
  const seen = new Set([primary.id])
  const groups = [groupOf(primary, 'model', question)]
  for (const name of call.models.slice(0, modelsMax)) {
    const row = modelFor(snapshot, key, name)
    if (row instanceof Problem) warnings.push(`models:${name.slice(0, 64)} ${row.code}`)
    else if (!seen.has(row.id)) {
      seen.add(row.id)
      groups.push(groupOf(row, 'caller', question))
    }
  }
  if (call.models.length > modelsMax) warnings.push(`models:only the first ${modelsMax} are tried`)
  for (const { row } of groups) if (row.notice !== undefined) warnings.push(`model:${row.notice}`)
  return [...groups, ...groups.flatMap(({ row }) => fallbackGroups(row, seen, question))]
}

/** Whether a name that a caller wrote means this target's provider: by its name here, or by its vendor's. */
export const namesProvider = (name: string, target: Target, snapshot: Snapshot): boolean =>
  target.provider.toLowerCase() === name || snapshot.upstreams.get(target.provider)?.vendor.name === name

const isNamed = (names: readonly string[], target: Target, snapshot: Snapshot): boolean =>
  names.some((name) => namesProvider(name, target, snapshot))

/** Names that mean no provider that is configured here. */
const strangers = (wishes: Wishes, snapshot: Snapshot): ReadonlyMap<string, string> => {
  const unknown = new Map<string, string>()
  if (wishes === noWishes) return unknown
  const { order, only, ignore } = wishes
  const known = new Set(
    [...snapshot.upstreams.values()].flatMap(({ provider, vendor }) => [provider.name.toLowerCase(), vendor.name]),
  )
  for (const [field, names] of Object.entries({ order, only: only ?? [], ignore }))
    for (const name of names) if (!known.has(name)) unknown.set(name, field)
  return unknown
}

const withinPrice = (row: ModelRow, most: MaxPrice, at: CandidateQuestion): boolean => {
  if (row.priceRows === 'free') return true
  const inputTokens = Math.ceil(at.call.inputBytes / bytesPerToken)
  const rates = ratesNow(row, { atMs: at.nowMs, inputTokens })
  if (rates === null) return false
  const { input, output, perCall } = rates
  const over = (rate: bigint | null, limit: bigint | null): boolean => limit !== null && rate !== null && rate > limit
  return !over(input, most.input) && !over(output, most.output) && !over(perCall, most.perCall)
}

const takesAll = (target: Target, { call, snapshot }: CandidateQuestion): boolean => {
  const vendor = snapshot.upstreams.get(target.provider)?.vendor.name ?? ''
  const rules = snapshot.rulesOf(vendor, target.model)
  return !(shimCall({ call, rules, mode: 'strict', model: target.model }) instanceof Problem)
}

/** Whether the operator means the target for calls like this one. */
const isMeant = ({ scope }: Target, { snapshot, key, call, tags = {} }: CandidateQuestion): boolean => {
  if (scope === undefined || scope === null) return true
  const plan = snapshot.accounts.get(key.account)?.plan ?? null
  return isInScope(scope, { key, plan, tags, promptBytes: call.inputBytes })
}

const exclusionOf = (target: Target, wishes: Wishes, question: CandidateQuestion): Excluded['why'] | null => {
  const { snapshot, key } = question
  if (!isMeant(target, question)) return 'scope'
  if (!regionAllowed(target.region, [snapshot.regionsAllowed, key.regions])) return 'region'
  if (!policyAllowed(target.dataPolicy ?? null, demandFor(snapshot.dataRules ?? [], key))) return 'data'
  if (wishes.only !== null && !isNamed(wishes.only, target, snapshot)) return 'wish'
  if (isNamed(wishes.ignore, target, snapshot)) return 'wish'
  if (!wishes.allowFallbacks && wishes.order.length > 0 && !isNamed(wishes.order, target, snapshot)) return 'wish'
  if (!policyAllowed(target.dataPolicy ?? null, wishes.data)) return 'policy'
  return wishes.requireParameters && !takesAll(target, question) ? 'parameters' : null
}

const ownerOf = (provider: string, { upstreams }: Snapshot): string | undefined => upstreams.get(provider)?.own?.account

/** The target with whose credential it is asked. */
const withOwner = (target: Target, snapshot: Snapshot): Target => {
  const account = ownerOf(target.provider, snapshot)
  return account === undefined ? target : { ...target, account }
}

/** The group with those of its targets that are allowed; the same one where it loses nothing, as most do. */
const withTargets = (group: Group, isAllowed: (target: Target) => boolean, snapshot: Snapshot): Group => {
  const allowed = group.targets.filter(isAllowed)
  const isChanged =
    allowed.length < group.targets.length || allowed.some(({ provider }) => ownerOf(provider, snapshot) !== undefined)
  return isChanged ? { ...group, targets: allowed.map((target) => withOwner(target, snapshot)) } : group
}

const listed = (names: Iterable<string>): string => [...new Set(names)].slice(0, 8).join(', ')

type NothingLeft = {
  readonly excluded: readonly Excluded[]
  readonly groups: readonly Group[]
  /** Names that mean no provider. */
  readonly unknown: readonly string[]
}

/** Nothing is left: which rule left nothing decides what the caller is told. */
const nothingLeft = ({ excluded: all, groups, unknown }: NothingLeft, question: CandidateQuestion): Problem => {
  const excluded = all.filter(({ why }) => why !== 'scope')
  const { call, key, snapshot } = question
  const strange = unknown.length === 0 ? '' : ` No provider is called ${listed(unknown)}.`
  const targets = groups.flatMap((group) => group.targets)
  if (excluded.length === 0)
    return new Problem('permission_denied', {
      message: `Model '${call.model}' has no target for calls like this one: by its key, project, account, plan, tags or length. Use another model, or ask the operator.`,
      param: 'model',
    })
  if (excluded.every(({ why }) => why === 'region')) {
    const allowed = [snapshot.regionsAllowed, key.regions].flatMap((list) => (list === null ? [] : [list.join(', ')]))
    return new Problem('permission_denied', {
      message:
        `Model '${call.model}' is served from ${listed(targets.map(({ region }) => region ?? 'an unknown region'))}, and this key may use ` +
        `${allowed.join(', narrowed to ')}. Use a model that is served there, or ask the operator.`,
      param: 'model',
    })
  }
  if (excluded.some(({ why }) => why === 'data') && excluded.every(({ why }) => why === 'data' || why === 'region'))
    return new Problem('permission_denied', {
      message:
        `No provider of model '${call.model}' handles data as calls of this key demand ` +
        `(${demandFor(snapshot.dataRules ?? [], key) === 'zero' ? 'zero retention' : 'no training'}). Use another model, or ask the operator.`,
      param: 'model',
    })
  const field = excluded.some(({ why }) => why === 'policy') ? 'data_collection' : 'only'
  const isParameters = excluded.some(({ why }) => why === 'parameters')
  return new Problem('invalid_request_error', {
    message:
      `No target of '${call.model}' is left by the wishes in 'provider'. It is served by ${listed(targets.map(({ provider }) => provider))}; ` +
      `${listed(excluded.map(({ target, why }) => `${target} by ${why}`))}.${strange} Widen 'provider'.`,
    param: isParameters ? 'provider.require_parameters' : `provider.${field}`,
  })
}

const tooDear = (call: Call): Problem =>
  new Problem('invalid_request_error', {
    message: `Model '${call.model}' costs more than 'provider.max_price', or has no price to hold against it. Raise it, or name another model.`,
    param: 'provider.max_price',
  })

const wishesIn = ({ call }: CandidateQuestion): Wishes =>
  call.payload.kind === 'json' && hasMember(call.payload.top, 'provider')
    ? wishesOf(readMember(call.payload.top, 'provider'))
    : noWishes

/** Rows that may be charged: those of the callers' models, and their fallbacks' sizes at their prices. */
const heldRows = (groups: readonly Group[], question: CandidateQuestion): readonly ModelRow[] =>
  groups.map(({ row, model, by }) => {
    if (by !== 'operator') return row
    const served = findModel(tableOf(question), model) ?? row
    const { rules } = row
    return {
      ...served,
      id: row.id,
      route: row.route,
      priceRows: row.priceRows,
      ...(rules === undefined ? {} : { rules }),
    }
  })

/** What may answer beside the targets of the first row is held for as they are. */
const withDestination = (rows: readonly ModelRow[], destination: Target | null): readonly ModelRow[] =>
  destination === null
    ? rows
    : rows.map((row, index) => (index === 0 ? { ...row, targets: [...row.targets, destination] } : row))

type Place = Pick<Target, 'provider' | 'model'>

/**
 * `provider/model` as a target. Where a model that is asked for lists it as a target of its own, what is said there of it holds, what it costs above all.
 * `null` = there is no such provider or model.
 */
export const targetAt = (table: ModelTable, { provider, model }: Place, models: readonly ModelRow[]): Target | null => {
  const isThere = (one: Target): boolean => one.provider === provider && one.model === model
  const direct = findModel(table, `${provider}/${model}`)?.targets.find(isThere)
  return models.flatMap(({ targets }) => targets.find(isThere) ?? [])[0] ?? direct ?? null
}

/** A caller who says himself where the call goes is not sent anywhere else. */
const destinationOf = (question: CandidateQuestion, wishes: Wishes, named: readonly Group[]): Target | null => {
  const { destination = null, snapshot } = question
  if (destination === null || wishes.order.length > 0 || wishes.only !== null) return null
  const models = named.slice(0, 1).map(({ row }) => row)
  const target = targetAt(snapshot.live, destination, models)
  if (target === null || exclusionOf(target, wishes, question) !== null) return null
  return withOwner({ ...target, params: destination.params, tier: 1 }, snapshot)
}

/**
 * The targets that may answer, by model, in the order of asking.
 * @throws Problem `model_not_found`, `model_retired`; `invalid_request_error` naming the wish that leaves nothing;
 * `permission_denied` where no region is left.
 */
export const candidatesFor = (question: CandidateQuestion): Candidates => {
  const { snapshot, key, call } = question
  const warnings: string[] = []
  const wishes = wishesIn(question)
  warnings.push(...wishes.warnings)
  const named = namedGroups(question, warnings)
  // The sandbox is one provider without a place: its keys only learn whether their wishes are well formed.
  if (key.test) return { groups: named, rows: heldRows(named, question), wishes: noWishes, warnings, destination: null }
  const unknown = strangers(wishes, snapshot)
  for (const [name, field] of unknown) warnings.push(`provider.${field}:no provider is called ${name.slice(0, 64)}`)
  const { maxPrice } = wishes
  const payable = maxPrice === null ? named : named.filter(({ row }) => withinPrice(row, maxPrice, question))
  if (payable.length === 0) throw tooDear(call)
  const excluded: Excluded[] = []
  const isAllowed = (target: Target): boolean => {
    const why = exclusionOf(target, wishes, question)
    if (why !== null) excluded.push({ target: `${target.provider}/${target.model}`, why })
    return why === null
  }
  const groups = payable.map((group) => withTargets(group, isAllowed, snapshot))
  const left = groups.filter(({ targets }) => targets.length > 0)
  const destination = destinationOf(question, wishes, named)
  if (left.length === 0 && excluded.length > 0)
    throw nothingLeft({ excluded, groups: payable, unknown: [...unknown.keys()] }, question)
  return {
    groups: left,
    rows: withDestination(heldRows(left, question), destination),
    wishes,
    warnings,
    destination,
  }
}
