/** A message, or a piece of one, field by field: each field has a step of its own from wire to parts. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import type { Carrier } from '#protocol/part.ts'
import type { Choice, PartList, ProseKind } from './choice.ts'
import { carriersOfCall } from './read-message.ts'
import { carrierOfDetail } from './reasoning-detail.ts'
import { toolFields } from './wire.ts'

/** One choice of one event. */
export type MessageReading = {
  readonly choice: Choice
  readonly list: PartList
  readonly message: JsonObject
  /** Taken by the first text; `null` = none, or taken. */
  logprobs: JsonObject | null
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const delta = (reading: MessageReading, kind: ProseKind, text: string): void => {
  const { choice, list } = reading
  const block = choice.prose(kind, list)
  const at = { choice: choice.index, block, text }
  if (kind !== 'text') {
    list.push({ type: `${kind}-delta`, ...at })
    return
  }
  const { logprobs } = reading
  reading.logprobs = null
  list.push(logprobs === null ? { type: 'text-delta', ...at } : { type: 'text-delta', ...at, logprobs })
}

/** OpenRouter's list: readable pieces, and what must come back in the next turn (signatures, encrypted reasoning). */
const readReasoningDetails = (reading: MessageReading, value: Json): void => {
  if (!Array.isArray(value)) return
  const { message, choice } = reading
  if (textOf(message['reasoning_content']) + textOf(message['reasoning']) !== '') choice.thoughtTold = true
  for (const detail of value.filter(isObject)) {
    const text = textOf(detail['text']) + textOf(detail['summary'])
    if (!choice.thoughtTold && text !== '') delta(reading, 'reasoning', text)
    const carrier = carrierOfDetail(detail)
    if (carrier !== null) choice.carry(carrier)
  }
}

const readReasoning = (reading: MessageReading, value: Json): void => {
  if (typeof value !== 'string' || value === '') return
  reading.choice.thoughtTold = true
  delta(reading, 'reasoning', value)
}

/** The name that most others use; where both stand they say the same. */
const readReasoningContent = (reading: MessageReading, value: Json): void => {
  if (textOf(reading.message['reasoning']) === '') readReasoning(reading, value)
}

const thinkingText = (value: Json | undefined): string => {
  if (!Array.isArray(value)) return textOf(value)
  return value.map((piece: Json) => (isObject(piece) ? textOf(piece['text']) : textOf(piece))).join('')
}

/** Mistral answers in pieces: `thinking`, `text`, `reference` (https://docs.mistral.ai/capabilities/reasoning, read 2026-11-22). */
const readContentPiece = (reading: MessageReading, piece: JsonObject): void => {
  const thinking = thinkingText(piece['thinking'])
  if (thinking !== '') delta(reading, 'reasoning', thinking)
  const text = textOf(piece['text'])
  if (text !== '') delta(reading, 'text', text)
  if (piece['type'] === 'image_url') readImages(reading, [piece])
  if (piece['type'] !== 'reference') return
  reading.choice.citation(reading.list, { url: null, title: null, start: null, end: null, raw: piece })
}

const readContent = (reading: MessageReading, value: Json): void => {
  if (typeof value === 'string') {
    if (value !== '') delta(reading, 'text', value)
  } else if (Array.isArray(value)) {
    for (const piece of value) {
      if (isObject(piece)) readContentPiece(reading, piece)
      else readContent(reading, piece)
    }
  } else if (isObject(value)) {
    // Cloudflare gives structured output as an object: its JSON is the text that was asked for.
    delta(reading, 'text', JSON.stringify(value))
  }
}

const readRefusal = (reading: MessageReading, value: Json): void => {
  if (typeof value === 'string' && value !== '') delta(reading, 'refusal', value)
}

const readAudio = (reading: MessageReading, value: Json): void => {
  if (!isObject(value)) return
  const { choice, list } = reading
  const block = choice.audio(list, typeof value['id'] === 'string' ? value['id'] : null)
  const data = typeof value['data'] === 'string' ? value['data'] : null
  const transcript = typeof value['transcript'] === 'string' ? value['transcript'] : null
  if (data !== null || transcript !== null)
    list.push({ type: 'audio-delta', choice: choice.index, block, data, transcript })
  const expires = countOf(value['expires_at'])
  if (expires !== null) choice.closeAudio(list, expires * 1000)
}

const dataUrl = /^data:([\w.+/-]+)(?:;[\w=.-]+)*;base64,/

/** OpenRouter's generated images (https://openrouter.ai/docs/features/multimodal/image-generation, read 2026-11-22). */
const readImages = (reading: MessageReading, value: Json): void => {
  if (!Array.isArray(value)) return
  for (const image of value.filter(isObject)) {
    const holder = image['image_url']
    const url = isObject(holder) ? textOf(holder['url']) : textOf(holder)
    const head = dataUrl.exec(url)
    if (head !== null)
      reading.choice.image(reading.list, { mediaType: head[1] ?? 'image/png', data: url.slice(head[0].length) })
    else if (url !== '') reading.choice.image(reading.list, { mediaType: 'image/*', url })
  }
}

type ToolPiece = {
  readonly index: number | null
  readonly id: string
  readonly call: JsonObject
  readonly legacy: boolean
}

const unknownToolFields = (call: JsonObject): JsonObject | null => {
  const unknown = Object.entries(call).filter(([name, value]) => !toolFields.has(name) && value !== null)
  return unknown.length === 0 ? null : Object.fromEntries(unknown)
}

const carriersOf = (call: JsonObject): { readonly carriers?: readonly Carrier[] } => {
  const carriers = carriersOfCall(call['extra_content'])
  return carriers.length === 0 ? {} : { carriers }
}

const beginTool = (reading: MessageReading, piece: ToolPiece, name: string): number => {
  const { choice, list } = reading
  choice.closeCarriers(list)
  const block = choice.openTool(piece.index, piece.id)
  const tool = unknownToolFields(piece.call)
  if (tool !== null || piece.legacy)
    list.wait({ ...(tool === null ? {} : { tool }), ...(piece.legacy ? { legacy: true } : {}) })
  const kind = isObject(piece.call['custom']) ? 'custom' : 'function'
  const begun = { choice: choice.index, block, id: piece.id, name, kind, executor: 'caller' } as const
  list.push({ type: 'tool-input-start', ...begun, ...carriersOf(piece.call) })
  return block
}

const readToolPiece = (reading: MessageReading, piece: ToolPiece): void => {
  const { choice, list } = reading
  const { call } = piece
  const custom = isObject(call['custom']) ? call['custom'] : null
  const body = custom ?? (isObject(call['function']) ? call['function'] : {})
  const name = textOf(body['name'])
  const open = choice.tool(piece.index, piece.id, name)
  const block = open?.block ?? beginTool(reading, piece, name)
  const stated = custom === null ? body['arguments'] : body['input']
  // Some servers parse the arguments for the caller, who expects their text.
  const text = isObject(stated) ? JSON.stringify(stated) : textOf(stated)
  if (text !== '') list.push({ type: 'tool-input-delta', choice: choice.index, block, text })
}

const readToolCalls = (reading: MessageReading, value: Json): void => {
  if (!Array.isArray(value)) return
  for (const call of value.filter(isObject)) {
    readToolPiece(reading, { index: countOf(call['index']), id: textOf(call['id']), call, legacy: false })
  }
}

const readFunctionCall = (reading: MessageReading, value: Json): void => {
  if (isObject(value)) readToolPiece(reading, { index: 0, id: '', call: { function: value }, legacy: true })
}

const placeOf = (value: Json | undefined): number | null => countOf(value)

const readAnnotations = (reading: MessageReading, value: Json): void => {
  if (!Array.isArray(value)) return
  for (const annotation of value.filter(isObject)) {
    const citation = isObject(annotation['url_citation']) ? annotation['url_citation'] : {}
    reading.choice.citation(reading.list, {
      url: textOf(citation['url']) || null,
      title: textOf(citation['title']) || null,
      start: placeOf(citation['start_index']),
      end: placeOf(citation['end_index']),
      raw: annotation,
    })
  }
}

/**
 * Azure's answer from the caller's own data: what was found, and how the question was understood
 * (https://learn.microsoft.com/azure/ai-foundry/openai/references/on-your-data, read 2026-11-29). The field itself is carried along for
 * writers of this format; for all others each source is a citation, and what else was told is a part that they warn of.
 */
const readContext = ({ choice, list }: MessageReading, value: Json): void => {
  if (!isObject(value)) return
  const { citations, ...others } = value
  const sources = Array.isArray(citations) ? citations.filter(isObject) : []
  for (const source of sources) {
    const title = textOf(source['title']) || textOf(source['filepath']) || null
    choice.citation(list, { url: textOf(source['url']) || null, title, start: null, end: null, raw: source })
  }
  const found = sources.map(({ content }) => content).filter((content) => textOf(content) !== '')
  const left = found.length === 0 ? others : { ...others, 'citations.content': found as Json }
  for (const [name, raw] of Object.entries(left))
    if (raw !== undefined && raw !== null)
      choice.other(list, { format: 'openai-chat', name: `message.context.${name}`, raw: { [name]: raw } })
}

/** In the order in which an answer is made: what was thought comes before what is said, said before done. */
const steps: ReadonlyArray<readonly [field: string, step: (reading: MessageReading, value: Json) => void]> = [
  ['reasoning', readReasoning],
  ['reasoning_content', readReasoningContent],
  ['reasoning_details', readReasoningDetails],
  ['content', readContent],
  ['refusal', readRefusal],
  ['audio', readAudio],
  ['images', readImages],
  ['annotations', readAnnotations],
  ['context', readContext],
  ['function_call', readFunctionCall],
  ['tool_calls', readToolCalls],
]

/** Reads the fields of a message or a delta into parts. */
export const readMessage = (reading: MessageReading): void => {
  for (const [field, step] of steps) {
    const value = reading.message[field]
    if (value !== undefined && value !== null) step(reading, value)
  }
}
