/** What guardrails do within a session: a caller's events are looked at as requests are, a provider's words as answers. Sound passes. */

import { Buffer } from 'node:buffer'
import type { JsonLeaf } from '#base/json-leaves.ts'
import { replaceLeaves } from '#base/json-leaves.ts'
import type { JsonObject } from '#base/json-type.ts'
import { objectAt } from '#base/json-type.ts'
import type { Message } from '#http/channel.ts'
import type { Decisions, Guard } from '#policy/guard.ts'
import { guardsFor, guardText, looksAtText, makeDecisions } from '#policy/guard.ts'
import type { GatedPiece, TextGate } from '#policy/guard-gate.ts'
import { textGate } from '#policy/guard-gate.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import { textBytes } from '#protocol/openai/text-bytes.ts'
import type { ClientEvent } from '#protocol/openai-realtime/client-event.ts'
import { readClientEvent } from '#protocol/openai-realtime/client-event.ts'
import { messageOf } from '#protocol/openai-realtime/server-event.ts'
import { draftOf } from './draft.ts'
import { saysWords } from './guard-leaves.ts'
import { checkShapes, guardRequest } from './guard-request.ts'
import { snapshotFor } from './own-credential.ts'
import type { RealtimeRoom } from './realtime-call.ts'
import type { Snapshot } from './snapshot.ts'

/** Events of a caller that say no words: sound, and what is about sound and turns. */
const wordless: ReadonlySet<string> = new Set([
  'input_audio_buffer.append',
  'input_audio_buffer.commit',
  'input_audio_buffer.clear',
  'output_audio_buffer.clear',
  'conversation.item.truncate',
  'conversation.item.delete',
  'conversation.item.retrieve',
  'response.cancel',
])

/** Members of what an event asks for that are none of its parameters. */
const namingMembers: ReadonlySet<string> = new Set(['type', 'object', 'id'])

const guardsIn = (snapshot: Snapshot, key: KeyFacts, model: string): readonly Guard[] =>
  snapshot.guards.length === 0
    ? []
    : guardsFor(snapshot.guards, { key, plan: snapshot.accounts.get(key.account)?.plan ?? null, models: [model] })

const parametersOf = (event: ClientEvent): JsonObject => {
  const asked = { ...event.object('session'), ...event.object('response') }
  return Object.fromEntries(Object.entries(asked).filter(([name]) => !namingMembers.has(name)))
}

const callOf = (id: string, model: string, event: ClientEvent): Call => ({
  ...{ id, protocol: 'openai-realtime', endpoint: 'realtime', kind: 'chat', model, models: [], stream: true },
  ...{
    outputMax: null,
    choices: 1,
    payload: { kind: 'json', top: event.top },
    inputBytes: textBytes(event.top.source),
  },
  ...{ usageWish: { inStream: false, cost: false }, body: () => parametersOf(event), warnings: [] },
})

const nothingSaid = readClientEvent({ data: Buffer.from('{"type":"session.open"}'), binary: false })

/** Whether a session with this model may be opened at all: one in which nobody writes has no event that would be looked at. @throws Problem `content_blocked`. */
export const guardOpening = (snapshot: Snapshot, key: KeyFacts, model: string): void => {
  const guards = guardsIn(snapshot, key, model).filter(({ sides }) => sides.includes('request'))
  checkShapes(callOf('', model, nothingSaid), { guards, decisions: makeDecisions() })
}

export type GuardedEvent = { readonly event: ClientEvent; readonly warnings: readonly string[] }

/** The event as guardrails let it pass, and what they did. @throws Problem `content_blocked`, and of a key that is not good any more. */
export const guardEvent = async (room: RealtimeRoom, model: string, event: ClientEvent): Promise<GuardedEvent> => {
  const { ports, exchange } = room
  if (ports.snapshot().guards.length === 0 || wordless.has(event.type)) return { event, warnings: [] }
  const key = await room.identifyNow()
  const { id, account, organisation, project, member, test } = key
  const call = callOf(ports.ids.next('call'), model, event)
  const draft = draftOf({ ...exchange.inbound, id: call.id }, 'openai-realtime', ports.clock.nowMs())
  Object.assign(draft, { key: id, account, organisation, project, member, test })
  const { askHook } = ports
  const { call: changed } = await guardRequest({
    snapshot: snapshotFor(ports.snapshot(), key),
    key,
    call,
    draft,
    askHook,
  })
  if (changed === call || changed.payload.kind !== 'json') return { event, warnings: draft.warnings }
  return { event: readClientEvent({ data: changed.payload.top.source, binary: false }), warnings: draft.warnings }
}

/** Events that carry a piece of a text, in `delta`; what is heard is told in such pieces too. */
const pieces =
  /^(?:response\.(?:output_text|text|output_audio_transcript|audio_transcript|function_call_arguments|mcp_call_arguments)|conversation\.item\.input_audio_transcription)\.delta$/
/** Events that have no words, and come between those that do. */
const between =
  /^(?:response\.(?:output_audio|audio)\.(?:delta|done)|input_audio_buffer\.|output_audio_buffer\.|rate_limits\.)/
/** Texts that wait to be decided at once, and pieces of one; beyond that everything is decided as it stands. */
const [streamsMax, waitingMax] = [64, 4_096]

type Piece = { readonly event: JsonObject; readonly message: Message; readonly gated: GatedPiece }
type Stream = Whose & { readonly gate: TextGate; waiting: Piece[] }

/** What an event belongs to; `null` = it does not say. */
type Whose = { readonly response: string | null; readonly item: string | null }

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const whoseOf = (event: JsonObject): Whose => ({
  response: textOf(event['response_id']) ?? textOf(objectAt(event, 'response')['id']),
  item: textOf(event['item_id']) ?? textOf(objectAt(event, 'item')['id']),
})

/** Events after which no piece of a text comes any more. */
const isEnd = /\.(?:done|completed|failed)$/

const ends = (event: JsonObject, { response, item }: Whose): boolean => {
  const own = whoseOf(event)
  if (!isEnd.test(String(event['type']))) return false
  return own.item === null || item === null ? own.response === response : own.item === item
}

const streamOf = ({ type, response_id, item_id, content_index, output_index }: JsonObject): string =>
  JSON.stringify([type, response_id, item_id, content_index, output_index])

const changedMessage = (message: Message, change: (leaf: JsonLeaf) => string | null): Message => {
  const source = message.data.toString('utf8')
  const changed = replaceLeaves(source, change)
  return changed === source ? message : { data: Buffer.from(changed), binary: false }
}

/** A provider's events on their way to the caller. */
export type GuardedWords = {
  /** What may go out now. @throws Problem `content_blocked` for what must not pass. */
  readonly pass: (event: JsonObject, message: Message) => readonly Message[]
  /** What was done since this was last asked. */
  readonly decided: () => readonly string[]
}

const ready = (stream: Stream): readonly Message[] => {
  const waits = stream.waiting.findIndex(({ gated }) => gated.left > 0)
  const decided = waits === -1 ? stream.waiting : stream.waiting.slice(0, waits)
  stream.waiting = waits === -1 ? [] : stream.waiting.slice(waits)
  return decided.map(({ event, message, gated: { out } }) =>
    out === event['delta'] ? message : messageOf({ ...event, delta: out }),
  )
}

/** `guards`: those that look at answers of the session, as they are now. */
export const guardedWords = (guards: () => readonly Guard[]): GuardedWords => {
  const streams = new Map<string, Stream>()
  let decisions: Decisions = makeDecisions()
  /** Decides texts that are over. What comes between the pieces of another text does not cut that. */
  const end = (isOver: (stream: Stream) => boolean): readonly Message[] => {
    const over = [...streams].filter(([, stream]) => isOver(stream))
    for (const [name] of over) streams.delete(name)
    return over.flatMap(([, stream]) => {
      stream.gate.end()
      return ready(stream)
    })
  }
  const addPiece = (event: JsonObject, message: Message, own: readonly Guard[]): readonly Message[] => {
    const name = streamOf(event)
    const isJson = String(event['type']).includes('_arguments.')
    const gate = (): TextGate => textGate({ guards: own, side: 'reply', decisions, isJson })
    const stream = streams.get(name) ?? { ...whoseOf(event), gate: gate(), waiting: [] }
    streams.set(name, stream)
    stream.waiting.push({ event, message, gated: stream.gate.add(String(event['delta'])) })
    const isFull = stream.waiting.length > waitingMax || streams.size > streamsMax
    return isFull ? end(() => true) : ready(stream)
  }
  return {
    pass: (event, message) => {
      const own = guards()
      if (own.length === 0 && streams.size === 0) return [message]
      const type = String(event['type'])
      if (between.test(type)) return [message]
      if (pieces.test(type) && typeof event['delta'] === 'string') return addPiece(event, message, own)
      // What has ended says its words once more: those are not counted twice.
      const told = {
        guards: own,
        side: 'reply',
        decisions: type.endsWith('.done') ? makeDecisions() : decisions,
      } as const
      const looked = (leaf: JsonLeaf): string | null =>
        leaf.kind === 'text' && saysWords(leaf) ? guardText(leaf.text, told) : null
      return [...end((stream) => ends(event, stream)), changedMessage(message, looked)]
    },
    decided: () => {
      const warnings = decisions.warnings()
      decisions = makeDecisions()
      return warnings
    },
  }
}

/** Guardrails that look at the answers of a session. */
export const replyGuards = (snapshot: Snapshot, key: KeyFacts, model: string): readonly Guard[] =>
  guardsIn(snapshot, key, model).filter((guard) => guard.sides.includes('reply') && looksAtText(guard))
