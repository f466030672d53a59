/** Who calls, which models may answer, and whether the limits let it in: the Grant of a call, to be given back. */

import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import { decideAdmission } from '#policy/admission.ts'
import { checkKey } from '#policy/check-key.ts'
import { credentialOf } from '#policy/credential.ts'
import { policies } from '#policy/index.ts'
import { sha256Digest } from '#policy/key.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { planOf } from '#policy/plan.ts'
import { limitHeaders, limitRefusal } from '#policy/rate.ts'
import type { Ticket } from '#policy/ticket.ts'
import type { Wishes } from '#policy/wishes.ts'
import type { Call } from '#protocol/call.ts'
import { modelFor } from './bound-model.ts'
import type { Candidates, Destination, Group } from './candidates.ts'
import { candidatesFor } from './candidates.ts'
import type { Labels } from './labels.ts'
import type { Snapshot } from './snapshot.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** Bytes of a JSON body to a token, at least: what admission counts before the provider does. */
export const bytesPerToken = 4

export type Grant = {
  /** The models whose targets may answer, in the order of asking. */
  readonly groups: readonly Group[]
  /** The rows that a hold must cover. */
  readonly rows: readonly ModelRow[]
  readonly wishes: Wishes
  /** What the caller is told about the choice of models. */
  readonly warnings: readonly string[]
  /** Where a migration may send the call; `null` = nowhere else. */
  readonly destination: Target | null
  /** Rate-limit headers. */
  readonly headers: Readonly<Record<string, string>>
  /** Tells what the call really used, in tokens; `null` = unknown, the estimate stands. */
  readonly used: (tokens: number | null) => void
  /** Gives tickets back; exactly once. */
  readonly giveBack: () => Promise<void>
}

type Use = { readonly nowMs: number; readonly purpose: 'model' | 'admin' }

/**
 * The key of a request, before its body is read.
 * @throws Problem `invalid_api_key`, `ambiguous_credentials`, `permission_denied`, `ip_not_allowed`.
 */
export const identify = (snapshot: Snapshot, inbound: Inbound, use: Use): KeyFacts => {
  const credential = credentialOf(inbound)
  if (credential instanceof Problem) throw credential
  // Keys that were taken over with no more than their SHA-256 begin with `sk-`, as all that are taken over do.
  const facts =
    snapshot.keys.get(snapshot.digestKey(credential.key)) ??
    (credential.key.startsWith('sk-') ? snapshot.keys.get(sha256Digest(credential.key)) : undefined)
  const checked = checkKey(facts, {
    presented: credential.key,
    nowMs: use.nowMs,
    environment: snapshot.environment,
    address: inbound.remoteAddress,
    purpose: use.purpose,
  })
  if (checked instanceof Problem) throw checked
  return checked
}

/** The row that a name means for this key. Throws Problem `model_not_found`, `model_retired`. */
export const rowFor = (snapshot: Snapshot, key: KeyFacts, name: string): ModelRow => {
  const row = modelFor(snapshot, key, name)
  if (row instanceof Problem) throw row
  return row
}

type Admission = {
  readonly snapshot: Snapshot
  readonly key: KeyFacts
  readonly call: Call
  readonly waitingRoom: WaitingRoom
  /** Of the call; absent = none. */
  readonly tags?: Labels['tags']
  /** Absent or `null`: no migration has to do with the call. */
  readonly destination?: Destination | null
  /** When the call arrived: the instant of its prices. */
  readonly nowMs: number
  /** Absent: `false`. Whether a call of the same caller that is under way makes room for it: then it takes no place of its own. */
  readonly sharesPlace?: boolean
  /** Monotonic time by which it must have been let in. */
  readonly untilMs: number
  readonly signal: AbortSignal
  /** Told how long it waited for its limits, also where it was refused after all. */
  readonly queued: (queuedMs: number) => void
}

/** @throws Problem of the model, of a policy, of a limit; CallerLeft while it waited. Takes all tickets or none. */
export const admit = async (admission: Admission): Promise<Grant> => {
  const { snapshot, key, call, nowMs, tags = {}, sharesPlace, destination = null } = admission
  const candidates = candidatesFor({ snapshot, key, call, nowMs, tags, destination })
  const account = snapshot.accounts.get(key.account)
  const decision = decideAdmission(policies, {
    key,
    plan: account === undefined ? null : planOf(snapshot.customers.plans, account, key.test),
    limits: snapshot.limits,
    models: [call.model, ...call.models, ...candidates.rows.map(({ id }) => id)],
    estimate: { inputTokens: Math.ceil(call.inputBytes / bytesPerToken), outputTokensMax: call.outputMax },
  })
  if (decision.refusal !== null) throw decision.refusal
  const tickets =
    sharesPlace === true ? decision.tickets.filter(({ kind }) => kind !== 'concurrency') : decision.tickets
  return take(candidates, tickets, admission)
}

const take = async (candidates: Candidates, tickets: readonly Ticket[], admission: Admission): Promise<Grant> => {
  const { waitingRoom, key, untilMs, signal } = admission
  if (tickets.length === 0) return { ...candidates, headers: {}, used: () => {}, giveBack: async () => {} }
  const { taken, queuedMs, refused } = await waitingRoom.take({ tickets, flow: key.id, untilMs, signal })
  if (queuedMs !== null) admission.queued(queuedMs)
  if (!taken.ok) throw limitRefusal(taken, refused)
  let usedTokens: number | null = null
  return {
    ...candidates,
    headers: limitHeaders(taken.states),
    used: (tokens) => {
      usedTokens = tokens
    },
    giveBack: () => waitingRoom.giveBack(tickets.map((ticket) => ({ ticket, used: usedOf(ticket, usedTokens) }))),
  }
}

/** Requests were counted at admission; only tokens can turn out more or less. */
const usedOf = (ticket: Ticket, tokens: number | null): number | null =>
  ticket.kind === 'rate' && ticket.unit === 'tokens' ? tokens : null
