/** The path of one call, said once: read, admit, route, send, deliver, meter, settle. */

import type { CallRecord } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { asProblem, type Problem } from '#base/problem.ts'
import type { Exchange } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { Limiter } from '#policy/port.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { admit, type Grant, identify } from './admit.ts'
import { type Attempt, beginAttempt, CallerLeft, type UsageRefusals } from './attempt.ts'
import { bodyKeeper } from './body-keeper.ts'
import { type DeliverContext, deliver, wholeBytes } from './deliver.ts'
import { type Draft, draftOf, upstreamWaitMs } from './draft.ts'
import { firstReply, type Reply } from './first-reply.ts'
import { droverHeaders, replyHeaders } from './head.ts'
import { type Labels, labelsOf } from './labels.ts'
import { type CountTokens, meter } from './meter.ts'
import type { CallLog } from './port.ts'
import { routeOf } from './route.ts'
import { priceOf, settle, settleRefusal } from './settle.ts'
import type { Snapshot } from './snapshot.ts'

/** After this long a stream's head and held bytes go out, and moving on to another target ends. */
const commitAfterMs = 25_000

export type RelayPorts = {
  readonly snapshot: () => Snapshot
  readonly limiter: Limiter
  readonly callLog: CallLog
  /** Metrics and whoever else reads records; must not throw. */
  readonly observe: (record: CallRecord) => void
  readonly countTokens: CountTokens
  readonly refusesUsage: UsageRefusals
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
}

/** One call on its way: what every step may look at. */
type Journey = {
  readonly exchange: Exchange
  readonly protocol: Protocol
  readonly ports: RelayPorts
  readonly snapshot: Snapshot
  readonly draft: Draft
}

const elapsedMs = ({ exchange, ports }: Journey): number => ports.clock.monotonicMs() - exchange.inbound.arrivedMs

const sendHead = (journey: Journey, status: number, headers: Readonly<Record<string, string>>, grant: Grant | null): void => {
  const { draft, exchange } = journey
  draft.status = status
  draft.overheadMs = Math.max(0, elapsedMs(journey) - upstreamWaitMs(draft))
  const own = droverHeaders(draft, { elapsedMs: elapsedMs(journey), limits: grant?.headers ?? {} })
  exchange.outbound.head(status, { ...own, ...securityHeaders, ...headers })
}

/** Answers a refusal in the caller's protocol; a caller who has gone gets nothing. */
const refuse = async (journey: Journey, thrown: unknown, grant: Grant | null): Promise<void> => {
  const { draft, exchange, protocol, ports } = journey
  if (thrown instanceof CallerLeft || exchange.inbound.signal.aborted) {
    draft.end = 'left'
    draft.costNanoUsd = 0n
    exchange.outbound.cut()
    return
  }
  const problem = settleRefusal(draft, thrown)
  if (problem.code === 'internal_error') ports.log.error('a call failed inside Drover', { call: draft.id, error: problem.cause })
  const answer = protocol.server.writeProblem(problem, draft.id)
  sendHead(journey, answer.status, answer.headers, grant)
  draft.responseBytes = answer.body.length
  await exchange.outbound.end(answer.body)
}

const describe = (draft: Draft, call: Call, labels: Labels): void => {
  draft.stream = call.stream
  draft.model = call.model
  draft.requestBytes = call.inputBytes
  draft.tags = labels.tags
  draft.callSite = labels.callSite
  draft.session = labels.session
  draft.warnings = call.warnings.map(({ field, reason }) => `${field}:${reason}`)
}

/** The route's first reply; every attempt leaves its record and its warnings in the draft. */
const send = async (journey: Journey, call: Call, labels: Labels, grant: Grant): Promise<Reply> => {
  const { exchange, ports, draft, snapshot, protocol } = journey
  const { inbound } = exchange
  const row = grant.rows[0]
  const totalMs = Math.min(row?.route.timeouts.totalMs ?? 0, labels.clientDeadlineMs ?? Number.POSITIVE_INFINITY)
  const endsMs = inbound.arrivedMs + totalMs
  const warnings = draft.warnings
  return firstReply({
    legs: routeOf(grant.rows, ports.ids.chance),
    stream: call.stream,
    clock: ports.clock,
    chance: ports.ids.chance,
    signal: inbound.signal,
    commitAtMs: inbound.arrivedMs + commitAfterMs,
    endsMs,
    began: (attempt) => {
      draft.attempts.push(attempt.draft)
      draft.warnings = [...warnings, ...attempt.warnings]
    },
    begin: (leg) => {
      const upstream = snapshot.upstreams.get(leg.target.provider)
      return beginAttempt(leg, upstream, {
        call,
        protocol,
        clock: ports.clock,
        arrivedMs: inbound.arrivedMs,
        endsMs,
        strict: labels.strict,
        rules: upstream === undefined ? {} : snapshot.rulesOf(upstream.vendor.name, leg.target.model),
        refusesUsage: ports.refusesUsage,
        chance: ports.ids.chance,
        callerHeaders: inbound.headers,
      })
    },
  })
}

const usageIn = (reply: Reply): Extract<Part, { type: 'usage' }> | null => {
  for (const frame of reply.held.toReversed()) for (const part of frame.parts) if (part.type === 'usage') return part
  return null
}

/** Sends head and body; gives how it ended. */
const answer = async (journey: Journey, reply: Reply, context: DeliverContext, grant: Grant) => {
  const { attempt } = reply
  const { call } = context
  const head = attempt.head()
  const status = head?.status ?? 200
  if (!reply.ended || call.stream) {
    sendHead(journey, status, replyHeaders(head, { stream: call.stream, lengthBytes: null, costNanoUsd: null }), grant)
    return deliver(reply, context)
  }
  const usage = usageIn(reply)?.usage
  const charge = usage === undefined ? null : priceOf(attempt.leg.row, usage, journey.draft)
  const bytes = wholeBytes(reply, context)
  const costNanoUsd = charge?.costNanoUsd ?? null
  sendHead(journey, status, replyHeaders(head, { stream: false, lengthBytes: bytes.length, costNanoUsd }), grant)
  context.delivered(bytes)
  await context.outbound.end(bytes)
  return { end: 'complete', problem: null } as const
}

const carry = async (journey: Journey, call: Call, labels: Labels, grant: Grant): Promise<void> => {
  const { exchange, ports, draft, protocol, snapshot } = journey
  const reply = await send(journey, call, labels, grant)
  const { attempt } = reply
  const read = meter(ports.countTokens)
  const keeper = snapshot.keepBodies ? bodyKeeper(draft, call) : null
  const delivered = await answer(
    journey,
    reply,
    {
      call,
      protocol,
      outbound: exchange.outbound,
      meter: read,
      clock: ports.clock,
      requestId: draft.id,
      signal: exchange.inbound.signal,
      costNow: () => {
        const usage = read.reported()
        return usage === null ? null : (priceOf(attempt.leg.row, usage, draft)?.costNanoUsd ?? null)
      },
      delivered: (bytes) => {
        draft.responseBytes += bytes.length
        keeper?.keep(bytes)
      },
    },
    grant,
  )
  keeper?.finish()
  grant.used(await settle(draft, attempt, { call, meter: read, delivered }))
}

const keepRecord = async (journey: Journey): Promise<void> => {
  const { draft, ports } = journey
  draft.durationMs = elapsedMs(journey)
  const record: CallRecord = Object.freeze({ ...draft })
  ports.observe(record)
  // Without a key there is nobody whose call it is: counted in the metrics, not kept, so that strangers cannot fill the store.
  if (record.key === null) return
  try {
    await ports.callLog.append(record)
  } catch (thrown) {
    ports.log.error('a call record could not be kept', { call: record.id, problem: asProblem(thrown).code })
  }
}

/**
 * Relays one call of a protocol and ends its exchange, whatever happens. Resolves when its record is kept; never
 * rejects.
 */
export const relay = async (exchange: Exchange, protocol: Protocol, ports: RelayPorts): Promise<void> => {
  const { inbound } = exchange
  const draft = draftOf(inbound, protocol.name, ports.clock.nowMs())
  const journey: Journey = { exchange, protocol, ports, snapshot: ports.snapshot(), draft }
  let grant: Grant | null = null
  try {
    const key = identify(journey.snapshot, inbound, ports.clock.nowMs())
    draft.key = key.id
    draft.account = key.account
    draft.organisation = key.organisation
    draft.project = key.project
    draft.test = key.test
    const call = protocol.server.readCall(inbound)
    const labels = labelsOf(inbound)
    describe(draft, call, labels)
    grant = await admit({ snapshot: journey.snapshot, key, call, limiter: ports.limiter })
    await carry(journey, call, labels, grant)
  } catch (thrown) {
    await endBadly(journey, thrown, grant)
  } finally {
    await grant?.giveBack()
    await keepRecord(journey)
  }
}

const endBadly = async (journey: Journey, thrown: unknown, grant: Grant | null): Promise<void> => {
  const { exchange, ports, draft } = journey
  try {
    if (!exchange.outbound.headSent()) return await refuse(journey, thrown, grant)
    settleRefusal(draft, thrown)
    draft.end = 'cut'
    exchange.outbound.cut()
  } catch (second) {
    // The caller went while the refusal was being written; the record still says what the refusal was.
    ports.log.debug('a refusal could not be delivered', { call: draft.id, problem: asProblem(second).code })
    exchange.outbound.cut()
  }
}

export type { Attempt, Problem }
