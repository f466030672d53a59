/** What a caller sends within a session: passed on as it came, once what it can cost is held. */

import { Buffer } from 'node:buffer'
import { spliceTopLevel } from '#base/json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { countOf } from '#base/usage.ts'
import type { Message } from '#http/channel.ts'
import type { ClientEvent } from '#protocol/openai-realtime/client-event.ts'
import { readClientEvent } from '#protocol/openai-realtime/client-event.ts'
import { dearerFacts, sessionFacts } from '#protocol/openai-realtime/session-facts.ts'
import { rowFor } from './admit.ts'
import type { RealtimeCall } from './realtime-call.ts'
import { openRealtimeCall } from './realtime-call.ts'
import { guardEvent } from './realtime-guard.ts'
import type { SessionState } from './realtime-state.ts'
import { base64Bytes, noWishes, responseOrder, tellProblem } from './realtime-state.ts'
import { heardTokensMax } from './realtime-tally.ts'

/** What is said in one go, at most, is held for beforehand; and so much of it is transcribed in one go. */
const [turnSeconds, transcribedSecondsMax] = [120, 900]
/** Text of so much speech, in tokens. */
const transcriptTokensMax = 4_096
/** Decisions of guardrails that wait for the record of the next call. */
const warningsMax = 100
/** Responses that wait to be begun by the provider. */
const askedMax = 16
/** After a refused hold no sound is passed on for this long; it doubles up to the second figure. */
const [refusedWaitMs, refusedWaitMostMs] = [1_000, 30_000]

const pass = (state: SessionState, data: Buffer): Promise<void> => state.upstream.send({ data, binary: false })

/** A name that no caller's event has. */
const eventName = (state: SessionState): string =>
  `drover_${Buffer.from(state.room.ports.ids.bytes(9)).toString('hex')}`

const outputMaxIn = (wishes: JsonObject, state: SessionState): number | null => {
  const own = wishes['max_output_tokens'] ?? wishes['max_response_output_tokens']
  return own === undefined || own === null ? state.facts.outputMax : countOf(own)
}

/** Its own context, or none of the conversation's: then its usage says nothing of that. */
const isWholeOf = (wishes: JsonObject): boolean => wishes['input'] === undefined && wishes['conversation'] !== 'none'

const createResponse = async (state: SessionState, event: ClientEvent): Promise<void> => {
  if (state.facts.transcribesOnly)
    throw new Problem('invalid_request_error', {
      message: 'This session only transcribes: it has no responses. Open one with a model for those.',
      param: 'type',
    })
  if (state.asked.length >= askedMax)
    throw new Problem('rate_limit_exceeded', {
      message: `${askedMax} responses of this session wait to be begun already. Wait for "response.created".`,
    })
  const wishes = event.object('response')
  if (usesServers(wishes) || isObject(wishes['prompt'])) state.tally.addUnknown()
  const text = event.text('response') ?? noWishes
  const order = responseOrder(state, {
    wishes: Buffer.from(text),
    outputMax: outputMaxIn(wishes, state),
    // What it says itself is the input of this response alone.
    extraTokens: event.top.source.length,
  })
  const call = await openRealtimeCall(state.room, order)
  const eventId = event.eventId ?? eventName(state)
  const held = call.wishes ?? noWishes
  const isChanged = event.text('response') !== undefined || held.length > noWishes.length
  const set = {
    ...(event.eventId === null ? { event_id: JSON.stringify(eventId) } : {}),
    ...(isChanged ? { response: held.toString('utf8') } : {}),
  }
  state.asked.push({
    call,
    eventId,
    callerEventId: event.eventId,
    isWhole: isWholeOf(wishes),
    sinceMs: state.room.ports.clock.monotonicMs(),
  })
  await pass(state, spliceTopLevel(event.top, { set }))
}

const usesServers = ({ tools }: JsonObject): boolean =>
  Array.isArray(tools) && tools.some((tool) => isObject(tool) && tool['type'] === 'mcp')

/** Holds for what the provider may begin by itself once it hears this. @throws Problem of the refusal. */
const arm = async (state: SessionState): Promise<void> => {
  const { facts, room } = state
  if (facts.createsResponses && state.armed === null)
    state.armed = await openRealtimeCall(
      room,
      responseOrder(state, {
        wishes: null,
        outputMax: facts.outputMax,
        extraTokens: heardTokensMax(turnSeconds),
      }),
    )
  if (facts.transcriptionModel !== null && state.armedTranscription === null)
    state.armedTranscription = await openTranscription(state, facts.transcriptionModel)
}

const openTranscription = (state: SessionState, model: string): Promise<RealtimeCall> => {
  const requestBytes = state.model === '' ? state.requestBytes : 0
  if (state.model === '') state.requestBytes = 0
  return openRealtimeCall(state.room, {
    kind: 'transcription',
    model,
    wishes: null,
    inputTokensMax: heardTokensMax(transcribedSecondsMax),
    inputTokensLikely: heardTokensMax(turnSeconds),
    outputMax: transcriptTokensMax,
    sharesPlace: true,
    requestBytes,
    warnings: [],
    seconds: transcribedSecondsMax,
  })
}

const hearSound = async (state: SessionState, event: ClientEvent): Promise<void> => {
  const nowMs = state.room.ports.clock.monotonicMs()
  // What was said while nothing could be held is not heard: it would begin what nobody pays for.
  if (nowMs < state.refusedUntilMs) return
  try {
    await arm(state)
    state.refusedWaitMs = refusedWaitMs
  } catch (thrown) {
    state.refusedUntilMs = nowMs + state.refusedWaitMs
    state.refusedWaitMs = Math.min(refusedWaitMostMs, state.refusedWaitMs * 2)
    throw thrown
  }
  const sound = event.text('audio')
  const seconds = sound === undefined ? 0 : base64Bytes(sound.toString('latin1')) / state.facts.soundInBytes
  state.soundSeconds += seconds
  // Where the server finds speech, only that becomes input.
  if (!state.facts.detectsTurns || state.isSpeaking) state.tally.addSound(seconds)
  await pass(state, event.top.source)
}

/** The name that the provider knows a transcription's model by. @throws Problem `model_not_found`. */
const transcriberOf = async (state: SessionState, name: string): Promise<string> => {
  const { room } = state
  const key = await room.identifyNow()
  const row = rowFor(room.ports.snapshot(), key, name)
  const { provider } = room.target.leg.target
  return row.targets.find((target) => target.provider === provider)?.model ?? name
}

/** The settings with the models that they name under the provider's names. @throws Problem for those that may not be named. */
const settingsFor = async (state: SessionState, session: JsonObject): Promise<JsonObject> => {
  const changed: Record<string, Json | undefined> = { ...session }
  const { model } = session
  if (typeof model === 'string') {
    const { leg } = state.room.target
    if (model !== state.model && model !== leg.target.model)
      throw new Problem('invalid_request_error', {
        message: `This session was opened for '${state.model}', and a session keeps its model. Open another one for '${model.slice(0, 64)}'.`,
        param: 'session.model',
      })
    changed['model'] = leg.target.model
  }
  const beta = session['input_audio_transcription']
  if (isObject(beta) && typeof beta['model'] === 'string')
    changed['input_audio_transcription'] = { ...beta, model: await transcriberOf(state, beta['model']) }
  const input = objectAt(objectAt(session, 'audio'), 'input')
  const { transcription } = input
  if (isObject(transcription) && typeof transcription['model'] === 'string')
    changed['audio'] = {
      ...objectAt(session, 'audio'),
      input: {
        ...input,
        transcription: { ...transcription, model: await transcriberOf(state, transcription['model']) },
      },
    }
  return changed
}

const updateSession = async (state: SessionState, event: ClientEvent): Promise<void> => {
  const session = event.object('session')
  const settings = await settingsFor(state, session)
  state.facts = dearerFacts(state.facts, sessionFacts(state.facts, session))
  state.tally.addText(event.top.source.length)
  const isSame = JSON.stringify(settings) === JSON.stringify(session)
  await pass(
    state,
    isSame ? event.top.source : spliceTopLevel(event.top, { set: { session: JSON.stringify(settings) } }),
  )
}

/** Sound within an item, in characters of base64; other content whose size nobody can tell is noted. */
const soundIn = (state: SessionState, item: JsonObject): number => {
  const { content } = item
  if (!Array.isArray(content)) return 0
  let characters = 0
  for (const part of content.filter(isObject)) {
    if (part['type'] === 'input_image') state.tally.addUnknown()
    if (typeof part['audio'] === 'string') characters += part['audio'].length
  }
  return characters
}

const addItem = async (state: SessionState, event: ClientEvent): Promise<void> => {
  const characters = soundIn(state, event.object('item'))
  state.tally.addSound((characters * 3) / 4 / state.facts.soundInBytes)
  state.tally.addText(Math.max(0, event.top.source.length - characters))
  await pass(state, event.top.source)
}

const clearSound = async (state: SessionState, event: ClientEvent): Promise<void> => {
  if (!state.facts.detectsTurns) state.tally.dropSound(state.soundSeconds)
  state.soundSeconds = 0
  await pass(state, event.top.source)
}

const steps: Readonly<Record<string, (state: SessionState, event: ClientEvent) => Promise<void>>> = {
  'response.create': createResponse,
  'input_audio_buffer.append': hearSound,
  'input_audio_buffer.clear': clearSound,
  'session.update': updateSession,
  'transcription_session.update': updateSession,
  'conversation.item.create': addItem,
}

/** What may begin something that costs: refused while the session is about to end. */
const beginners: ReadonlySet<string> = new Set(['response.create', 'input_audio_buffer.append'])

/**
 * Carries out one message of the caller. What is refused is told in an `error` event and goes no further; gives the problem, where it
 * ends the session: a key that is not good any more.
 */
export const fromCaller = async (state: SessionState, message: Message): Promise<Problem | null> => {
  let eventId: string | null = null
  try {
    const said = readClientEvent(message)
    eventId = said.eventId
    const { event, warnings } = await guardEvent(state.room, state.model, said)
    state.warnings = [...state.warnings, ...warnings].slice(-warningsMax)
    state.requestBytes += message.data.length
    if (state.ending !== null && beginners.has(event.type)) throw state.ending
    const step = steps[event.type]
    await (step === undefined ? pass(state, event === said ? message.data : event.top.source) : step(state, event))
    return null
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (problem.code === 'internal_error')
      state.room.ports.log.error('an event of a session failed inside Drover', { error: problem.cause ?? problem })
    await tellProblem(state, problem, eventId)
    return problem.code === 'invalid_api_key' || problem.code === 'ip_not_allowed' ? problem : null
  }
}
