/** Migrations on the path of a call: whether it is in scope of one, which arm it goes to, and what it is told as when it has ended. */

import { hash } from 'node:crypto'
import type { CallRecord } from '#base/call-record.ts'
import { readMember } from '#base/json.ts'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import { namesAnother } from '#migration/answered-model.ts'
import { isInShare } from '#migration/assign.ts'
import type { Observation, Outcome } from '#migration/observation.ts'
import type { CallFacts, Move } from '#migration/traffic.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { keyNamesOf, lineOf } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { Grant } from './admit.ts'
import type { Assigned } from './assigned.ts'
import type { Attempt } from './attempt.ts'
import { namedBy } from './binding/names.ts'
import { modelFor } from './bound-model.ts'
import { nameBy, threadOf } from './conversation.ts'
import { answering } from './draft.ts'
import type { Journey } from './journey.ts'
import type { Labels } from './labels.ts'
import { armHeader } from './labels.ts'
import type { Leg } from './leg.ts'
import type { Snapshot } from './snapshot.ts'
import { turnReader } from './turn-reader.ts'

type Scope = { readonly move: Move; readonly facts: CallFacts; readonly key: KeyFacts; readonly call: Call }

/** Body fields by which callers name the person for whom they ask. */
const personFields: readonly string[] = ['safety_identifier', 'user']

/** Whom an answer is for, as far as the caller says it; else the key. */
const callerOf = ({ payload }: Call, key: KeyFacts): string => {
  const named = payload.kind === 'json' ? personFields.map((field) => readMember(payload.top, field)) : []
  const person = named.find((value) => typeof value === 'string' && value !== '')
  return unitOf(key.account, `${lineOf(key)} ${typeof person === 'string' ? person : ''}`) ?? key.id
}

type ArmWish = { readonly assigned: Assigned | null; readonly wish: Labels['arm'] }

type Asked = { readonly key: KeyFacts; readonly call: Call; readonly inbound: Inbound }

const unitOf = (account: string, name: string | null): string | null =>
  name === null ? null : hash('sha256', `${account}\u0000${name}`).slice(0, 32)

/** Other kinds of calls have no answer that two models could both give: vectors of two models do not go together. */
const movable: readonly string[] = ['chat', 'completion']

/** The migration that a call is in scope of; `null` = of none. */
export const scopeOf = ({ ports, draft, snapshot }: Journey, { key, call, inbound }: Asked): Scope | null => {
  if (key.test || !movable.includes(call.kind) || !ports.traffic.isMoving()) return null
  const row = modelFor(snapshot, key, call.model)
  if (row instanceof Problem) return null
  const named: CallFacts = {
    call: draft.id,
    models: [...new Set([call.model, row.id])],
    callSite: draft.callSite,
    keyNames: keyNamesOf(key),
    project: key.project,
    unit: null,
    headers: inbound.headers,
  }
  const move = ports.traffic.moveFor(named)
  if (move === null) return null
  const { keyOrder, salt, match } = move
  const name =
    keyOrder === null
      ? (draft.conversation ?? threadOf(call).name)
      : nameBy(keyOrder, { call, headers: inbound.headers, key: lineOf(key) })
  const facts = { ...named, unit: unitOf(key.account, name) }
  return isInShare({ salt, unit: facts.unit ?? draft.id }, match.shareBasisPoints) ? { move, facts, key, call } : null
}

/** While conversations are assigned, and what the candidate does is still a question. */
const copying: readonly Move['phase'][] = ['shadow', 'ramping', 'baking', 'paused']

/** Gives the call its arm, and begins to watch it; `null` = it may not go to the candidate, so that there is nothing to choose. */
export const assign = (journey: Journey, { move, facts, key, call }: Scope, grant: Grant): Assigned | null => {
  const { ports, draft } = journey
  const [first] = grant.groups
  if (grant.destination === null || first === undefined) return null
  const { provider, model } = grant.destination
  const hasBaseline = first.targets.some((target) => target.provider !== provider || target.model !== model)
  if (!hasBaseline) return null
  const assignment = ports.traffic.assign(move, facts, draft.timeMs)
  draft.migration = move.name
  draft.arm = assignment.arm
  ports.traffic.began(draft.id, assignment, draft.timeMs)
  const { snapshot, protocol, exchange } = journey
  const { id, origin, headers } = exchange.inbound
  // Not the request itself: a copy outlives it.
  const asked = { id, origin }
  const question = { move, facts, key, call, snapshot, protocol, asked, callerHeaders: headers, nowMs: draft.timeMs }
  const mayCopy = move.shadow !== null && assignment.arm === 'baseline' && copying.includes(move.phase)
  const namesFiles = mayCopy && namedBy(call).length > 0
  return {
    assignment,
    reader: turnReader(call),
    caller: callerOf(call, key),
    shadow: mayCopy ? ports.shadows.watch({ ...question, namesFiles }) : null,
  }
}

/** A tester who asked for an arm, and gets what any other caller would, is told so. */
export const noteUnchosen = ({ draft, exchange }: Journey, { assigned, wish }: ArmWish): void => {
  const { isChosen = false, move = null } = assigned?.assignment ?? {}
  const header = move?.testerHeader.toLowerCase() ?? armHeader
  const said = exchange.inbound.headers[header]?.trim() ?? ''
  const warnings: string[] = []
  if (assigned !== null && !isChosen && said !== '')
    warnings.push(`${header}:neither baseline nor candidate; the call goes as any other`)
  if (wish !== null && (assigned === null || header !== armHeader))
    warnings.push(`${armHeader}:no migration goes by it for this call`)
  if (warnings.length > 0) draft.warnings = [...draft.warnings, ...warnings]
}

/** The grant as its arm has it: the candidate first, with the baseline behind it; or the baseline alone. */
export const inArm = (grant: Grant, assigned: Assigned | null): Grant => {
  const { destination } = grant
  if (assigned === null || destination === null) return grant
  const groups = grant.groups.map((group, index) => {
    const targets = group.targets.filter(
      ({ provider, model }) => provider !== destination.provider || model !== destination.model,
    )
    return index === 0 && assigned.assignment.arm === 'candidate'
      ? { ...group, targets, lead: destination }
      : { ...group, targets }
  })
  return { ...grant, groups: groups.filter(({ targets, lead }) => targets.length > 0 || lead !== undefined) }
}

const takenBackFault = 'taken_back'

const isCandidate = ({ candidate }: Move, { provider, model }: Pick<Leg['target'], 'provider' | 'model'>): boolean =>
  provider === candidate.provider && model === candidate.model

/** Whether a leg is what stands behind the candidate for this call. */
export const isBehind = (assigned: Assigned | null, { target }: Leg): boolean =>
  assigned?.assignment.arm === 'candidate' && !isCandidate(assigned.assignment.move, target)

/** Leaves attempts at the candidate that have no first part yet when traffic is taken back: the next one is at the baseline. */
export const recallOf = ({ assignment: { move, takenBack } }: Assigned) => {
  const stops: (() => void)[] = []
  return {
    /** Without the candidate, where traffic was taken back between the assignment and now: its hold may have taken a while. */
    left: (legs: readonly Leg[]): readonly Leg[] => {
      const others = takenBack.aborted ? legs.filter(({ target }) => !isCandidate(move, target)) : legs
      return others.length === 0 ? legs : others
    },
    watch: (attempt: Attempt): void => {
      if (!isCandidate(move, attempt.leg.target)) return
      const leave = (): void =>
        attempt.close(
          new Problem('upstream_error', {
            message: `Migration "${move.name}" was rolled back while "${move.candidate.provider}" had not begun to answer.`,
            facts: { fault: takenBackFault },
          }),
        )
      if (takenBack.aborted) leave()
      else takenBack.addEventListener('abort', leave, { once: true })
      stops.push(() => takenBack.removeEventListener('abort', leave))
    },
    /** From the first part on what has begun is finished. */
    stop: (): void => {
      for (const stop of stops) stop()
    },
  }
}

/** Statuses under 500 that speak of the moment and not of what was asked. */
const passing: readonly number[] = [408, 425, 429]

/**
 * Whether the first attempt of a call failed by a fault of its target, whatever came after it. Arms are compared by first attempts: the baseline may have more targets to go on
 * to, or be asked again, and must not look the better for it.
 */
export const firstFailed = ({ attempts: all, end }: Pick<CallRecord, 'attempts' | 'end'>): boolean => {
  const attempts = answering(all)
  const [first] = attempts
  if (first === undefined || first.left === null) return false
  if (end === 'left' && attempts.length === 1) return false
  if (first.left === 'hedge_lost' || first.left === 'caller_left') return false
  const { status } = first
  return status === null || status < 400 || status >= 500 || passing.includes(status)
}

const failedOutcome = ({ status, error, end, attempts }: CallRecord): Outcome => {
  if (end === 'cut') return 'cut'
  if (error === 'unsupported_parameter') return 'rejected'
  const last = attempts.at(-1)
  const upstream = last?.status ?? null
  if (error === 'upstream_timeout') return 'timeout'
  if (upstream === 429) return 'rate_limited'
  if (upstream === 408) return 'timeout'
  if (upstream === 503 || upstream === 529) return 'overloaded'
  if (upstream !== null && upstream >= 500) return 'upstream_error'
  if (upstream === null) return 'unreachable'
  if (status >= 400 && status < 500) return 'rejected'
  return upstream < 300 ? 'malformed' : 'upstream_error'
}

const outcomeOf = (record: CallRecord, { assignment, reader }: Assigned): Outcome => {
  const {
    arm,
    move: { candidate },
  } = assignment
  if (record.end === 'left') return 'left'
  const [first] = record.attempts
  const isElsewhere = first !== undefined && (first.provider !== candidate.provider || first.model !== candidate.model)
  const isMoved = firstFailed(record) || (arm === 'candidate' && isElsewhere)
  if (record.end === 'complete' && record.status < 400) {
    if (isMoved) return 'moved'
    const isEmpty = record.usage?.output === 0 && record.finishReason === null
    return isEmpty || reader.saysNothing() ? 'empty' : 'ok'
  }
  const outcome = failedOutcome(record)
  return outcome === 'rejected' && isMoved ? 'moved' : outcome
}

/** Blame that is neither the provider's nor the model's: limits, credit, guardrails, Drover. What a target with strict parameters does not take is the target's. */
const isOurs = ({ attempts, end, error }: CallRecord): boolean =>
  attempts.length === 0 && end === 'refused' && error !== 'unsupported_parameter'

/** Whether the candidate was left, or not asked, because traffic was taken back: whether it would have answered nobody knows. */
const wasTakenBack = ({ attempts }: CallRecord, { arm, move, takenBack }: Assigned['assignment']): boolean => {
  const [first] = attempts
  const wasNotAsked = takenBack.aborted && arm === 'candidate' && first !== undefined && !isCandidate(move, first)
  return wasNotAsked || attempts.some(({ left }) => left === `upstream_error: ${takenBackFault}`)
}

/** A deployment of Azure has a name of its own, and a server of files may name its file. */
const ownNames: readonly string[] = ['azure', 'llamacpp']

/** The model that the answer names, where it is another one than was asked for. */
const otherModelOf = ({ attempts }: CallRecord, answered: string | null, { upstreams, modelIdOf }: Snapshot) => {
  const last = attempts.at(-1)
  const vendor = last === undefined ? undefined : upstreams.get(last.provider)?.vendor.name
  if (last === undefined || vendor === undefined || answered === null || ownNames.includes(vendor)) return null
  const isOther = namesAnother({ asked: last.model, answered, idOf: (name) => modelIdOf(vendor, name) })
  return isOther ? answered : null
}

/** What a call that has ended says of its arm; `null` = nothing: it never went there, was taken back, or its answer was kept from another one. */
const observationOf = (whole: CallRecord, assigned: Assigned, snapshot: Snapshot): Observation | null => {
  const { assignment, reader, caller } = assigned
  const record = { ...whole, attempts: answering(whole.attempts) }
  if (record.cache === 'hit' || isOurs(record) || wasTakenBack(record, assignment)) return null
  const { usage, stream, ttftMs, durationMs, longestGapMs } = record
  const output = usage?.output ?? null
  const answered = record.attempts.at(-1)
  const flowMs = ttftMs === null ? null : durationMs - ttftMs
  const hasFlow = stream && flowMs !== null && output !== null && output > 1
  return {
    id: record.id,
    arm: assignment.arm,
    unit: assignment.unit,
    startMs: record.timeMs,
    durationMs: Math.round(durationMs),
    callSite: record.callSite,
    caller,
    stream,
    outcome: outcomeOf(record, assigned),
    status: answered?.status ?? null,
    ttftMs: stream && ttftMs !== null ? Math.round(ttftMs) : null,
    tpotMicros: hasFlow ? Math.round((flowMs * 1_000) / (output - 1)) : null,
    longestGapMs: longestGapMs === undefined || longestGapMs === null ? null : Math.round(longestGapMs),
    tokens: {
      input: usage?.input ?? null,
      cachedInput: usage?.cachedInput ?? null,
      output,
      reasoning: usage?.reasoning ?? null,
    },
    usageMissing: usage === null || usage.source !== 'reported' || reader.misplacesUsage(),
    otherModel: otherModelOf(record, reader.answeredModel(), snapshot),
    costNanoUsd: answered?.costNanoUsd ?? null,
    ...reader.found(),
  }
}

/** Tells the migration what came of the call; `goesOn` = its provider is still at it, and nobody will say how it ended. */
export const noteTurn = ({ ports, draft, snapshot }: Journey, assigned: Assigned | null, goesOn: boolean): void => {
  if (assigned === null) return
  ports.traffic.ended(draft.id, goesOn ? null : observationOf(draft, assigned, snapshot))
  if (!goesOn) assigned.shadow?.ended(draft)
}
