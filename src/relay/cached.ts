/** A call whose answer may be given again: whether it may, what it is known by, and the answer that is. */

import { Problem } from '#base/problem.ts'
import { usageOf } from '#base/usage.ts'
import { securityHeaders } from '#http/reply.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { isNamedIn } from '#policy/scope.ts'
import type { CallKind } from '#protocol/call.ts'
import type { CacheLook } from '#reuse/answer-cache.ts'
import { takeForBoth } from '#reuse/answer-taker.ts'
import type { CachedAnswer } from '#reuse/cached-answers.ts'
import { cacheMsOf } from '#reuse/lifetime.ts'
import type { Grant } from './admit.ts'
import type { CacheAsking } from './cache-question.ts'
import { exactKey } from './cache-question.ts'
import { upstreamWaitMs } from './draft.ts'
import { droverHeaders } from './head.ts'
import type { Journey } from './journey.ts'
import { elapsedMs } from './journey.ts'
import { deliverPieces } from './kept-pieces.ts'
import { lookForSimilar } from './similar.ts'

const header = 'x-drover-cache'
const cachedKinds: readonly CallKind[] = ['chat', 'completion', 'embedding', 'moderation', 'rerank']
/** Of the head that is kept, what is said anew of the call that is answered now. */
const saidAnew = /^(?:x-drover-(?:attempts|cache|cost|upstream-request-id|warnings)|content-length)$/

/** For how long, and whether an answer to a similar question is good as well. */
type CacheWish = { readonly lifetimeMs: number; readonly similar: boolean }

/** Whether the operator has calls of this key looked for without asking. */
const isLookedFor = ({ ports }: Journey, { id, name, project }: KeyFacts): boolean => {
  const scope = ports.similar?.settings.scope ?? null
  return scope !== null && isNamedIn(scope.keys, [id, name]) && isNamedIn(scope.projects, [project])
}

/** `null` = no answer may be given again. Throws Problem for a header that says something else. */
const wishOf = (journey: Journey, { inbound, key, labels }: CacheAsking): CacheWish | null => {
  const asked = inbound.headers[header]?.trim().toLowerCase()
  // A kept answer is what Drover once sent, not what a provider sends now.
  if (asked === 'no' || labels.exact) return null
  if (asked === undefined || asked === '') {
    const similar = isLookedFor(journey, key)
    const lifetimeMs = key.cacheMs ?? (similar ? (journey.ports.similar?.settings.lifetimeMs ?? null) : null)
    return lifetimeMs === null ? null : { lifetimeMs, similar }
  }
  const [, time = '', similar] = /^(\S+)(?:\s+(similar))?$/.exec(asked) ?? []
  const lifetimeMs = cacheMsOf(time)
  if (lifetimeMs !== null) return { lifetimeMs, similar: similar !== undefined }
  throw new Problem('invalid_request_error', {
    message: `Header ${header} must be a duration from 1s to 24h, such as 5m; with "similar" behind it where an answer to a similar question is good as well; or no.`,
    param: header,
  })
}

/** With an answer to a similar question where there is one; else what is answered now is taken for both. */
const withSimilar = async (journey: Journey, asking: CacheAsking, exact: CacheMiss): Promise<CacheLook> => {
  const { ports, draft } = journey
  const { similar } = ports
  if (similar === null) {
    draft.warnings = [...draft.warnings, `${header}:not by similarity; this relay has no semantic_cache`]
    return exact.look
  }
  const found = await lookForSimilar(journey, { similar, asking, lifetimeMs: exact.lifetimeMs }).catch(
    (thrown: unknown) => {
      exact.look.taker.end(false)
      throw thrown
    },
  )
  if (found?.kind === 'miss') return { kind: 'miss', taker: takeForBoth(exact.look.taker, found.taker) }
  if (found === null) return exact.look
  // Who waits for the very same question asks for itself: this answer was made for another one.
  exact.look.taker.end(false)
  return found
}

type CacheMiss = { readonly look: Extract<CacheLook, { kind: 'miss' }>; readonly lifetimeMs: number }

/** Looks for an answer; `null` = none may be given or kept. Throws Problem; what the signal throws, when the caller leaves. */
export const lookInCache = async (journey: Journey, asking: CacheAsking): Promise<CacheLook | null> => {
  const { ports, draft } = journey
  const { inbound, call, key } = asking
  const wish = wishOf(journey, asking)
  if (wish === null || call.payload.kind !== 'json' || !cachedKinds.includes(call.kind)) return null
  if (call.usageWish.cost || key.usageCost) {
    // The cost in a kept answer would be that of another call.
    draft.warnings = [...draft.warnings, `${header}:not used where usage.cost is asked for`]
    return null
  }
  const { lifetimeMs, similar } = wish
  const lookedMs = ports.clock.monotonicMs()
  const exact = await ports.cache.look({
    key: exactKey(asking),
    account: key.account,
    ...{ call: draft.id, lifetimeMs, signal: inbound.signal },
  })
  draft.sharedMs += ports.clock.monotonicMs() - lookedMs
  const look =
    exact.kind === 'hit' || !similar ? exact : await withSimilar(journey, asking, { look: exact, lifetimeMs })
  draft.cache = look.kind
  return look
}

/** Gives a kept answer again: nothing is sent to a provider, nothing is charged. */
export const answerFromCache = async (journey: Journey, answer: CachedAnswer, grant: Grant): Promise<void> => {
  const { draft, exchange, ports } = journey
  const { outbound } = exchange
  draft.status = answer.head.status
  draft.costNanoUsd = 0n
  draft.usage = usageOf({ input: 0, output: 0, source: 'counted' })
  grant.used(0)
  const spentMs = elapsedMs(journey)
  draft.overheadMs = Math.max(0, spentMs - upstreamWaitMs(draft))
  const kept = Object.entries(answer.head.headers).filter(([name]) => !saidAnew.test(name))
  outbound.head(answer.head.status, {
    ...securityHeaders,
    ...Object.fromEntries(kept),
    ...droverHeaders(draft, { elapsedMs: spentMs, limits: grant.headers }),
    age: String(Math.max(0, Math.floor((ports.clock.nowMs() - answer.keptMs) / 1_000))),
    'x-drover-original-request-id': answer.call,
    ...(draft.stream ? {} : { 'x-drover-cost': '0.00' }),
  })
  await deliverPieces(journey, answer.pieces)
}
