/** How the reply of a target is read: as it is where the target speaks the caller's format, else written in that as it comes. */

import type { Clock } from '#base/clock.ts'
import type { Problem, RawAnswer } from '#base/problem.ts'
import type { Asked } from '#http/inbound.ts'
import type { Guard } from '#policy/guard.ts'
import { makeDecisions } from '#policy/guard.ts'
import type { Call } from '#protocol/call.ts'
import type { Protocol, ReplyHead, ReplyReader } from '#protocol/protocol.ts'
import { embeddingReader } from '#protocol/translate-embedding.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { guardedReader } from './guard-reply.ts'
import type { Speech } from './speak.ts'

export type ReplyFace = {
  /** The head as it means something to the caller. */
  readonly headOf: (reply: ReplyHead) => ReplyHead
  readonly read: (reply: ReplyHead) => ReplyReader
  readonly readProblem: (raw: RawAnswer) => Problem
  /** What of the reply so far the caller's format could not say, and what guardrails did to it. */
  readonly losses: () => readonly string[]
}

export type Listener = {
  readonly call: Call
  /** The caller's. */
  readonly protocol: Protocol
  readonly asked: Asked
  readonly clock: Clock
  /** Guardrails that look at the reply. */
  readonly guards: readonly Guard[]
}

/** How the bytes of the target are read, by guardrails where some look. */
const makeReading = ({ protocol, call }: Speech, guards: readonly Guard[]) => {
  const decisions = makeDecisions()
  const read = (reply: ReplyHead, { isWritten }: { readonly isWritten: boolean }): ReplyReader => {
    if (guards.length === 0) return protocol.client.readReply(call, reply, isWritten ? { whole: true } : undefined)
    const reader = protocol.client.readReply(call, reply, { whole: true })
    return guardedReader(reader, { guards, decisions, splices: !isWritten })
  }
  return { read, decided: decisions.warnings }
}

/** Made once for each attempt. */
export const replyFace = (speech: Speech, { call, protocol, asked, clock, guards }: Listener): ReplyFace => {
  const { client } = speech.protocol
  const { read, decided } = makeReading(speech, guards)
  const { embedding } = speech
  const told = new Set<string>()
  if (embedding !== undefined)
    return {
      headOf: ({ status }) => ({ status, headers: { 'content-type': 'application/json' } }),
      read: (head) => {
        const context = { call, asked, nowMs: clock.nowMs() }
        const estimated = () => told.add('usage:estimated from the size of the texts, because the provider tells none')
        return embeddingReader({ from: protocol, to: speech.protocol, request: embedding, head, context, estimated })
      },
      readProblem: (raw) => client.readProblem({ ...raw, foreign: true }),
      losses: () => [...told],
    }
  const repeats = guards.length > 0 && speech.protocol.repeatsText === true
  if (speech.request === null && !repeats)
    return {
      headOf: (reply) => reply,
      read: (reply) => read(reply, { isWritten: false }),
      readProblem: client.readProblem,
      losses: decided,
    }
  // Where texts come again, what was taken out of a piece would stand there: the reply is written anew.
  const own = speech.request === null
  const customTools = new Set(
    (speech.request?.tools ?? []).flatMap((tool) => (tool.kind === 'custom' ? [tool.name] : [])),
  )
  const writer = protocol.server.writeReply({ call, asked, nowMs: clock.nowMs() })
  return {
    headOf: ({ status }) => ({ status, headers: { 'content-type': writer.contentType } }),
    read: (reply) =>
      translatedReader(read(reply, { isWritten: true }), writer, {
        stream: call.stream,
        customTools,
        own,
        ...(speech.toolNames === undefined ? {} : { toolNames: speech.toolNames }),
      }),
    readProblem: (raw) => client.readProblem(own ? raw : { ...raw, foreign: true }),
    losses: () => [...(writer.warnings?.() ?? []).map(({ field, reason }) => `${field}:${reason}`), ...decided()],
  }
}
