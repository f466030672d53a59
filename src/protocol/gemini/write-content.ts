/** Messages written as contents of a Gemini request. */

import { parseExactly } from '#base/exact-json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { carrierFormats, carrierOf, sealCarrier } from '#protocol/carrier.ts'
import type { Block, ChatRequest, MediumSource, ToolResultBlock } from '#protocol/chat-request.ts'
import { given } from '#protocol/field-reading.ts'
import type { Carrier } from '#protocol/part.ts'
import { isSystem } from '#protocol/system-alone.ts'
import { argumentsOfCall } from '#protocol/tool-arguments.ts'

export type Writing = {
  readonly request: ChatRequest
  readonly warn: (field: string, reason: string) => void
  /** Whether the request was in this format: then what nothing names is put back. */
  readonly own: boolean
  /** Whether the model refuses calls in its history that lack its signature (Gemini 3 and later). */
  readonly signed: boolean
  readonly nameOf: (id: string) => string | null
}

/**
 * Stands for the signature of a call that another maker's model made, as Google's manual has it for such histories
 * (https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-28).
 */
export const foreignSignature = 'skip_thought_signature_validator'

const mediumOf = (source: MediumSource, type: string): JsonObject | null => {
  if (source.kind === 'base64') return { inlineData: { mimeType: source.mediaType, data: source.data } }
  if (source.kind === 'text') return { text: source.text }
  if (source.kind === 'file') return { fileData: { ...given({ mimeType: source.mediaType }), fileUri: source.id } }
  const mimeType = source.mediaType ?? (type === 'image' ? 'image/jpeg' : type === 'file' ? 'application/pdf' : null)
  return { fileData: { ...given({ mimeType }), fileUri: source.url } }
}

const signatureIn = (carriers: readonly Carrier[]): JsonObject => {
  const carrier = carrierOf(carriers, carrierFormats.gemini)
  return carrier === undefined ? {} : { thoughtSignature: carrier.value }
}

/** A text that is JSON of an object goes as that object. */
const responseOf = (text: string, isError: boolean): JsonObject => {
  if (isError) return { error: text }
  try {
    const value: unknown = parseExactly(text)
    if (isObject(value)) return value
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown
  }
  return { result: text }
}

const writeResult = (block: ToolResultBlock, writing: Writing, place: string): readonly JsonObject[] => {
  if (writing.own && block.raw !== undefined) return [{ functionResponse: block.raw }]
  const text = block.content.flatMap((one) => (one.type === 'text' ? [one.text] : [])).join('\n')
  const media = block.content.flatMap((one, index) =>
    'source' in one ? writeBlock(one, writing, `${place}[${index}]`) : [],
  )
  const name = block.name ?? writing.nameOf(block.id) ?? block.id
  const response = { id: block.id, name, response: responseOf(text, block.isError) }
  return [{ functionResponse: response }, ...media]
}

const writeThought = (block: Extract<Block, { type: 'reasoning' }>, { own, warn }: Writing, place: string) => {
  const signature = signatureIn(block.carriers)
  const isOurs = own || Object.keys(signature).length > 0
  if (!isOurs) {
    warn(place, "thought of another maker's model is not taken by Gemini")
    return []
  }
  const foreign = block.carriers[0]
  const sealed =
    own && Object.keys(signature).length === 0 && foreign !== undefined
      ? { thoughtSignature: sealCarrier(foreign, carrierFormats.gemini) }
      : signature
  return [{ text: block.text, ...(block.text === '' ? {} : { thought: true }), ...sealed }]
}

/** One block as parts; none where it is told elsewhere, or cannot be. */
const writeBlock = (block: Block, writing: Writing, place: string): readonly JsonObject[] => {
  const extra = writing.own ? block.extra : {}
  switch (block.type) {
    case 'text':
      return [{ text: block.text, ...extra }]
    case 'refusal':
      return [{ text: block.text }]
    case 'image':
    case 'audio':
    case 'video':
    case 'file': {
      if (block.source.kind === 'file' && !writing.own) return []
      if (block.type === 'file' && block.filename !== null && !writing.own)
        writing.warn(place, 'Gemini is not told the name of a file')
      const part = mediumOf(block.source, block.type)
      const title = block.type === 'file' && block.context !== null ? [{ text: block.context }] : []
      return part === null ? [] : [...title, { ...part, ...extra }]
    }
    case 'reasoning':
      return writeThought(block, writing, place)
    case 'tool-call':
      if (block.executor === 'provider') return writing.own && block.raw !== undefined ? [block.raw] : []
      return [
        {
          functionCall: { id: block.id, name: block.name, args: argumentsOfCall(block, writing.warn, place), ...extra },
          ...signatureIn(block.carriers),
        },
      ]
    case 'tool-result':
      if (block.executor === 'provider') return writing.own && block.raw !== undefined ? [block.raw] : []
      return writeResult(block, writing, `${place}.content`)
    case 'other':
      return writing.own ? [block.raw] : []
  }
}

/** The first call of each step must be signed; one that another model made says so instead. */
const withSignature = (
  parts: readonly JsonObject[],
  { signed, own, warn }: Writing,
  place: string,
): readonly JsonObject[] => {
  const first = parts.findIndex((part) => part['functionCall'] !== undefined)
  if (!signed || own || first === -1 || parts.some((part) => part['thoughtSignature'] !== undefined)) return parts
  warn(place, 'calls of tools that another model made go without its thought')
  return parts.map((part, index) => (index === first ? { ...part, thoughtSignature: foreignSignature } : part))
}

/** All instructions stand at the top in this format. */
export const writeSystem = (writing: Writing): JsonObject | null => {
  const { messages } = writing.request
  const first = messages.findIndex((message) => !isSystem(message))
  const parts = messages.flatMap((message, index) => {
    if (!isSystem(message)) return []
    if (first !== -1 && index > first)
      writing.warn(`messages[${index}]`, 'system messages between turns are moved to the top')
    return message.content.flatMap((block, at) => writeBlock(block, writing, `messages[${index}].content[${at}]`))
  })
  return parts.length === 0 ? null : { parts }
}

type Turn = { readonly role: 'user' | 'model'; readonly parts: JsonObject[] }

/** Turns of one side in a row are one entry: results, and what the user says right behind them. */
export const writeContents = (writing: Writing): readonly JsonObject[] => {
  const turns: Turn[] = []
  for (const [index, message] of writing.request.messages.entries()) {
    if (isSystem(message)) continue
    const role = message.role === 'assistant' ? 'model' : 'user'
    const place = `messages[${index}]`
    // A turn without words is still a turn: some conversations begin with nothing but an instruction.
    const written =
      message.content.length === 0
        ? [{ text: '' }]
        : message.content.flatMap((block, at) => writeBlock(block, writing, `${place}.content[${at}]`))
    const parts = role === 'model' ? withSignature(written, writing, place) : written
    if (parts.length === 0) continue
    const last = turns.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else turns.push({ role, parts: [...parts] })
  }
  return turns
}
