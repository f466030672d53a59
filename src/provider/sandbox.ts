/**
 * The sandbox: a provider that lives in this process and answers as a server would, from the bytes of a request to the
 * bytes of a reply, so that every step of a call is the same as with a real one. It repeats what it is told.
 */

import { Buffer } from 'node:buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { channelPair } from '#http/channel-pair.ts'
import type { ChannelRequest, Dialled, Transport, UpstreamReply, UpstreamRequest } from '#http/transport.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { chatParts, completionParts } from './sandbox-chat.ts'
import { checkChat } from './sandbox-check.ts'
import { readDirectives } from './sandbox-directive.ts'
import { embeddingDocument } from './sandbox-embedding.ts'
import type { CountTokens, SandboxJob } from './sandbox-job.ts'
import { moderationDocument, rerankDocument } from './sandbox-judgement.ts'
import { answerShelf } from './sandbox-keeping.ts'
import { imageMedia, speechMedia, transcriptionMedia } from './sandbox-media.ts'
import { leadingText } from './sandbox-prompt.ts'
import { runRealtimeSandbox } from './sandbox-realtime.ts'
import { refusalOf } from './sandbox-refusal.ts'
import type { SandboxProtocols } from './sandbox-request.ts'
import { collect, inboundOf, protocolFor, seedOf } from './sandbox-request.ts'
import type { SandboxShelf } from './sandbox-shelf.ts'

/** Parts made before the event loop gets its turn: a reader that never waits would stop everything else. */
const partsPerTurn = 16

export type SandboxOptions = {
  readonly clock: Clock
  readonly countTokens: CountTokens
  readonly protocols: SandboxProtocols
  /** How many tokens a model takes in, by its name here; `null` = unknown. Absent: no input is too long. */
  readonly windowTokensOf?: (model: string) => number | null
  /** Where it keeps files and batches; absent: it keeps none. */
  readonly shelf?: SandboxShelf
}

type Answer = { readonly contentType: string; readonly pieces: AsyncIterable<Buffer> }

/** Marks a refusal as the sandbox's own, which the relay passes on as it is. */
const ownRefusal = (thrown: unknown): unknown =>
  thrown instanceof Problem && thrown.detail.facts?.['sandbox'] !== true
    ? new Problem(thrown.code, { ...thrown.detail, facts: { ...thrown.detail.facts, sandbox: true }, cause: thrown })
    : thrown

const broken = (): Problem =>
  new Problem('upstream_error', {
    message: 'The sandbox broke off its answer, as it was asked to.',
    facts: { fault: 'reset', sandbox: true },
  })

async function* bytesOf(texts: AsyncIterable<string | Buffer> | Iterable<string | Buffer>): AsyncGenerator<Buffer> {
  for await (const text of texts) yield Buffer.from(text)
}

const isContent = (part: Part): boolean =>
  part.type === 'text-delta' || part.type === 'reasoning-delta' || part.type === 'tool-input-delta'

/** Breaks off after so many pieces of content, and never later than the end of the content. */
async function* cutParts(parts: AsyncIterable<Part>, cutAfter: number): AsyncGenerator<Part> {
  let content = 0
  for await (const part of parts) {
    if (part.type === 'finish' || (isContent(part) && content === cutAfter)) throw broken()
    if (isContent(part)) content += 1
    yield part
  }
}

/** The first half of a document, and then nothing. */
async function* cutDocument(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const whole = await collect(pieces)
  yield whole.subarray(0, Math.floor(whole.length / 2))
  throw broken()
}

const streamsParts = ({ stream, kind }: Call): boolean => stream && (kind === 'chat' || kind === 'completion')

const written = (job: SandboxJob, protocol: Protocol): Answer => {
  const { call, nowMs, seed } = job
  const { cutAfter } = job.directives
  const parts = call.kind === 'chat' ? chatParts(job) : completionParts(job)
  const writer = protocol.server.writeReply({ call, asked: { id: seed.slice(0, 24), origin: '' }, nowMs })
  const said = streamsParts(call) && cutAfter !== undefined ? cutParts(parts, cutAfter) : parts
  async function* pieces(): AsyncGenerator<Buffer> {
    let seen = 0
    for await (const part of said) {
      const bytes = writer.write(part)
      if (bytes !== null) yield bytes
      seen += 1
      if (seen % partsPerTurn === 0) await nextTurn()
    }
    yield writer.end()
  }
  return { contentType: writer.contentType, pieces: pieces() }
}

const document = (json: AsyncIterable<string> | Iterable<string>): Answer => ({
  contentType: 'application/json',
  pieces: bytesOf(json),
})

const answerOf = async (job: SandboxJob, protocol: Protocol): Promise<Answer> => {
  switch (job.call.kind) {
    case 'chat':
    case 'completion':
      return written(job, protocol)
    case 'embedding':
      return document(embeddingDocument(job))
    case 'moderation':
      return document([JSON.stringify(moderationDocument(job))])
    case 'rerank':
      return document([JSON.stringify(await rerankDocument(job))])
    case 'image':
    case 'speech':
    case 'transcription': {
      const make = { image: imageMedia, speech: speechMedia, transcription: transcriptionMedia }[job.call.kind]
      const { contentType, pieces } = await make(job)
      return { contentType, pieces: bytesOf(pieces) }
    }
  }
}

/** Waits, unless the caller leaves or the time for headers is over first. */
const pause = (clock: Clock, delayMs: number, request: UpstreamRequest): Promise<void> => {
  const { signal, headersTimeoutMs } = request
  const isTooLong = delayMs > headersTimeoutMs
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      cancel()
      reject(signal.reason)
    }
    const cancel = clock.after(Math.min(delayMs, headersTimeoutMs), () => {
      signal.removeEventListener('abort', leave)
      if (!isTooLong) return resolve()
      const message = `The sandbox was asked to wait longer than the ${headersTimeoutMs} ms that there are for an answer to begin.`
      reject(new Problem('upstream_timeout', { message, facts: { deadline: 'headers', sandbox: true } }))
    })
    signal.addEventListener('abort', leave, { once: true })
  })
}

type Life = { readonly signal: AbortSignal; isDropped: boolean }

/** Gives a piece when it is asked for one, until the caller leaves. */
async function* alive(pieces: AsyncIterable<Buffer>, life: Life): AsyncGenerator<Buffer> {
  try {
    for await (const piece of pieces) {
      life.signal.throwIfAborted()
      if (life.isDropped) return
      yield piece
    }
    life.signal.throwIfAborted()
  } catch (thrown) {
    throw ownRefusal(thrown)
  }
}

/** The same pieces, the first of them made already: what is wrong with a request shows before the head is sent. */
const primed = async (pieces: AsyncGenerator<Buffer>): Promise<AsyncIterable<Buffer>> => {
  const first = await pieces.next()
  async function* all(): AsyncGenerator<Buffer> {
    if (first.done === true) return
    yield first.value
    yield* pieces
  }
  return all()
}

const replyWith = async (answer: Answer, job: SandboxJob, request: UpstreamRequest): Promise<UpstreamReply> => {
  const life: Life = { signal: request.signal, isDropped: false }
  const isCut = job.directives.cutAfter !== undefined && !streamsParts(job.call)
  return {
    status: 200,
    headers: { 'content-type': answer.contentType, 'x-request-id': `sandbox-${job.seed.slice(0, 24)}` },
    body: await primed(alive(isCut ? cutDocument(answer.pieces) : answer.pieces, life)),
    abort: () => {
      life.isDropped = true
    },
  }
}

const serve = async (request: UpstreamRequest, options: SandboxOptions): Promise<UpstreamReply> => {
  const { clock, countTokens, protocols, shelf } = options
  const again = (line: UpstreamRequest): Promise<UpstreamReply> => serve(line, options)
  const kept = shelf === undefined ? null : await answerShelf(request, { shelf, clock, protocols, serve: again })
  if (kept !== null) return kept
  const protocol = protocolFor(request, protocols)
  const call = protocol.server.readCall(await inboundOf(request, clock))
  const { directives, rest } = readDirectives(leadingText(call))
  if (directives.delayMs !== undefined) await pause(clock, directives.delayMs, request)
  if (directives.refuse !== undefined) throw refusalOf(directives.refuse, directives.retryAfterMs)
  if (call.kind === 'chat') checkChat(call)
  const job: SandboxJob = {
    call,
    directives,
    said: rest,
    seed: seedOf(call),
    nowMs: clock.nowMs(),
    windowTokens: options.windowTokensOf?.(call.model) ?? null,
    countTokens,
  }
  return replyWith(await answerOf(job, protocol), job, request)
}

const openRealtime = (request: ChannelRequest, { clock, countTokens }: SandboxOptions): Dialled => {
  const { url, headers } = request
  const [caller, own] = channelPair()
  runRealtimeSandbox({
    channel: own,
    model: url.searchParams.get('model') ?? '',
    beta: headers['openai-beta'] === 'realtime=v1',
    transcribes: url.searchParams.get('intent') === 'transcription',
    clock,
    countTokens,
  }).catch(() => own.close({ code: 1011, reason: 'The sandbox failed.' }))
  return { kind: 'open', channel: caller, headers: {} }
}

/**
 * The sandbox as a way to an upstream. Every refusal, asked for or not, is a Problem with `facts.sandbox`, to be passed on
 * as it is.
 */
export const sandboxTransport = (options: SandboxOptions): Transport => ({
  send: async (request) => {
    request.signal.throwIfAborted()
    try {
      return await serve(request, options)
    } catch (thrown) {
      throw ownRefusal(thrown)
    }
  },
  connect: async (request) => {
    request.signal.throwIfAborted()
    return openRealtime(request, options)
  },
  close: async () => undefined,
})
