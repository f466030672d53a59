/** Blocks written as content of a Messages request. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { writeCacheMark } from '#protocol/cache-mark.ts'
import { carrierFormats, carrierOf } from '#protocol/carrier.ts'
import type { Block, ChatRequest, FileBlock, MediumSource, ReasoningBlock } from '#protocol/chat-request.ts'
import { given } from '#protocol/field-reading.ts'
import type { ChatTarget } from '#protocol/protocol.ts'
import { argumentsOfCall } from '#protocol/tool-arguments.ts'
import { fitToolId } from '#protocol/tool-id.ts'
import { decodeText } from './read-content.ts'

export type Writing = {
  readonly request: ChatRequest
  readonly target: ChatTarget
  readonly warn: (field: string, reason: string) => void
  /** Whether the request was in this format: then what nothing names is put back. */
  readonly own: boolean
}

/** https://platform.claude.com/docs/en/api/messages (`tool_use.id`: `^[a-zA-Z0-9_-]+$`), read 2026-11-22. */
const idForm = { fits: /^[a-zA-Z0-9_-]+$/, lengthMax: 200 }

const idOf = (id: string, { own }: Writing): string => (own ? id : fitToolId(id, idForm))

const sourceOf = (source: MediumSource): JsonObject => {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data }
    case 'url':
      return { type: 'url', url: source.url }
    case 'file':
      return { type: 'file', file_id: source.id }
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
  }
}

/** Documents are PDF or plain text; every text type is read as text. */
const documentSource = (source: MediumSource): JsonObject => {
  const isText = source.kind === 'base64' && /^(?:text\/|application\/(?:json|xml)\b)/.test(source.mediaType)
  return sourceOf(isText ? { kind: 'text', mediaType: 'text/plain', text: decodeText(source.data) } : source)
}

const writeFile = (block: FileBlock): JsonObject => ({
  type: 'document',
  source: documentSource(block.source),
  ...given({ title: block.filename, context: block.context, citations: block.cited ? { enabled: true } : null }),
})

/** Only a thought with a signature of Claude's is taken back. */
const writeReasoning = (block: ReasoningBlock, { warn, own }: Writing, place: string): JsonObject | null => {
  const carrier = carrierOf(block.carriers, carrierFormats.anthropic)
  if (carrier === undefined && !own) {
    warn(place, 'thought without a signature of Claude is not taken back')
    return null
  }
  return block.redacted
    ? { type: 'redacted_thinking', data: carrier?.value ?? '' }
    : { type: 'thinking', thinking: block.text, signature: carrier?.value ?? '' }
}

const resultContent = (content: readonly Block[], writing: Writing, place: string): Json => {
  const [only] = content
  if (content.length === 0) return ''
  if (content.length === 1 && only?.type === 'text' && only.cache === undefined) return only.text
  return blocksOf(content, writing, place)
}

const blockOf = (block: Block, writing: Writing, place: string): JsonObject | null => {
  const { warn, own } = writing
  if (own && block.raw !== undefined) return block.raw
  switch (block.type) {
    case 'text':
      // An empty text is refused, and so is one of blanks alone.
      return block.text === '' || (!own && block.text.trim() === '')
        ? null
        : {
            type: 'text',
            text: block.text,
            ...(own && block.citations !== undefined ? { citations: block.citations.map(({ raw }) => raw) } : {}),
          }
    case 'refusal':
      return block.text === '' ? null : { type: 'text', text: block.text }
    case 'image':
      return { type: 'image', source: sourceOf(block.source) }
    case 'file':
      return writeFile(block)
    case 'reasoning':
      return writeReasoning(block, writing, place)
    case 'tool-call':
      return block.executor === 'provider'
        ? null
        : {
            type: 'tool_use',
            id: idOf(block.id, writing),
            name: block.name,
            input: argumentsOfCall(block, warn, place),
          }
    case 'tool-result':
      return block.executor === 'provider'
        ? null
        : {
            type: 'tool_result',
            tool_use_id: idOf(block.id, writing),
            content: resultContent(block.content, writing, place),
            ...(block.isError ? { is_error: true } : {}),
          }
    case 'audio':
    case 'video':
    case 'other':
      return null
  }
}

/** What cannot be said is left out; the table of fields has warned of it. */
export const blocksOf = (blocks: readonly Block[], writing: Writing, place: string): readonly JsonObject[] =>
  blocks.flatMap((block, index) => {
    const written = blockOf(block, writing, `${place}.content[${index}]`)
    if (written === null) return []
    return [{ ...written, ...writeCacheMark(block.cache), ...(writing.own ? block.extra : {}) }]
  })
