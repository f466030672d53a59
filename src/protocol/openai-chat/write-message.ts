/** Messages written as a chat request has them. */

import type { JsonObject } from '#base/json-type.ts'
import { carrierFormats, carrierOf } from '#protocol/carrier.ts'
import type { Block, Message, ReasoningBlock, ToolCallBlock, ToolResultBlock } from '#protocol/chat-request.ts'
import { given } from '#protocol/field-reading.ts'
import { fitToolId } from '#protocol/tool-id.ts'
import { detailsOf } from './reasoning-detail.ts'
import type { Writing } from './write-content.ts'
import { contentOf, partAt, partsOf } from './write-content.ts'

/** OpenAI refuses ids over 40 characters (its error message, read 2026-11-22). */
const idForm = { fits: /^.+$/s, lengthMax: 40 }

const idOf = (id: string, { own }: Writing): string => (own ? id : fitToolId(id, idForm))

const toolCall = (block: ToolCallBlock, writing: Writing): JsonObject => {
  const signature = carrierOf(block.carriers, carrierFormats.gemini)
  return {
    id: idOf(block.id, writing),
    type: block.kind,
    ...(block.kind === 'custom'
      ? { custom: { name: block.name, input: block.input } }
      : { function: { name: block.name, arguments: block.input === '' ? '{}' : block.input } }),
    ...(signature === undefined ? {} : { extra_content: { google: { thought_signature: signature.value } } }),
    ...(writing.own ? block.extra : {}),
  }
}

const isReasoning = (block: Block): block is ReasoningBlock => block.type === 'reasoning'

/** The thought of an earlier turn, where the provider takes it back. */
const thoughtOf = (blocks: readonly ReasoningBlock[], { dialect, warn, own }: Writing, place: string): JsonObject => {
  if (blocks.length === 0) return {}
  const text = blocks.map((block) => block.text).join('')
  const details = blocks.flatMap(detailsOf)
  if (!own && dialect.thought === 'none') {
    warn(place, 'the provider does not take the thought of an earlier turn back')
    return {}
  }
  if (own ? details.length === 0 : dialect.thought === 'reasoning_content') {
    if (details.length > 0) warn(place, 'signatures of thought are not taken by the provider')
    return text === '' ? {} : { reasoning_content: text }
  }
  return {
    ...(text === '' ? {} : { reasoning: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  }
}

const writeAssistant = (message: Message, writing: Writing, place: string): JsonObject => {
  const calls = message.content.filter((block) => block.type === 'tool-call' && block.executor === 'caller')
  const said = message.content.filter((block) => block.type !== 'refusal')
  const refusal = message.content.flatMap((block) => (block.type === 'refusal' ? [block.text] : [])).join('')
  const parts = partsOf(said, writing, place)
  const text = parts.every((part) => part['type'] === 'text' && part['cache_control'] === undefined)
  return {
    role: 'assistant',
    // What an answer says in several blocks is one text to everybody who reads it.
    content:
      parts.length === 0
        ? calls.length > 0 || refusal !== ''
          ? null
          : ''
        : text
          ? parts.map((part) => part['text']).join('')
          : parts,
    ...thoughtOf(message.content.filter(isReasoning), writing, place),
    ...(refusal === '' ? {} : { refusal }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => toolCall(call as ToolCallBlock, writing)) }),
    ...given({ name: message.name }),
    ...(writing.own ? message.extra : {}),
  }
}

const isText = ({ type }: Block): boolean => type === 'text'

/** A tool's answer is text in this format; what else came with it is shown by the user right behind. */
const writeResult = (
  result: ToolResultBlock,
  writing: Writing,
  place: string,
): { readonly message: JsonObject; readonly beside: readonly JsonObject[] } => {
  const parts = result.content.map((block, index) => ({
    isText: isText(block),
    written: partAt(block, writing, `${place}.content[${index}]`),
  }))
  const texts = parts.flatMap((part) => (part.isText ? part.written : []))
  const beside = parts.flatMap((part) => (part.isText ? [] : part.written))
  const mark =
    beside.length > 0 && texts.length === 0
      ? [{ type: 'text', text: 'The result is shown in the next message.' }]
      : texts
  return {
    message: {
      role: 'tool',
      tool_call_id: idOf(result.id, writing),
      content: mark.length === 0 ? '' : contentOf(mark),
    },
    beside,
  }
}

const writeResults = (message: Message, writing: Writing, place: string): readonly JsonObject[] => {
  const written = message.content.flatMap((block, index) =>
    block.type === 'tool-result' ? [writeResult(block, writing, `${place}.content[${index}]`)] : [],
  )
  const beside = written.flatMap((one) => one.beside)
  return [...written.map((one) => one.message), ...(beside.length === 0 ? [] : [{ role: 'user', content: beside }])]
}

/** Nothing in it can be said here; that is warned of. */
const isUnsayable = ({ content }: Message, { own }: Writing): boolean =>
  !own && content.length > 0 && content.every(({ type }) => type === 'other')

/** One message as one or several. */
export const writeMessage = (message: Message, writing: Writing, place: string): readonly JsonObject[] => {
  if (isUnsayable(message, writing)) return []
  if (message.role === 'assistant') return [writeAssistant(message, writing, place)]
  if (message.role === 'tool') return writeResults(message, writing, place)
  const role = message.role === 'developer' && !writing.dialect.developer ? 'system' : message.role
  const parts = partsOf(message.content, writing, place)
  return [
    {
      role,
      content: parts.length === 0 ? '' : contentOf(parts),
      ...given({ name: message.name }),
      ...(writing.own ? message.extra : {}),
    },
  ]
}
