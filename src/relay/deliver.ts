/** A committed reply to its caller: bytes as they came, with backpressure, read along; every way it can end is told apart. */

import { Buffer } from 'node:buffer'
import type { CallEnd } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Asked, Outbound } from '#http/inbound.ts'
import type { Call } from '#protocol/call.ts'
import type { Frame, Protocol } from '#protocol/protocol.ts'
import { CallerLeft } from './attempt.ts'
import type { Reply } from './first-reply.ts'
import { commits } from './first-reply.ts'
import type { Meter } from './meter.ts'

/** Silence towards a streaming caller after which a heartbeat goes out. */
const heartbeatAfterMs = 15_000
/** After a caller has left, a provider that bills anyway is read on for at most this long. */
const drainMsMax = 30_000

export type Delivered = {
  readonly end: CallEnd
  /** Why a reply was cut; `null` for the other ends. */
  readonly problem: Problem | null
  /** Ended by Drover before the provider was done: the money was at its end. */
  readonly short?: boolean
}

export type DeliverContext = {
  readonly call: Call
  readonly protocol: Protocol
  readonly outbound: Outbound
  readonly meter: Meter
  readonly clock: Clock
  readonly asked: Asked
  /** Nothing is added to what the provider sent, and nothing left out. */
  readonly exact: boolean
  readonly signal: AbortSignal
  /** The cost of a usage that just came, to be written into the reply; `null` = not asked for, or unpriced. */
  readonly costNow: () => bigint | null
  /** Told of every delivered piece. */
  readonly delivered: (bytes: Uint8Array) => void
  /** How many of these frames the money that is held covers; `null` = all that will come. */
  readonly ration: ((frames: readonly Frame[]) => Promise<number> | number) | null
  /** What ends the answer where the money does. */
  readonly shortEnd: () => Promise<Uint8Array>
  /** Takes the answer for those who ask for it again, also what comes after the caller has left; `null` = nobody will. */
  readonly keep: ((bytes: Uint8Array) => void) | null
  /** Told how long the next piece of a stream was waited for; what the caller was slow to take is not counted. */
  readonly gap: (gapMs: number) => void
}

/** The bytes of these frames that the caller is to see, in as few pieces as they came in. */
const bytesFor = (frames: readonly Frame[], context: DeliverContext): Buffer => {
  const { call, exact } = context
  const { usageWish } = call
  const pieces: Buffer[] = []
  for (const frame of frames) {
    for (const part of frame.parts) context.meter.see(part)
    if (exact) {
      pieces.push(frame.raw)
      continue
    }
    if (frame.role === 'usage-only' && !usageWish.inStream && !usageWish.cost) continue
    const carriesUsage = usageWish.cost && frame.parts.some((part) => part.type === 'usage')
    const cost = carriesUsage ? context.costNow() : null
    pieces.push(cost === null ? frame.raw : context.protocol.server.addCost(frame.raw, cost))
  }
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}

/** Whether what is delivered is events, into which something of ours may go; before the head it was promised to be. */
const isEvents = ({ attempt }: Reply): boolean => (attempt.reader()?.form ?? 'events') === 'events'

/** Writes a heartbeat into silences. `beat` says that something was just written. */
const heartbeats = (reply: Reply, context: DeliverContext): { beat: () => void; stop: () => void } => {
  const { clock, outbound, protocol } = context
  let lastMs = clock.monotonicMs()
  let stopped = false
  let cancel = (): void => {}
  const write = async (): Promise<void> => {
    try {
      await outbound.write(protocol.server.heartbeat)
    } catch (thrown) {
      // A caller who has gone is noticed by the next real write; a heartbeat has nobody to tell.
      asProblem(thrown)
    }
  }
  const look = (): void => {
    if (stopped) return
    const silentMs = clock.monotonicMs() - lastMs
    if (silentMs >= heartbeatAfterMs && isEvents(reply)) {
      lastMs = clock.monotonicMs()
      void write()
    }
    cancel = clock.after(Math.max(1, heartbeatAfterMs - (clock.monotonicMs() - lastMs)), look)
  }
  cancel = clock.after(heartbeatAfterMs, look)
  return {
    beat: () => {
      lastMs = clock.monotonicMs()
    },
    stop: () => {
      stopped = true
      cancel()
    },
  }
}

const none: readonly Frame[] = []
const over: IteratorResult<readonly Frame[], undefined> = { done: true, value: undefined }

const cutProblem = (reply: Reply): Problem =>
  new Problem('upstream_error', {
    message: `Provider "${reply.attempt.upstream.provider.name}" broke off its answer before it was complete. What came is delivered; repeat the call for a whole one.`,
  })

/** What came together with a piece of a stream was not waited for. */
const noteTogether = (frames: readonly Frame[], { call, gap }: DeliverContext): void => {
  if (!call.stream || frames.length < 2) return
  for (const _frame of frames.filter(commits).slice(1)) gap(0)
}

/** Read along for the books, and for whoever asks again. */
const see = (frames: readonly Frame[], context: DeliverContext): void => {
  const out = bytesFor(frames, context)
  context.keep?.(out)
}

/** Whether the upstream is dropped when the caller leaves: not where the answer is paid for anyway, or may be asked for again. */
const isDropped = ({ attempt }: Reply, { keep }: DeliverContext): boolean =>
  keep === null && attempt.upstream.vendor.leavePolicy === 'cancel'

/** Reads on after the caller has left, so that the books, or a repeat, know the whole answer. */
const drain = async (reply: Reply, context: DeliverContext): Promise<void> => {
  const { attempt } = reply
  if (isDropped(reply, context)) return attempt.close(new CallerLeft())
  try {
    for (let step = await attempt.frames.next(); step.done !== true; step = await attempt.frames.next())
      see(step.value, context)
  } catch (thrown) {
    // What was seen until here is what the books get; the end is `left` either way.
    attempt.draft.error ??= thrown instanceof Problem ? thrown.code : null
  } finally {
    attempt.close(new CallerLeft())
  }
}

/**
 * Passes on what comes until the upstream's end, or the money's; gives the problem that the upstream broke off with.
 * Throws CallerLeft, or what the write threw.
 */
const passOn = async (
  reply: Reply,
  context: DeliverContext,
  beat: () => void,
): Promise<Problem | 'money-ended' | null> => {
  const { attempt } = reply
  const { outbound, ration } = context
  const write = (frames: readonly Frame[]): Promise<void> | null => {
    const out = bytesFor(frames, context)
    if (out.length === 0) return null
    context.delivered(out)
    context.keep?.(out)
    beat()
    return outbound.write(out)
  }
  let { held: frames, pending } = reply
  reply.held = none
  if (isEvents(reply)) noteTogether(frames, context)
  reply.pending = null
  let step: IteratorResult<readonly Frame[], undefined> = over
  // Whatever is there at once is not waited for: for one event of a stream a wait costs more than all that is done with it.
  while (true) {
    const rationed = ration === null ? frames.length : ration(frames)
    const covered = typeof rationed === 'number' ? rationed : await rationed
    const isCovered = covered >= frames.length
    const taken = write(isCovered ? frames : frames.slice(0, covered))
    // What was written is not kept for as long as a caller takes over it.
    frames = none
    step = over
    if (taken !== null) await taken
    if (!isCovered) return 'money-ended'
    if (reply.ended) return null
    const readMs = context.clock.monotonicMs()
    try {
      step = await (pending ?? attempt.frames.next())
    } catch (thrown) {
      if (thrown instanceof CallerLeft) throw thrown
      return asProblem(thrown)
    }
    pending = null
    if (step.done === true) return null
    if (!isEvents(reply) || step.value.some(commits)) {
      if (context.call.stream && attempt.draft.firstPartMs !== null) context.gap(context.clock.monotonicMs() - readMs)
      attempt.firstPart()
    }
    if (isEvents(reply)) noteTogether(step.value, context)
    if (context.signal.aborted) {
      see(step.value, context)
      throw new CallerLeft()
    }
    frames = step.value
  }
}

/** Ends a stream properly before its provider does. */
const endShort = async ({ attempt }: Reply, context: DeliverContext): Promise<Delivered> => {
  attempt.close(new Error('What is held covers no more of this answer.'))
  const end = await context.shortEnd()
  context.delivered(end)
  context.keep?.(end)
  await context.outbound.end(end)
  return { end: 'complete', problem: null, short: true }
}

/** Ends a stream as cut: the in-band error event, then a connection that no client can take for a complete answer. */
const cut = async (reply: Reply, problem: Problem, context: DeliverContext): Promise<void> => {
  const { outbound, protocol, call, asked, exact } = context
  if (!exact && call.stream && isEvents(reply))
    await outbound.write(protocol.server.writeStreamProblem(problem, asked, call))
  outbound.cut()
}

const finish = async (reply: Reply, broken: Problem | null, context: DeliverContext): Promise<Delivered> => {
  const told = context.meter.error()
  const whole = reply.attempt.reader()?.complete() === true
  if (broken === null && told === null && whole) {
    await context.outbound.end()
    return { end: 'complete', problem: null }
  }
  const problem = broken ?? told ?? cutProblem(reply)
  reply.attempt.draft.error ??= problem.code
  reply.attempt.close(problem)
  // The provider's own error event has been passed on as it came: a second one would say it twice.
  if (told === null) await cut(reply, problem, context)
  else context.outbound.cut()
  return { end: 'cut', problem }
}

/** A reply that is held whole, as the bytes that the caller is to see. */
export const wholeBytes = (reply: Reply, context: DeliverContext): Buffer => bytesFor(reply.held, context)

/** Delivers a reply that is held whole, and whose head has been sent. Never throws for what the caller does: the end says it. */
export const deliverWhole = async (bytes: Buffer, context: DeliverContext): Promise<Delivered> => {
  context.delivered(bytes)
  context.keep?.(bytes)
  try {
    await context.outbound.end(bytes)
    return { end: 'complete', problem: null }
  } catch (thrown) {
    context.outbound.cut()
    return context.signal.aborted ? { end: 'left', problem: null } : { end: 'cut', problem: asProblem(thrown) }
  }
}

/** Delivers a reply whose head has been sent. Never throws for what upstream or caller do: the end says it. */
export const deliver = async (reply: Reply, context: DeliverContext): Promise<Delivered> => {
  const { attempt } = reply
  const beats = context.call.stream && !context.exact ? heartbeats(reply, context) : null
  let forgetDrain = (): void => {}
  const leave = (): void => {
    const close = (): void => attempt.close(new CallerLeft())
    if (isDropped(reply, context)) close()
    else forgetDrain = context.clock.after(drainMsMax, close)
  }
  context.signal.addEventListener('abort', leave, { once: true })
  try {
    const broken = await passOn(reply, context, () => beats?.beat())
    return await (broken === 'money-ended' ? endShort(reply, context) : finish(reply, broken, context))
  } catch (thrown) {
    if (!context.signal.aborted && !(thrown instanceof CallerLeft)) {
      const problem = asProblem(thrown)
      attempt.close(problem)
      context.outbound.cut()
      return { end: 'cut', problem }
    }
    await drain(reply, context)
    return { end: 'left', problem: null }
  } finally {
    beats?.stop()
    forgetDrain()
    context.signal.removeEventListener('abort', leave)
  }
}
