/** What a session knows while it lasts, and the steps that both of its directions share. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Problem } from '#base/problem.ts'
import { usageOf } from '#base/usage.ts'
import type { Channel } from '#http/channel.ts'
import { errorEvent, messageOf } from '#protocol/openai-realtime/server-event.ts'
import type { SessionFacts } from '#protocol/openai-realtime/session-facts.ts'
import type { Ending, RealtimeCall, RealtimeOrder, RealtimeRoom } from './realtime-call.ts'
import type { GuardedWords } from './realtime-guard.ts'
import type { RealtimeTally, TallyMark } from './realtime-tally.ts'
import { saidTokens } from './sound-tokens.ts'

/** A response that the caller has asked for and the provider has not begun. */
export type AskedResponse = {
  readonly call: RealtimeCall
  /** Its name towards the provider, by which a refusal is known. */
  readonly eventId: string
  /** Its name towards the caller. */
  readonly callerEventId: string | null
  /** Its input is the whole conversation, so that its usage tells how large that is. */
  readonly isWhole: boolean
  readonly sinceMs: number
}

export type RunningResponse = {
  readonly call: RealtimeCall
  readonly isWhole: boolean
  readonly mark: TallyMark
  readonly likelyTokens: number
  readonly sinceMs: number
  /** Text that was delivered; past its bound only its length is counted. */
  readonly pieces: string[]
  characters: number
  soundBytes: number
  /** The provider has been told to stop. */
  isCancelled: boolean
}

export type RunningTranscription = { readonly call: RealtimeCall; readonly seconds: number; readonly sinceMs: number }

/** Text kept for counting, in characters, where a response breaks off. */
const countedCharactersMax = 262_144
/** Characters of English text to a token, for what is too large to count. */
const charactersPerToken = 4

export type SessionState = {
  readonly room: RealtimeRoom
  /** The model as the caller calls it; empty = the session only transcribes. */
  readonly model: string
  readonly caller: Channel
  readonly upstream: Channel
  readonly tally: RealtimeTally
  facts: SessionFacts
  readonly asked: AskedResponse[]
  /** Held for what the provider begins by itself: the next response, and the next transcription. */
  armed: RealtimeCall | null
  armedTranscription: RealtimeCall | null
  readonly running: Map<string, RunningResponse>
  readonly transcribing: Map<string, RunningTranscription>
  /** Calls that are being closed. */
  readonly closing: Set<Promise<void>>
  /** Seconds of sound since the last that was taken as input. */
  soundSeconds: number
  isSpeaking: boolean
  requestBytes: number
  /** What guardrails did to what the caller has said since the last call. */
  warnings: readonly string[]
  readonly words: GuardedWords
  /** Responses that guardrails keep from the caller. */
  readonly withheld: Set<string>
  /** Monotonic: when anything came from either side. */
  lastMs: number
  /** Sound is not passed on before this monotonic time: a hold was refused; and how long the next wait is. */
  refusedUntilMs: number
  refusedWaitMs: number
  /** Nothing new is begun: why. */
  ending: Problem | null
}

/** Sends an `error` event to the caller. */
export const tellProblem = (state: SessionState, problem: Problem, eventId: string | null = null): Promise<void> => {
  const { exchange, ports } = state.room
  const { id: inboundId, origin } = exchange.inbound
  const event = errorEvent(problem, { id: ports.ids.next('call'), origin, eventId })
  const error = event['error'] as JsonObject
  // A person finds the calls of a session by the id of its handshake.
  return state.caller.send(messageOf({ ...event, error: { ...error, session_request_id: inboundId } }))
}

/** Tells the provider something of Drover's own. */
export const tellProvider = (state: SessionState, event: JsonObject): Promise<void> =>
  state.upstream.send(messageOf(event))

/** Closes a call beside what goes on. */
export const closeLater = (state: SessionState, closing: Promise<void>): void => {
  const done = closing.finally(() => state.closing.delete(done))
  state.closing.add(done)
}

/** Takes down what was delivered, for a response that may break off. */
export const noteText = (running: RunningResponse, text: string): void => {
  running.characters += text.length
  if (running.characters <= countedCharactersMax) running.pieces.push(text)
}

/** What a response has come to as far as Drover can tell, where its provider tells nothing. */
export const estimateOf = async (state: SessionState, running: RunningResponse): Promise<Ending['usage']> => {
  const { pieces, characters, soundBytes, likelyTokens } = running
  const kept = pieces.join('')
  const uncounted = Math.ceil((characters - kept.length) / charactersPerToken)
  const text = (await state.room.ports.countTokens(kept)) + uncounted
  const audioOutput = saidTokens(soundBytes / state.facts.soundOutBytes)
  return usageOf({ input: likelyTokens, output: text + audioOutput, audioOutput, source: 'estimated' })
}

/** Bytes that a text of base64 stands for. */
export const base64Bytes = (text: string): number => Math.floor((text.length * 3) / 4)

export type ResponseWish = {
  /** `null` = the provider begins it unasked. */
  readonly wishes: Buffer | null
  readonly outputMax: number | null
  /** Input beyond what the session holds already, at most. */
  readonly extraTokens: number
}

/** The order of the next response. */
export const responseOrder = (state: SessionState, { wishes, outputMax, extraTokens }: ResponseWish): RealtimeOrder => {
  const { tally, model, running, requestBytes, warnings } = state
  state.requestBytes = 0
  state.warnings = []
  return {
    kind: 'chat',
    model,
    wishes,
    inputTokensMax: tally.most() + extraTokens,
    inputTokensLikely: tally.likely(),
    outputMax,
    sharesPlace: wishes === null && running.size > 0,
    requestBytes,
    warnings,
    seconds: 0,
  }
}

/** Empty JSON, for wishes that were not said. */
export const noWishes = Buffer.from('{}')
