/** What a session is set to, as far as its price depends on it: read from both forms of it, the present one and the beta's. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'

export type SessionFacts = {
  /** It only writes down what is said: there are no responses. */
  readonly transcribesOnly: boolean
  /** The end of speech begins a response unasked. */
  readonly createsResponses: boolean
  /** The server finds the beginnings and ends of speech. */
  readonly detectsTurns: boolean
  /** What writes down what is said, billed by a price of its own; `null` = nothing does. */
  readonly transcriptionModel: string | null
  /** Tokens; `null` = as many as the model can. */
  readonly outputMax: number | null
  /** Content that the caller does not send itself: stored prompts, tools of servers. */
  readonly hasHidden: boolean
  /** Bytes of a second of sound. */
  readonly soundInBytes: number
  readonly soundOutBytes: number
}

/** 24 kHz, 16 bits, one channel (OpenAPI document of OpenAI, RealtimeAudioFormats); G.711 has 8,000 bytes of a second. */
const [pcmBytes, telephoneBytes] = [48_000, 8_000]

/** Before the provider has told anything: as its sessions begin. */
export const firstFacts: SessionFacts = Object.freeze({
  transcribesOnly: false,
  createsResponses: true,
  detectsTurns: true,
  transcriptionModel: null,
  outputMax: null,
  hasHidden: false,
  soundInBytes: pcmBytes,
  soundOutBytes: pcmBytes,
})

const soundBytes = (format: Json | undefined, before: number): number => {
  if (format === undefined || format === null) return before
  const name = isObject(format) ? format['type'] : format
  if (typeof name === 'string' && /ulaw|alaw|pcmu|pcma/.test(name)) return telephoneBytes
  const rate = isObject(format) ? countOf(format['rate']) : null
  return rate === null || rate === 0 ? pcmBytes : rate * 2
}

const outputMaxOf = (session: JsonObject, before: number | null): number | null => {
  const value = session['max_output_tokens'] ?? session['max_response_output_tokens']
  if (value === undefined || value === null) return before
  return countOf(value)
}

const usesServers = (tools: Json | undefined): boolean =>
  Array.isArray(tools) && tools.some((tool) => isObject(tool) && tool['type'] === 'mcp')

const hiddenIn = (session: JsonObject): boolean => isObject(session['prompt'] ?? null) || usesServers(session['tools'])

/** The member of the first object that has it at all, also where it is `null`. */
const told = (objects: readonly JsonObject[], name: string): Json | undefined =>
  objects.find((one) => one[name] !== undefined)?.[name]

/** What these settings make of the facts before; a setting that is left out stays. */
export const sessionFacts = (before: SessionFacts, session: JsonObject): SessionFacts => {
  const audio = objectAt(session, 'audio')
  const input = objectAt(audio, 'input')
  const detection = told([input, session], 'turn_detection')
  const transcription = input['transcription'] ?? session['input_audio_transcription']
  const isNamed = input['transcription'] !== undefined || session['input_audio_transcription'] !== undefined
  const transcribesOnly = session['type'] === undefined ? before.transcribesOnly : session['type'] === 'transcription'
  const model = isObject(transcription ?? null) ? (transcription as JsonObject)['model'] : null
  const detects = detection === undefined ? before.detectsTurns : detection !== null
  const creates =
    detection === undefined
      ? before.createsResponses
      : isObject(detection) && (detection['create_response'] ?? true) !== false
  return {
    transcribesOnly,
    detectsTurns: detects,
    createsResponses: creates && !transcribesOnly,
    transcriptionModel: isNamed ? (typeof model === 'string' ? model : null) : before.transcriptionModel,
    outputMax: outputMaxOf(session, before.outputMax),
    hasHidden: before.hasHidden || hiddenIn(session),
    soundInBytes: soundBytes(input['format'] ?? session['input_audio_format'], before.soundInBytes),
    soundOutBytes: soundBytes(
      objectAt(audio, 'output')['format'] ?? session['output_audio_format'],
      before.soundOutBytes,
    ),
  }
}

/**
 * The dearer of both, point by point: what a caller has asked for counts from the moment that it asked, and what it has given up until
 * the provider says so.
 */
export const dearerFacts = (one: SessionFacts, other: SessionFacts): SessionFacts => ({
  transcribesOnly: one.transcribesOnly && other.transcribesOnly,
  createsResponses: one.createsResponses || other.createsResponses,
  detectsTurns: other.detectsTurns,
  transcriptionModel: other.transcriptionModel ?? one.transcriptionModel,
  outputMax: one.outputMax === null || other.outputMax === null ? null : Math.max(one.outputMax, other.outputMax),
  hasHidden: one.hasHidden || other.hasHidden,
  soundInBytes: Math.min(one.soundInBytes, other.soundInBytes),
  soundOutBytes: Math.min(one.soundOutBytes, other.soundOutBytes),
})
