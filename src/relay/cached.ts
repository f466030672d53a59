/** A call whose answer may be given again: whether it may, what it is known by, and the answer that is. */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { Problem } from '#base/problem.ts'
import { usageOf } from '#base/usage.ts'
import type { Inbound } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { Guard } from '#policy/guard.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call, CallKind } from '#protocol/call.ts'
import type { CachedAnswer, CacheLook } from '#reuse/answer-cache.ts'
import { cacheMsOf } from '#reuse/lifetime.ts'
import type { Grant } from './admit.ts'
import { droverHeaders } from './head.ts'
import type { Journey } from './journey.ts'
import { elapsedMs } from './journey.ts'
import type { Labels } from './labels.ts'
import { targetName } from './leg.ts'

const header = 'x-drover-cache'
const cachedKinds: readonly CallKind[] = ['chat', 'completion', 'embedding', 'moderation', 'rerank']
/** Wishes of the API itself that may change an answer. */
const decidingHeaders: readonly string[] = ['openai-beta', 'anthropic-beta', 'anthropic-version', 'accept']
/** Of the head that is kept, what is said anew of the call that is answered now. */
const saidAnew = /^(?:x-drover-(?:attempts|cache|cost|upstream-request-id|warnings)|content-length)$/

export type CacheAsking = {
  readonly inbound: Inbound
  readonly call: Call
  readonly key: KeyFacts
  readonly labels: Labels
  readonly grant: Grant
  /** Guardrails that look at the reply: what is kept has passed these and no others. */
  readonly replyGuards: readonly Guard[]
}

/** How long the answer may be given again; `null` = it may not. Throws Problem for a header that is neither. */
const lifetimeOf = ({ inbound, key }: CacheAsking): number | null => {
  const asked = inbound.headers[header]?.trim().toLowerCase()
  if (asked === undefined || asked === '') return key.cacheMs
  if (asked === 'no') return null
  const lifetimeMs = cacheMsOf(asked)
  if (lifetimeMs !== null) return lifetimeMs
  throw new Problem('invalid_request_error', {
    message: `Header ${header} must be a duration from 1s to 24h, such as 5m, or no.`,
    param: header,
  })
}

/** The same whatever order a caller's members come in. */
const inOneOrder = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** The account first: nobody is ever given the answer of somebody else. Then all that decides an answer. */
const keyFor = ({ inbound, call, key, labels, grant, replyGuards }: CacheAsking): string => {
  const targets = grant.groups.map(({ model, targets }) => [model, targets.map(targetName)])
  const headers = decidingHeaders.map((name) => inbound.headers[name] ?? null)
  const guards = replyGuards.map(({ name, action, finds, patterns }) => [name, action, finds, patterns])
  const { account, test } = key
  const deciding = [account, test, call.protocol, call.endpoint, call.stream, labels.strict, headers, targets, guards]
  return createHash('sha256')
    .update(`${JSON.stringify([...deciding, call.model])}\n`)
    .update(JSON.stringify(call.body(), inOneOrder))
    .digest('hex')
}

/** Looks for an answer; `null` = none may be given or kept. Throws Problem; what the signal throws, when the caller leaves. */
export const lookInCache = async ({ ports, draft }: Journey, asking: CacheAsking): Promise<CacheLook | null> => {
  const { inbound, call, key } = asking
  const lifetimeMs = lifetimeOf(asking)
  if (lifetimeMs === null || call.payload.kind !== 'json' || !cachedKinds.includes(call.kind)) return null
  if (call.usageWish.cost || key.usageCost) {
    // The cost in a kept answer would be that of another call.
    draft.warnings = [...draft.warnings, `${header}:not used where usage.cost is asked for`]
    return null
  }
  const look = await ports.cache.look({ key: keyFor(asking), call: draft.id, lifetimeMs, signal: inbound.signal })
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
  draft.overheadMs = spentMs
  const kept = Object.entries(answer.head.headers).filter(([name]) => !saidAnew.test(name))
  outbound.head(answer.head.status, {
    ...securityHeaders,
    ...Object.fromEntries(kept),
    ...droverHeaders(draft, { elapsedMs: spentMs, limits: grant.headers }),
    age: String(Math.max(0, Math.floor((ports.clock.nowMs() - answer.keptMs) / 1_000))),
    'x-drover-original-request-id': answer.call,
    ...(draft.stream ? {} : { 'x-drover-cost': '0.00' }),
  })
  try {
    for (const piece of answer.pieces) {
      draft.responseBytes += piece.length
      await outbound.write(piece)
    }
    await outbound.end(Buffer.alloc(0))
    draft.end = 'complete'
  } catch (thrown) {
    if (!exchange.inbound.signal.aborted) throw thrown
    draft.end = 'left'
    outbound.cut()
  }
}
