/** Messages written as a request of Cohere's chat has them. https://docs.cohere.com/reference/chat, read 2026-11-28. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { decodeText } from '#protocol/anthropic-messages/read-content.ts'
import type { Block, FileBlock, Message, ToolCallBlock } from '#protocol/chat-request.ts'
import { given } from '#protocol/field-reading.ts'

export type Writing = {
  readonly warn: (field: string, reason: string) => void
  /** What the conversation brings along to be cited. */
  readonly documents: JsonObject[]
}

const isText = /^(?:text\/|application\/(?:json|xml)\b)/

const fileText = ({ source }: FileBlock): string | null => {
  if (source.kind === 'text') return source.text
  return source.kind === 'base64' && isText.test(source.mediaType) ? decodeText(source.data) : null
}

/** Files stand beside the conversation, where they can be cited. */
const addDocument = (block: FileBlock, { documents }: Writing): boolean => {
  const text = fileText(block)
  if (text === null) return false
  const { filename, context } = block
  documents.push({ id: `doc-${documents.length + 1}`, data: { ...given({ title: filename, context }), text } })
  return true
}

const imageOf = (block: Extract<Block, { type: 'image' }>): JsonObject | null => {
  const { source, detail } = block
  if (source.kind !== 'url' && source.kind !== 'base64') return null
  const url = source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`
  return { type: 'image_url', image_url: { url, ...given({ detail }) } }
}

/** What a block says in a place of its own; `[]` = nothing here. */
const blockOf = (block: Block, writing: Writing, place: string): readonly JsonObject[] => {
  if (block.type === 'text' || block.type === 'refusal')
    return block.text === '' ? [] : [{ type: 'text', text: block.text }]
  if (block.type === 'file' && addDocument(block, writing)) return []
  const image = block.type === 'image' ? imageOf(block) : null
  if (image !== null) return [image]
  if ((block.type === 'image' || block.type === 'file') && block.source.kind !== 'file')
    writing.warn(place, `${block.type} of this kind or source cannot be said in Cohere's format`)
  return []
}

const contentOf = (blocks: readonly Block[], writing: Writing, place: string): readonly JsonObject[] =>
  blocks.flatMap((block, index) => blockOf(block, writing, `${place}.content[${index}]`))

/** One text is told as a text. */
const plain = (content: readonly JsonObject[]): Json => {
  const [only] = content
  if (only === undefined) return ''
  return content.length === 1 && only['type'] === 'text' ? (only['text'] ?? '') : content
}

const callOf = ({ id, name, kind, input }: ToolCallBlock): JsonObject => {
  const written = kind === 'custom' ? JSON.stringify({ input }) : input.trim() === '' ? '{}' : input
  return { id, type: 'function', function: { name, arguments: written } }
}

/** What was thought before calls of tools is their plan; else it is thought. */
const assistantOf = ({ content }: Message, writing: Writing, place: string): JsonObject => {
  const calls = content.filter((block) => block.type === 'tool-call').filter(({ executor }) => executor === 'caller')
  const thought = content
    .flatMap((block) => (block.type === 'reasoning' && !block.redacted ? [block.text] : []))
    .join('')
  const said = contentOf(content, writing, place)
  const thinking = thought !== '' && calls.length === 0 ? [{ type: 'thinking', thinking: thought }] : []
  const all = [...thinking, ...said]
  return {
    role: 'assistant',
    ...(all.length === 0 ? {} : { content: plain(all) }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(callOf) }),
    ...(calls.length === 0 || thought === '' ? {} : { tool_plan: thought }),
  }
}

const resultsOf = ({ content }: Message, writing: Writing, place: string): readonly JsonObject[] =>
  content.flatMap((block, index) => {
    if (block.type !== 'tool-result' || block.executor !== 'caller') return []
    const said = contentOf(block.content, writing, `${place}.content[${index}]`)
    const texts = said.filter(({ type }) => type === 'text')
    if (texts.length < said.length) writing.warn(`${place}.content[${index}]`, 'results of tools are texts in Cohere')
    return [{ role: 'tool', tool_call_id: block.id, content: texts.map(({ text }) => text).join('\n') }]
  })

/** One message as one or several. */
export const writeMessage = (message: Message, writing: Writing, place: string): readonly JsonObject[] => {
  if (message.role === 'tool') return resultsOf(message, writing, place)
  if (message.role === 'assistant') return [assistantOf(message, writing, place)]
  const role = message.role === 'developer' ? 'system' : message.role
  return [{ role, content: plain(contentOf(message.content, writing, place)) }]
}
