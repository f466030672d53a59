/** One try of one target: sends the call, reads the reply into frames, keeps the times. */

import assert from 'node:assert/strict'
import type { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { UpstreamReply } from '#http/transport.ts'
import type { Call } from '#protocol/call.ts'
import type { Frame, Protocol, ReplyHead, ReplyReader } from '#protocol/protocol.ts'
import type { AttemptDraft } from './draft.ts'
import { attemptDraft } from './draft.ts'
import { prepare } from './prepare.ts'
import type { Leg } from './route.ts'
import type { Snapshot, Upstream } from './snapshot.ts'
import { watchdog } from './watchdog.ts'

/** Of an upstream's refusal no more than this is read. */
const refusalBytesMax = 1_048_576

export type Attempt = {
  readonly leg: Leg
  readonly draft: AttemptDraft
  readonly upstream: Upstream
  readonly warnings: readonly string[]
  /** Batches of frames, one per piece that arrived. Throws Problem. */
  readonly frames: AsyncIterator<readonly Frame[]>
  /** Both are `null` until the upstream's head has come. */
  readonly head: () => ReplyHead | null
  readonly reader: () => ReplyReader | null
  /** Marks that the first part has come: from the next read on, silence counts as idle. */
  readonly firstPart: () => void
  /** Drops the upstream; no-op after its end. */
  readonly close: (reason: unknown) => void
}

export type AttemptContext = {
  readonly call: Call
  readonly protocol: Protocol
  readonly clock: Clock
  /** Monotonic time of the call's arrival and of the end of its time. */
  readonly arrivedMs: number
  readonly endsMs: number
  readonly strict: boolean
  readonly snapshot: Snapshot
  readonly refusesUsage: UsageRefusals
  readonly chance: () => number
  readonly callerHeaders: Readonly<Record<string, string>>
  /** Of this attempt's place in a trace; empty = it is in none. */
  readonly traceHeaders: Readonly<Record<string, string>>
}

/** Which targets have refused to be asked for stream usage: remembered for as long as the process lives. */
export type UsageRefusals = { readonly has: (target: string) => boolean; readonly add: (target: string) => void }

/** The name under which a refusal to be asked for usage is remembered. */
export const usageTarget = (leg: Leg): string => `${leg.target.provider}/${leg.target.model}`

const readBounded = async (body: AsyncIterable<Buffer>): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes > refusalBytesMax) break
  }
  const whole = new Uint8Array(Math.min(sizeBytes, refusalBytesMax))
  let at = 0
  for (const chunk of chunks) {
    const piece = chunk.subarray(0, whole.length - at)
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const flatHeaders = (headers: ReplyHead['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]),
  )

/** The upstream's own id of the request, under the first of the vendor's headers that is there. */
const requestIdOf = (upstream: Upstream, head: ReplyHead): string | null => {
  for (const name of upstream.vendor.requestIdHeaders) {
    const value = head.headers[name]
    if (value !== undefined) return (typeof value === 'string' ? value : (value[0] ?? '')).slice(0, 256)
  }
  return null
}

const upstreamOf = (snapshot: Snapshot, leg: Leg): Upstream => {
  const upstream = snapshot.upstreams.get(leg.target.provider)
  assert(upstream !== undefined, 'a route has only targets whose provider the snapshot knows')
  return upstream
}

/** Begins an attempt. Nothing is sent before `frames` is read from. */
export const beginAttempt = (leg: Leg, context: AttemptContext): Attempt => {
  const { clock, protocol, call, snapshot } = context
  const upstream = upstreamOf(snapshot, leg)
  const { timeouts } = leg.row.route
  const sinceArrivalMs = (): number => clock.monotonicMs() - context.arrivedMs
  const draft = attemptDraft(upstream.provider.name, leg.target.model, sinceArrivalMs())
  const prepared = prepare({
    ...context,
    leg,
    upstream,
    rules: snapshot.rulesOf(upstream.vendor.name, leg.target.model),
    mayAskUsage: !context.refusesUsage.has(usageTarget(leg)),
    chance: context.chance(),
  })
  draft.shims = prepared.shims
  const watch = watchdog(clock, upstream.provider.name, context.endsMs - clock.monotonicMs())
  let head: ReplyHead | null = null
  let reader: ReplyReader | null = null
  let reply: UpstreamReply | null = null

  const refusal = async (from: UpstreamReply): Promise<Problem> => {
    const body = await readBounded(from.body)
    from.abort()
    const raw = { status: from.status, headers: flatHeaders(from.headers), body }
    const problem = protocol.client.readProblem(raw)
    if (prepared.askedUsage && upstream.vendor.refusesStreamUsage(raw.status, bodyObject(body))) {
      context.refusesUsage.add(usageTarget(leg))
      return new StreamUsageRefused(problem)
    }
    return problem
  }

  async function* read(): AsyncGenerator<readonly Frame[]> {
    try {
      // A reply that does not stream comes in one piece, after however long the model thinks: only `total` bounds it.
      if (call.stream) watch.arm('first_token', timeouts.firstTokenMs)
      reply = await upstream.transport.send({
        ...prepared.request,
        signal: watch.signal,
        connectTimeoutMs: timeouts.connectMs,
        headersTimeoutMs: call.stream ? timeouts.headersMs : timeouts.totalMs,
      })
      head = reply
      draft.status = reply.status
      draft.headersMs = sinceArrivalMs()
      draft.upstreamRequestId = requestIdOf(upstream, reply)
      if (reply.status >= 300) throw await refusal(reply)
      reader = protocol.client.readReply(call, reply)
      for await (const chunk of reply.body) {
        const frames = reader.read(chunk)
        // While the caller takes what came, nobody waits for the upstream.
        if (draft.firstPartMs !== null) watch.rest()
        if (frames.length > 0) yield frames
        if (call.stream && draft.firstPartMs !== null) watch.arm('idle', timeouts.idleMs)
      }
      const last = reader.end()
      if (last.length > 0) yield last
    } catch (thrown) {
      // An abort surfaces as whatever the transport makes of it; the reason that was given is the truth.
      const reason: unknown = watch.signal.aborted ? watch.signal.reason : thrown
      if (reason instanceof CallerLeft) throw reason
      const problem = asProblem(reason)
      draft.error = problem.code
      throw problem
    } finally {
      draft.endMs ??= sinceArrivalMs()
      watch.stop()
    }
  }

  return {
    leg,
    draft,
    upstream,
    warnings: prepared.warnings,
    frames: read(),
    head: () => head,
    reader: () => reader,
    firstPart: () => {
      draft.firstPartMs ??= sinceArrivalMs()
      watch.rest()
    },
    close: (reason) => {
      watch.abort(reason)
      reply?.abort()
      // Nobody may read on, and then nothing else ends the attempt.
      draft.endMs ??= sinceArrivalMs()
      watch.stop()
    },
  }
}

/** The caller has closed its connection: nobody's fault, and nothing to answer. */
export class CallerLeft extends Error {
  constructor() {
    super('The caller closed the connection before the answer was complete.')
    this.name = 'CallerLeft'
  }
}

/** The upstream's 400 was about `stream_options`: the same target is tried once more without asking. */
export class StreamUsageRefused extends Problem {
  constructor(problem: Problem) {
    super(problem.code, problem.detail)
  }
}

const bodyObject = (bytes: Uint8Array): Record<string, never> | null => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, never>)
      : null
  } catch {
    // Not JSON: then it names no field either.
    return null
  }
}
