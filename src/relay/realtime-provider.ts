/** What a provider sends within a session: passed on as it came, read along for the books. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { usageOf } from '#base/usage.ts'
import type { Message } from '#http/channel.ts'
import { messageOf, readServerEvent } from '#protocol/openai-realtime/server-event.ts'
import { sessionFacts } from '#protocol/openai-realtime/session-facts.ts'
import { readResponseUsage, readTranscriptionUsage } from '#protocol/openai-realtime/usage.ts'
import type { Ending, RealtimeCall } from './realtime-call.ts'
import { openRealtimeCall } from './realtime-call.ts'
import type { RunningResponse, SessionState } from './realtime-state.ts'
import {
  base64Bytes,
  closeLater,
  estimateOf,
  noteText,
  responseOrder,
  tellProblem,
  tellProvider,
} from './realtime-state.ts'

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Speech of which the server tells only when it has gone on for a while, with the padding before it. */
const noticedAfterSeconds = 1

const textDeltas: ReadonlySet<string> = new Set([
  'response.output_text.delta',
  'response.text.delta',
  'response.output_audio_transcript.delta',
  'response.audio_transcript.delta',
  'response.function_call_arguments.delta',
  'response.mcp_call_arguments.delta',
])
const soundDeltas: ReadonlySet<string> = new Set(['response.output_audio.delta', 'response.audio.delta'])

type Begun = { readonly call: RealtimeCall; readonly isWhole: boolean }

/** What was held for the response that begins: for the caller's wish, else for what the provider begins by itself. */
const takeHeld = (state: SessionState): Begun | null => {
  const asked = state.asked.shift()
  if (asked !== undefined) return asked
  const { armed } = state
  state.armed = null
  return armed === null ? null : { call: armed, isWhole: true }
}

/** A response that nothing was held for: held now, or stopped. */
const holdNow = async (state: SessionState, id: string): Promise<Begun | null> => {
  try {
    const order = responseOrder(state, { wishes: null, outputMax: state.facts.outputMax, extraTokens: 0 })
    return { call: await openRealtimeCall(state.room, order), isWhole: true }
  } catch (thrown) {
    await tellProvider(state, { type: 'response.cancel', response_id: id })
    await tellProblem(state, asProblem(thrown))
    return null
  }
}

const beginResponse = async (state: SessionState, event: JsonObject): Promise<void> => {
  const id = textOf(objectAt(event, 'response')['id'])
  if (id === null) return
  const begun = takeHeld(state) ?? (await holdNow(state, id))
  if (begun === null) return
  begun.call.begin()
  state.running.set(id, {
    ...begun,
    mark: state.tally.mark(),
    likelyTokens: state.tally.likely(),
    sinceMs: state.room.ports.clock.monotonicMs(),
    pieces: [],
    characters: 0,
    soundBytes: 0,
    isCancelled: false,
  })
}

const failureOf = (response: JsonObject): Problem => {
  const error = objectAt(objectAt(response, 'status_details'), 'error')
  const said = [error['type'], error['code'], error['message']].filter((one) => typeof one === 'string').join(' ')
  return new Problem('upstream_error', {
    message: `The provider says that the response failed${said === '' ? '' : `: ${said.slice(0, 200)}`}.`,
  })
}

const finishOf = (response: JsonObject): string => {
  const status = textOf(response['status']) ?? 'unknown'
  const reason = textOf(objectAt(response, 'status_details')['reason'])
  return reason === null || reason === status ? status : `${status}: ${reason.slice(0, 64)}`
}

const endingOf = async (state: SessionState, running: RunningResponse, response: JsonObject): Promise<Ending> => {
  const { usage: raw, status } = response
  const finishReason = finishOf(response)
  const problem = status === 'failed' ? failureOf(response) : null
  const end = problem === null ? 'complete' : 'cut'
  if (isObject(raw)) {
    const usage = readResponseUsage(raw)
    if (running.isWhole && response['conversation_id'] !== null) state.tally.told(running.mark, usage)
    return { end, usage, finishReason, problem }
  }
  const isEmpty = running.characters === 0 && running.soundBytes === 0
  return { end, usage: problem !== null && isEmpty ? null : await estimateOf(state, running), finishReason, problem }
}

const endResponse = (state: SessionState, event: JsonObject): void => {
  const response = objectAt(event, 'response')
  const id = textOf(response['id']) ?? ''
  const running = state.running.get(id)
  if (running === undefined) return
  state.running.delete(id)
  state.withheld.delete(id)
  const warnings = state.words.decided()
  closeLater(
    state,
    endingOf(state, running, response).then((ending) => running.call.end({ ...ending, warnings })),
  )
}

const noteDelta = (state: SessionState, type: string, event: JsonObject): void => {
  const running = state.running.get(textOf(event['response_id']) ?? '')
  const delta = event['delta']
  if (running === undefined || typeof delta !== 'string') return
  running.call.firstPart()
  if (soundDeltas.has(type)) running.soundBytes += base64Bytes(delta)
  else noteText(running, delta)
}

/** A response that the provider refused to begin. Gives the event with the caller's own name for what it asked, or none. */
const refuseAsked = (state: SessionState, event: JsonObject): JsonObject => {
  const error = objectAt(event, 'error')
  const at = state.asked.findIndex(({ eventId }) => eventId === error['event_id'])
  const [asked] = at === -1 ? [] : state.asked.splice(at, 1)
  if (asked === undefined) return event
  closeLater(state, asked.call.drop())
  return { ...event, error: { ...error, event_id: asked.callerEventId } }
}

/** Sound has become input: what follows is the next transcription's. */
const commitSound = (state: SessionState, event: JsonObject): void => {
  const seconds = state.soundSeconds
  state.soundSeconds = 0
  const call = state.armedTranscription
  const item = textOf(event['item_id'])
  if (call === null || item === null) return
  state.armedTranscription = null
  call.begin()
  state.transcribing.set(item, { call, seconds, sinceMs: state.room.ports.clock.monotonicMs() })
}

const endTranscription = (state: SessionState, event: JsonObject): void => {
  const item = textOf(event['item_id']) ?? ''
  const running = state.transcribing.get(item)
  if (running === undefined) return
  state.transcribing.delete(item)
  const { usage: raw } = event
  const usage = isObject(raw)
    ? readTranscriptionUsage(raw)
    : usageOf({ items: { seconds: Math.ceil(running.seconds) }, source: 'counted' })
  running.call.firstPart()
  closeLater(state, running.call.end({ end: 'complete', usage, finishReason: 'completed', problem: null }))
}

const failTranscription = (state: SessionState, event: JsonObject): void => {
  const item = textOf(event['item_id']) ?? ''
  const running = state.transcribing.get(item)
  if (running === undefined) return
  state.transcribing.delete(item)
  const said = textOf(objectAt(event, 'error')['message']) ?? 'no reason was given'
  const message = `The provider could not transcribe: ${said.slice(0, 200)}`
  const problem = new Problem('upstream_error', { message })
  closeLater(state, running.call.end({ end: 'cut', usage: null, finishReason: 'failed', problem }))
}

const learnSession = (state: SessionState, event: JsonObject): void => {
  state.facts = sessionFacts(state.facts, objectAt(event, 'session'))
}

type Step = (state: SessionState, event: JsonObject) => Promise<void> | void

const steps: Readonly<Record<string, Step>> = {
  'session.created': learnSession,
  'session.updated': learnSession,
  'transcription_session.created': learnSession,
  'transcription_session.updated': learnSession,
  'response.created': beginResponse,
  'response.done': endResponse,
  'input_audio_buffer.committed': commitSound,
  'input_audio_buffer.speech_started': (state) => {
    state.isSpeaking = true
    // What was said before the server noticed belongs to it.
    state.tally.addSound(noticedAfterSeconds)
  },
  'input_audio_buffer.speech_stopped': (state) => {
    state.isSpeaking = false
  },
  'conversation.item.input_audio_transcription.completed': endTranscription,
  'conversation.item.input_audio_transcription.failed': failTranscription,
}

/** Of a response that is kept from the caller only its end is told, without what it says. */
const withheldEnd = (event: JsonObject): readonly Message[] =>
  event['type'] === 'response.done'
    ? [messageOf({ ...event, response: { ...objectAt(event, 'response'), output: [] } })]
    : []

type Passing = { readonly id: string | null; readonly message: Message }

/** What of it guardrails let go to the caller now. What must not pass stops its response. */
const guarded = async (
  state: SessionState,
  event: JsonObject,
  { id, message }: Passing,
): Promise<readonly Message[]> => {
  if (id !== null && state.withheld.has(id)) return withheldEnd(event)
  try {
    return state.words.pass(event, message)
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (problem.code !== 'content_blocked') throw thrown
    await tellProblem(state, problem)
    for (const one of id === null ? state.running.keys() : [id]) {
      state.withheld.add(one)
      if (event['type'] !== 'response.done') await tellProvider(state, { type: 'response.cancel', response_id: one })
    }
    return withheldEnd(event)
  }
}

/** Reads one message of the provider along and passes it on. */
export const fromProvider = async (state: SessionState, message: Message): Promise<void> => {
  const event = readServerEvent(message)
  if (event === null) return state.caller.send(message)
  const type = String(event['type'])
  const id = textOf(event['response_id']) ?? textOf(objectAt(event, 'response')['id'])
  if (textDeltas.has(type) || soundDeltas.has(type)) noteDelta(state, type, event)
  const told = type === 'error' ? refuseAsked(state, event) : event
  if (type === 'response.created') await beginResponse(state, event)
  if (id !== null) state.running.get(id)?.call.delivered(message.data.length)
  for (const one of await guarded(state, told, { id, message: told === event ? message : messageOf(told) }))
    await state.caller.send(one)
  if (type !== 'response.created') await steps[type]?.(state, event)
}
