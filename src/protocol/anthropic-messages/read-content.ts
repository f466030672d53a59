/** Content blocks of a Messages request, read into the shared words. */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { readCacheMark } from '#protocol/cache-mark.ts'
import { carrierFormats, openCarrier, redactedCarrier } from '#protocol/carrier.ts'
import type { Block, Citation, FileBlock, MediumSource } from '#protocol/chat-request.ts'
import { Fields, unreadable } from '#protocol/field-reading.ts'

type Part = { readonly fields: Fields; readonly raw: JsonObject }

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)

const textsIn = (content: Json | undefined): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((block: Json) => (isObject(block) ? (textOf(block['text']) ?? '') : '')).join('\n')
}

const sourceOf = (source: JsonObject, place: string, mediaTypeDefault: string | null): MediumSource => {
  const { type, data, url, file_id: id, content } = source
  const mediaType = textOf(source['media_type']) ?? mediaTypeDefault
  if (type === 'base64' && typeof data === 'string')
    return { kind: 'base64', mediaType: mediaType ?? 'application/octet-stream', data }
  if (type === 'text' && typeof data === 'string')
    return { kind: 'text', mediaType: mediaType ?? 'text/plain', text: data }
  if (type === 'url' && typeof url === 'string') return { kind: 'url', url, mediaType: mediaTypeDefault }
  if (type === 'file' && typeof id === 'string') return { kind: 'file', id, mediaType: null }
  if (type === 'content') return { kind: 'text', mediaType: 'text/plain', text: textsIn(content) }
  return unreadable(place, 'a source of the type base64, text, url, file or content')
}

const citationOf = (raw: JsonObject): Citation => ({
  url: textOf(raw['url']) ?? textOf(raw['source']),
  title: textOf(raw['title']) ?? textOf(raw['document_title']),
  raw,
})

const readText = ({ fields }: Part): Block => {
  const citations = fields.objects('citations').map(citationOf)
  return {
    type: 'text',
    text: fields.text('text') ?? '',
    ...(citations.length === 0 ? {} : { citations }),
    ...readCacheMark(fields),
    ...fields.rest(),
  }
}

const readImage = ({ fields }: Part): Block => ({
  type: 'image',
  source: sourceOf(fields.object('source') ?? {}, fields.at('source'), null),
  detail: null,
  ...readCacheMark(fields),
  ...fields.rest(),
})

const isCited = (value: JsonObject | null): boolean => value?.['enabled'] === true

const readDocument = ({ fields, raw }: Part): FileBlock => {
  const source = fields.object('source') ?? {}
  return {
    type: 'file',
    source: sourceOf(source, fields.at('source'), 'application/pdf'),
    filename: fields.text('title'),
    context: fields.text('context'),
    cited: isCited(fields.object('citations')),
    ...readCacheMark(fields),
    ...(source['type'] === 'content' ? { raw } : {}),
    ...fields.rest(),
  }
}

/** A finding of the caller's own search: to others a text with a title and where it was found. */
const readSearchResult = ({ fields, raw }: Part): FileBlock => ({
  type: 'file',
  source: { kind: 'text', mediaType: 'text/plain', text: textsIn(fields.take('content')) },
  filename: fields.text('title'),
  context: fields.text('source'),
  cited: isCited(fields.object('citations')),
  ...readCacheMark(fields),
  raw,
  ...fields.rest(),
})

const readThinking = ({ fields }: Part): Block => {
  const signature = fields.text('signature') ?? ''
  return {
    type: 'reasoning',
    text: fields.text('thinking') ?? '',
    redacted: false,
    summary: false,
    carriers: signature === '' ? [] : [openCarrier(signature, carrierFormats.anthropic)],
    ...fields.rest(),
  }
}

const readRedacted = ({ fields }: Part): Block => ({
  type: 'reasoning',
  text: '',
  redacted: true,
  summary: false,
  carriers: [redactedCarrier(fields.text('data') ?? '', carrierFormats.anthropic)],
  ...fields.rest(),
})

const readToolUse = ({ fields }: Part): Block => ({
  type: 'tool-call',
  id: fields.text('id') ?? '',
  name: fields.text('name') ?? unreadable(fields.at('name'), 'a string'),
  kind: 'function',
  executor: 'caller',
  input: JSON.stringify(fields.take('input') ?? {}),
  carriers: [],
  ...readCacheMark(fields),
  ...fields.rest(),
})

const readToolResult = ({ fields }: Part): Block => ({
  type: 'tool-result',
  id: fields.text('tool_use_id') ?? unreadable(fields.at('tool_use_id'), 'a string'),
  name: null,
  executor: 'caller',
  isError: fields.flag('is_error') ?? false,
  content: readBlocks(fields.take('content'), fields.at('content')),
  ...readCacheMark(fields),
  ...fields.rest(),
})

const readServerCall = ({ fields, raw }: Part): Block => ({
  type: 'tool-call',
  id: fields.text('id') ?? '',
  name: fields.text('name') ?? '',
  kind: 'function',
  executor: 'provider',
  input: JSON.stringify(fields.take('input') ?? {}),
  carriers: [],
  ...readCacheMark(fields),
  raw,
})

const readServerResult = (name: string, { fields, raw }: Part): Block => ({
  type: 'tool-result',
  id: fields.text('tool_use_id') ?? '',
  name: name.replace(/_tool_result$/, ''),
  executor: 'provider',
  isError: fields.flag('is_error') ?? false,
  content: [],
  ...readCacheMark(fields),
  raw,
})

const readings: Readonly<Record<string, (part: Part) => Block>> = {
  text: readText,
  image: readImage,
  document: readDocument,
  search_result: readSearchResult,
  thinking: readThinking,
  redacted_thinking: readRedacted,
  tool_use: readToolUse,
  tool_result: readToolResult,
  server_tool_use: readServerCall,
  mcp_tool_use: readServerCall,
}

const readBlock = (value: Json, place: string): Block => {
  if (!isObject(value)) return unreadable(place, 'an object')
  const fields = new Fields(value, place)
  const name = fields.text('type') ?? ''
  const reading = Object.hasOwn(readings, name) ? readings[name] : undefined
  if (reading !== undefined) return reading({ fields, raw: value })
  return /_tool_result$/.test(name)
    ? readServerResult(name, { fields, raw: value })
    : { type: 'other', name, raw: value }
}

/** A text or a list of blocks. An empty text is no block. */
export const readBlocks = (value: Json | undefined, place: string): readonly Block[] => {
  if (value === undefined || value === '') return []
  if (typeof value === 'string') return [{ type: 'text', text: value }]
  if (Array.isArray(value)) return value.map((block: Json, index) => readBlock(block, `${place}[${index}]`))
  return unreadable(place, 'a string or an array of blocks')
}

/** The text of a document that came as base64. */
export const decodeText = (data: string): string => Buffer.from(data, 'base64').toString('utf8')
