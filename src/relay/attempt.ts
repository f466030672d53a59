/** One try of one target: sends the call, reads the reply into frames, keeps the times. */

import assert from 'node:assert/strict'
import type { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { Digest } from '#base/digest.ts'
import { makeDigest } from '#base/digest.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Asked } from '#http/inbound.ts'
import type { UpstreamReply } from '#http/transport.ts'
import type { Guard } from '#policy/guard.ts'
import type { Call } from '#protocol/call.ts'
import type { Frame, Protocol, ReplyHead, ReplyReader } from '#protocol/protocol.ts'
import { wireShimsOf } from '#provider/provider-shims.ts'
import { replyShims } from '#provider/reply-shim.ts'
import type { WireShim } from '#provider/wire-shim.ts'
import { toldOf } from './digests.ts'
import type { AttemptDraft } from './draft.ts'
import { attemptDraft } from './draft.ts'
import { isRefusedBy, learnRefusal } from './history-refusal.ts'
import type { Leg, LegReason } from './leg.ts'
import { targetName } from './leg.ts'
import { mendedFace, watchedFace } from './mend.ts'
import { prepare } from './prepare.ts'
import type { Refusals } from './refusals.ts'
import type { ReplyFace } from './reply-face.ts'
import { replyFace } from './reply-face.ts'
import type { Routing } from './routing.ts'
import type { Snapshot, Upstream } from './snapshot.ts'
import type { Speech } from './speak.ts'
import { speakTo } from './speak.ts'
import type { CarriedFor } from './taken-back.ts'
import type { Vigil } from './vigil.ts'
import { keepVigil, keyName } from './vigil.ts'
import type { Watchdog } from './watchdog.ts'
import { timeoutProblem, watchdog } from './watchdog.ts'

/** Of an upstream's refusal no more than this is read. */
const refusalBytesMax = 1_048_576

export type Attempt = {
  readonly leg: Leg
  readonly draft: AttemptDraft
  readonly upstream: Upstream
  /** Place of the provider's credential that is sent; `null` = it has none. */
  readonly keyIndex: number | null
  readonly warnings: readonly string[]
  /** What of the reply so far could not be said in the caller's format. */
  readonly losses: ReplyFace['losses']
  /** Batches of frames, one per piece that arrived. Throws Problem. */
  readonly frames: AsyncIterator<readonly Frame[]>
  /** Both are `null` until the upstream's head has come. */
  readonly head: () => ReplyHead | null
  readonly reader: () => ReplyReader | null
  /** SHA-256 in hex of the body so far, decompressed, as the provider sent it; `null` = digests are not kept. */
  readonly digest: () => string | null
  /** Marks that the first part has come: from the next read on, silence counts as idle. */
  readonly firstPart: () => void
  /** Marks that nobody else will be asked: the target is not left for another one any more. */
  readonly committed: () => void
  /** Drops the upstream; no-op after its end. */
  readonly close: (reason: unknown) => void
}

/** Why and for how long a target is asked. */
export type Turn = {
  readonly reason: LegReason
  /** Monotonic time at which it is left for another target; `null` = there is none. */
  readonly shareEndsMs: number | null
}

export type AttemptContext = {
  readonly call: Call
  /** The caller's. */
  readonly protocol: Protocol
  readonly asked: Asked
  readonly clock: Clock
  /** Monotonic time of the call's arrival and of the end of its time. */
  readonly arrivedMs: number
  readonly endsMs: number
  /** By then a stream's first part must have come; infinity = no such time. */
  readonly firstPartByMs: number
  /** Whether the target is left at its share even when bytes come that are no first part: the client waits for no longer. */
  readonly isHurried: boolean
  readonly turn: Turn
  readonly routing: Routing
  readonly strict: boolean
  /** Nothing of the reply is repaired: the caller wants the provider's bytes. Absent: it may be. */
  readonly exact?: boolean
  /** What was kept of the calls of tools in its history. */
  readonly carried: CarriedFor
  readonly snapshot: Snapshot
  readonly refusals: Refusals
  readonly chance: () => number
  readonly callerHeaders: Readonly<Record<string, string>>
  /** Of this attempt's place in a trace; empty = it is in none. */
  readonly traceHeaders: Readonly<Record<string, string>>
  /** Guardrails that look at the reply. */
  readonly guards: readonly Guard[]
  /** Told of what a reply deviates in and nobody repairs; absent = nobody asks. */
  readonly deviates?: ((shim: WireShim) => void) | undefined
}

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

const cutOff = ({ provider }: Upstream): Problem =>
  new Problem('upstream_error', {
    message: `Provider "${provider.name}" ended its answer before it was complete.`,
    facts: { fault: 'cut' },
  })

type Preparing = { readonly context: AttemptContext; readonly upstream: Upstream; readonly vigil: Vigil }

/** Where a target is to take what it gets as it is, its replies are left as they are. */
const repairsOf = ({ leg, speech, upstream, context }: Reading): readonly WireShim[] =>
  context.exact === true || leg.target.params === 'strict' || speech.protocol.name !== 'openai-chat'
    ? []
    : wireShimsOf(upstream.provider, upstream.vendor)

type Reading = Preparing & { readonly leg: Leg; readonly speech: Speech }

/** How the reply is read; the names of the repairs that were needed go to `used`. */
const replyWith = (reading: Reading, used: string[]): ReplyFace => {
  const { speech, context } = reading
  const repairs = repairsOf(reading)
  const face = mendedFace(replyFace(speech, context), repairs, used)
  const { deviates } = context
  if (deviates === undefined || speech.protocol.name !== 'openai-chat') return face
  return watchedFace(face, { shims: replyShims.filter((shim) => !repairs.includes(shim)), tell: deviates })
}

/** What cannot be prepared was never sent: nothing is learnt of the target. */
const preparedFor = (leg: Leg, preparing: Preparing) => {
  const { context, upstream, vigil } = preparing
  try {
    const speech = speakTo({ ...context, leg, upstream })
    const prepared = prepare({
      ...context,
      speech,
      leg,
      upstream,
      rules: context.snapshot.rulesOf(upstream.vendor.name, leg.target.model),
      mayAskUsage: !context.refusals.has(targetName(leg.target)),
      isRefused: isRefusedBy(leg, context.refusals),
      credential: vigil.keyIndex === null ? null : (upstream.provider.credentials[vigil.keyIndex] ?? null),
    })
    const shims = [...prepared.shims]
    return {
      ...prepared,
      shims,
      speech,
      face: replyWith({ ...preparing, leg, speech }, shims),
    }
  } catch (thrown) {
    vigil.ended('void')
    throw thrown
  }
}

/** Leaves the target at its share of the time, or when a stream's first part is due; gives what forgets it. */
const leaveTimer = (
  watch: Watchdog,
  provider: string,
  { clock, turn, firstPartByMs }: AttemptContext,
): (() => void) => {
  const { shareEndsMs } = turn
  const isShare = shareEndsMs !== null && shareEndsMs < firstPartByMs
  const atMs = isShare ? shareEndsMs : firstPartByMs
  if (atMs === Number.POSITIVE_INFINITY) return () => {}
  const limitMs = Math.max(0, atMs - clock.monotonicMs())
  return clock.after(limitMs, () =>
    watch.abort(timeoutProblem(isShare ? 'share' : 'total', provider, Math.round(limitMs))),
  )
}

/** Everything of an attempt that there is before anything is sent. */
const setOut = (leg: Leg, context: AttemptContext) => {
  const { clock, call, snapshot } = context
  const upstream = upstreamOf(snapshot, leg)
  const { name } = upstream.provider
  const draft = attemptDraft(name, leg.target.model, clock.monotonicMs() - context.arrivedMs)
  const vigil = keepVigil(leg, {
    upstream,
    timing: call.stream ? 'stream' : 'whole',
    routing: context.routing,
    nowMs: clock.monotonicMs,
    chance: context.chance(),
  })
  const prepared = preparedFor(leg, { context, upstream, vigil })
  draft.reason = context.turn.reason
  draft.breaker = vigil.breaker
  draft.shims = prepared.shims
  draft.credential = vigil.keyIndex === null ? null : keyName(upstream, vigil.keyIndex)
  const watch = watchdog(clock, name, context.endsMs - clock.monotonicMs())
  const digest = snapshot.keepDigests ? makeDigest() : null
  return { digest, upstream, draft, vigil, prepared, watch, leaving: leaveTimer(watch, name, context) }
}

type Pieces = {
  /** Asked once, before anything is read. */
  readonly open: () => Promise<AsyncIterator<Buffer>>
  /** What a piece completes. */
  readonly framesIn: (reader: ReplyReader, chunk: Buffer) => readonly Frame[]
  /** Told when the next piece is waited for. */
  readonly armIdle: () => void
  /** There once `open` has resolved. */
  readonly reader: () => ReplyReader | null
}

const ended: IteratorResult<readonly Frame[], undefined> = { done: true, value: undefined }

/**
 * The reply in batches of frames, one for each piece that completes some. `over` is told once, with what was thrown or `null`, and gives what
 * is to be thrown in its place. By hand and not by a generator, which would wait three times for each piece of a stream.
 */
const batches = (
  { open, framesIn, armIdle, reader }: Pieces,
  over: (outcome: { readonly thrown: unknown } | null) => unknown,
): AsyncIterator<readonly Frame[], undefined> => {
  let pieces: AsyncIterator<Buffer> | null = null
  let isRead = false
  let isOver = false
  return {
    next: async () => {
      if (isOver) return ended
      try {
        if (pieces === null) pieces = await open()
        else if (!isRead) armIdle()
        const reading = reader()
        assert(reading !== null, 'an answer that is open has a reader')
        while (!isRead) {
          const step = await pieces.next()
          if (step.done === true) isRead = true
          const frames = step.done === true ? reading.end() : framesIn(reading, step.value)
          if (frames.length > 0) return { done: false, value: frames }
          if (!isRead) armIdle()
        }
      } catch (thrown) {
        isOver = true
        // What is left of an answer that cannot be read is dropped; that it could not be read is the truth, whatever comes of that.
        if (!isRead) await pieces?.return?.().catch((second: unknown) => asProblem(second))
        throw over({ thrown })
      }
      isOver = true
      over(null)
      return ended
    },
  }
}

type Refusing = { readonly leg: Leg; readonly context: AttemptContext } & Pick<
  ReturnType<typeof setOut>,
  'upstream' | 'prepared'
>

/** What an upstream's refusal says; one that was about asking for usage, or about a secret of the history, is remembered. */
const refusalOf = async (from: UpstreamReply, { leg, context, upstream, prepared }: Refusing): Promise<Problem> => {
  const body = await readBounded(from.body)
  from.abort()
  const raw = { status: from.status, headers: flatHeaders(from.headers), body }
  const problem = prepared.face.readProblem(raw)
  if (prepared.askedUsage && upstream.vendor.refusesStreamUsage(raw.status, bodyObject(body))) {
    context.refusals.add(targetName(leg.target))
    return new MendableRefusal(problem)
  }
  const { speech } = prepared
  const refused = { leg, speech, upstream, refusals: context.refusals, status: raw.status }
  const mayMend = !context.strict && leg.target.params !== 'strict'
  return mayMend && learnRefusal({ ...refused, text: new TextDecoder().decode(body) })
    ? new MendableRefusal(problem)
    : problem
}

/** A reply without its vendor's envelope; what is digested is what came in it. */
const unpacked = (
  sent: UpstreamReply,
  { upstream, prepared, digest }: Pick<Refusing, 'upstream' | 'prepared'> & { readonly digest: Digest | null },
): UpstreamReply => {
  const { unpack } = upstream.vendor
  if (sent.status >= 300 || unpack === undefined) return sent
  const told = digest === null ? sent : { ...sent, body: toldOf(sent.body, (piece) => digest.add(piece)) }
  return unpack(told, prepared.speech.protocol.name) ?? told
}

/** Begins an attempt. Nothing is sent before `frames` is read from. */
export const beginAttempt = (leg: Leg, context: AttemptContext): Attempt => {
  const { clock, call } = context
  const { digest, upstream, draft, vigil, prepared, watch, leaving } = setOut(leg, context)
  const { timeouts } = leg.row.route
  const sinceArrivalMs = (): number => clock.monotonicMs() - context.arrivedMs
  let head: ReplyHead | null = null
  let reader: ReplyReader | null = null
  let reply: UpstreamReply | null = null

  /** Sends, and gives the pieces of the answer. Throws the refusal of an upstream that refused. */
  const open = async (): Promise<AsyncIterator<Buffer>> => {
    // A reply that does not stream comes in one piece, after however long the model thinks: only `total` bounds it.
    if (call.stream) watch.arm('first_token', timeouts.firstTokenMs)
    const { request, sign } = prepared
    const headers = sign === null ? request.headers : await sign(clock)
    const sent = await upstream.transport.send({
      ...request,
      headers,
      signal: watch.signal,
      connectTimeoutMs: timeouts.connectMs,
      headersTimeoutMs: call.stream ? timeouts.headersMs : Number.POSITIVE_INFINITY,
    })
    reply = unpacked(sent, { upstream, prepared, digest })
    head = prepared.face.headOf(reply)
    draft.status = reply.status
    draft.headersMs = sinceArrivalMs()
    draft.upstreamRequestId = requestIdOf(upstream, reply)
    if (reply.status >= 300) throw await refusalOf(reply, { leg, context, upstream, prepared })
    reader = prepared.face.read(reply)
    return reply.body[Symbol.asyncIterator]()
  }
  const armIdle = (): void => {
    if (call.stream && draft.firstPartMs !== null) watch.arm('idle', timeouts.idleMs)
  }
  const framesIn = (reading: ReplyReader, chunk: Buffer): readonly Frame[] => {
    // An envelope is digested before it is opened.
    if (upstream.vendor.unpack === undefined) digest?.add(chunk, !call.stream)
    const frames = reading.read(chunk)
    // Who sends comments while it thinks is not silent.
    if (!context.isHurried) leaving()
    // While the caller takes what came, nobody waits for the upstream.
    if (draft.firstPartMs !== null) watch.rest()
    return frames
  }
  const frames = batches({ open, framesIn, armIdle, reader: () => reader }, (outcome) => {
    if (outcome === null) vigil.ended(reader?.complete() === true ? 'well' : cutOff(upstream))
    // An abort surfaces as whatever the transport makes of it; the reason that was given is the truth.
    const reason: unknown = outcome !== null && watch.signal.aborted ? watch.signal.reason : outcome?.thrown
    if (outcome !== null) vigil.ended(reason instanceof CallerLeft ? 'void' : asProblem(reason))
    draft.endMs ??= sinceArrivalMs()
    leaving()
    watch.stop()
    if (outcome === null || reason instanceof CallerLeft) return reason
    const problem = asProblem(reason)
    draft.error = problem.code
    return problem
  })

  return {
    leg,
    draft,
    upstream,
    keyIndex: vigil.keyIndex,
    warnings: prepared.warnings,
    losses: prepared.face.losses,
    frames,
    head: () => head,
    reader: () => reader,
    digest: () => digest?.hex() ?? null,
    firstPart: () => {
      if (draft.firstPartMs === null) vigil.firstPart(sinceArrivalMs() - draft.startMs)
      // A reply that comes whole has ended before it is looked at.
      draft.firstPartMs ??= Math.min(sinceArrivalMs(), draft.endMs ?? Number.POSITIVE_INFINITY)
      leaving()
      watch.rest()
    },
    committed: leaving,
    close: (reason) => {
      vigil.ended(reason instanceof Problem ? reason : 'void')
      leaving()
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

/** Another target gave its first part before this one did. */
export class HedgeLost extends CallerLeft {
  constructor() {
    super()
    this.name = 'HedgeLost'
    this.message = 'Another target was quicker.'
  }
}

/** The upstream's 400 was about something that the next try leaves out: the same target is asked once more. */
export class MendableRefusal extends Problem {
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
