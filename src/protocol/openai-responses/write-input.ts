/** Messages written as the items of an input. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { carrierFormats, carrierOf } from '#protocol/carrier.ts'
import type {
  Block,
  ChatRequest,
  FileBlock,
  MediumSource,
  Message,
  ReasoningBlock,
  ToolCallBlock,
  ToolResultBlock,
} from '#protocol/chat-request.ts'
import { given } from '#protocol/field-reading.ts'
import type { ChatTarget } from '#protocol/protocol.ts'
import { fitToolId } from '#protocol/tool-id.ts'

export type Writing = {
  readonly request: ChatRequest
  readonly target: ChatTarget
  readonly warn: (field: string, reason: string) => void
  /** Whether the request was in this format: then what nothing names is put back. */
  readonly own: boolean
}

/** https://platform.openai.com/docs/api-reference/responses/create (`call_id`: 1 to 64 characters), read 2026-11-22. */
const idForm = { fits: /^.+$/s, lengthMax: 64 }

const urlOf = (source: MediumSource): string | null => {
  if (source.kind === 'url') return source.url
  return source.kind === 'base64' ? `data:${source.mediaType};base64,${source.data}` : null
}

const writeFile = ({ source, filename, context }: FileBlock): JsonObject => {
  if (source.kind === 'text') {
    const title = [filename, context].filter((text) => text !== null).join('\n')
    return { type: 'input_text', text: title === '' ? source.text : `${title}\n\n${source.text}` }
  }
  if (source.kind === 'file') return { type: 'input_file', file_id: source.id }
  if (source.kind === 'url') return { type: 'input_file', file_url: source.url }
  return { type: 'input_file', filename: filename ?? 'file.pdf', file_data: urlOf(source) }
}

/** A block as a part of a message or of a tool's output; `null` = it is told elsewhere, or cannot be. */
const partOf = (block: Block, said: 'input' | 'output', { own }: Writing): JsonObject | null => {
  switch (block.type) {
    case 'text':
      return said === 'input'
        ? { type: 'input_text', text: block.text }
        : {
            type: 'output_text',
            text: block.text,
            annotations: own ? (block.citations ?? []).map(({ raw }) => raw) : [],
          }
    case 'refusal':
      return { type: 'refusal', refusal: block.text }
    case 'image':
      return {
        type: 'input_image',
        ...(block.source.kind === 'file' ? { file_id: block.source.id } : { image_url: urlOf(block.source) }),
        detail: block.detail ?? 'auto',
      }
    case 'file':
      return writeFile(block)
    case 'other':
      return own ? block.raw : null
    default:
      return null
  }
}

const partsOf = (
  blocks: readonly Block[],
  writing: Writing,
  { said, place }: { readonly said: 'input' | 'output'; readonly place: string },
): JsonObject[] =>
  blocks.flatMap((block) => {
    const part = partOf(block, said, writing)
    if (block.type === 'file' && block.context !== null && block.source.kind !== 'text')
      writing.warn(place, 'what a file is about has no place beside its bytes or its id')
    return part === null ? [] : [{ ...part, ...(writing.own && block.type !== 'other' ? block.extra : {}) }]
  })

/** One text alone is written as a string. */
const contentOf = (parts: readonly JsonObject[]): Json => {
  const [only] = parts
  const plain = parts.length === 1 && only?.['type'] === 'input_text' && Object.keys(only).length === 2
  return plain ? (only['text'] ?? '') : parts
}

/** A thought is taken back only with its secret; one without an id needs no provider that kept it. */
const reasoningItem = (block: ReasoningBlock, writing: Writing, place: string): JsonObject | null => {
  if (writing.own && block.raw !== undefined) return block.raw
  const carrier = carrierOf(block.carriers, carrierFormats.openaiResponses)
  if (carrier === undefined) {
    writing.warn(place, 'a thought without the encrypted content of this format is not taken back')
    return null
  }
  const summary = block.text === '' ? [] : [{ type: 'summary_text', text: block.text }]
  return { type: 'reasoning', summary, encrypted_content: carrier.value }
}

type Custom = ReadonlySet<string>

const callItem = (block: ToolCallBlock, { own }: Writing): JsonObject | null => {
  if (own && block.raw !== undefined) return block.raw
  if (block.executor === 'provider') return null
  const call = { call_id: fitToolId(block.id, idForm), name: block.name }
  return block.kind === 'custom'
    ? { type: 'custom_tool_call', ...call, input: block.input }
    : { type: 'function_call', ...call, arguments: block.input === '' ? '{}' : block.input }
}

const resultItem = (
  block: ToolResultBlock,
  writing: Writing,
  { place, custom }: { readonly place: string; readonly custom: Custom },
): JsonObject | null => {
  if (writing.own && block.raw !== undefined) return block.raw
  if (block.executor === 'provider') return null
  const parts = partsOf(block.content, writing, { said: 'input', place })
  return {
    type: custom.has(block.id) ? 'custom_tool_call_output' : 'function_call_output',
    call_id: fitToolId(block.id, idForm),
    output: parts.length === 0 ? '' : contentOf(parts),
  }
}

/** Calls of tools of free text have outputs of their own kind. */
const customCalls = ({ messages }: ChatRequest): ReadonlySet<string> =>
  new Set(
    messages.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === 'tool-call' && block.kind === 'custom' ? [block.id] : [])),
    ),
  )

/** What the model said, of another format: without the id that an item of an answer must have, it is taken only as one text. */
const spokenOf = (parts: readonly JsonObject[], { own }: Writing): string | null =>
  !own && parts.every(({ type }) => type === 'output_text') ? parts.map(({ text }) => text).join('') : null

type Prose = { readonly blocks: readonly Block[]; readonly place: string }

const messageItem = (message: Message, { blocks, place }: Prose, writing: Writing): readonly JsonObject[] => {
  const said = message.role === 'assistant' ? 'output' : 'input'
  const parts = partsOf(blocks, writing, { said, place })
  if (parts.length === 0 && blocks.length > 0) return []
  const role = message.role === 'tool' ? 'user' : message.role
  const content = parts.length === 0 ? '' : (spokenOf(parts, writing) ?? contentOf(parts))
  return [
    {
      type: 'message',
      role,
      content,
      ...given({ name: writing.own ? message.name : null }),
      ...(writing.own ? message.extra : {}),
    },
  ]
}

const itemOf = (
  block: Block,
  writing: Writing,
  { place, custom }: { place: string; custom: Custom },
): JsonObject | null => {
  if (block.type === 'reasoning') return reasoningItem(block, writing, place)
  if (block.type === 'tool-call') return callItem(block, writing)
  return block.type === 'tool-result' ? resultItem(block, writing, { place, custom }) : null
}

/** Items of the provider's own tools are items of their own; an unknown part of a message stands within it. */
const isItem = (block: Block, { role }: Message): boolean =>
  ['reasoning', 'tool-call', 'tool-result'].includes(block.type) ||
  (block.type === 'other' && (role === 'assistant' || role === 'tool'))

const writeMessage = (message: Message, writing: Writing, at: { place: string; custom: Custom }): JsonObject[] => {
  const items: JsonObject[] = []
  let prose: Block[] = []
  const flush = (): void => {
    if (prose.length > 0) items.push(...messageItem(message, { blocks: prose, place: at.place }, writing))
    prose = []
  }
  for (const [index, block] of message.content.entries()) {
    if (!isItem(block, message)) {
      prose.push(block)
      continue
    }
    flush()
    const place = `${at.place}.content[${index}]`
    const item = block.type === 'other' ? (writing.own ? block.raw : null) : itemOf(block, writing, { ...at, place })
    if (item !== null) items.push(item)
  }
  flush()
  return message.content.length === 0 ? [...messageItem(message, { blocks: [], place: at.place }, writing)] : items
}

/** What the source's first and only system message says in plain text. */
const instructionsOf = ({ messages }: ChatRequest): string | null => {
  const [first, second] = messages
  const [block] = first?.content ?? []
  const alone = first?.role === 'system' && second?.role !== 'system' && first.content.length === 1
  return alone && first.extra === undefined && first.name === null && block?.type === 'text' && block.text !== ''
    ? block.text
    : null
}

/** `instructions` and `input`. */
export const writeInput = (writing: Writing): JsonObject => {
  const instructions = instructionsOf(writing.request)
  const custom = customCalls(writing.request)
  const skip = instructions === null ? 0 : 1
  const input = writing.request.messages
    .slice(skip)
    .flatMap((message, index) => writeMessage(message, writing, { place: `messages[${index + skip}]`, custom }))
  return { ...given({ instructions }), input }
}
