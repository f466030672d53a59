/** Blocks written as the content of a chat request's messages. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { writeCacheMark } from '#protocol/cache-mark.ts'
import type { Block, ChatRequest, MediumSource } from '#protocol/chat-request.ts'
import type { Dialect } from '#protocol/protocol.ts'

export type Writing = {
  readonly request: ChatRequest
  readonly dialect: Dialect
  readonly warn: (field: string, reason: string) => void
  /** Whether the request was in this format: then what nothing names is put back. */
  readonly own: boolean
}

const urlOf = (source: MediumSource): string | null => {
  if (source.kind === 'url') return source.url
  return source.kind === 'base64' ? `data:${source.mediaType};base64,${source.data}` : null
}

const writeImage = (block: Extract<Block, { type: 'image' }>): JsonObject | null => {
  const url = urlOf(block.source)
  return url === null
    ? null
    : { type: 'image_url', image_url: { url, ...(block.detail === null ? {} : { detail: block.detail }) } }
}

/** `mp3` and `wav` are what OpenAI names; a media type says `mpeg` for the first. */
const audioFormat = (mediaType: string): string => {
  const word = mediaType.replace(/^audio\/(?:x-)?/, '')
  return word === 'mpeg' ? 'mp3' : word
}

const writeAudio = ({ source }: Extract<Block, { type: 'audio' }>): JsonObject | null =>
  source.kind === 'base64'
    ? { type: 'input_audio', input_audio: { data: source.data, format: audioFormat(source.mediaType) } }
    : null

const writeVideo = ({ source }: Extract<Block, { type: 'video' }>): JsonObject | null => {
  const url = urlOf(source)
  return url === null ? null : { type: 'video_url', video_url: { url } }
}

const writeFile = ({ source, filename, context }: Extract<Block, { type: 'file' }>): JsonObject | null => {
  if (source.kind === 'text') {
    const title = [filename, context].filter((text) => text !== null).join('\n')
    return { type: 'text', text: title === '' ? source.text : `${title}\n\n${source.text}` }
  }
  if (source.kind === 'file') return { type: 'file', file: { file_id: source.id } }
  const data = urlOf(source)
  return data === null ? null : { type: 'file', file: { filename: filename ?? 'file.pdf', file_data: data } }
}

/** A block as a part; `null` = it is told elsewhere, or cannot be. */
const partOf = (block: Block, { own }: Writing): JsonObject | null => {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'refusal':
      return { type: 'refusal', refusal: block.text }
    case 'image':
      return writeImage(block)
    case 'audio':
      return writeAudio(block)
    case 'video':
      return writeVideo(block)
    case 'file':
      return writeFile(block)
    case 'other':
      return own ? block.raw : null
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      return null
  }
}

/** A block as a part, with its mark where the provider takes it; none where it is told elsewhere, or cannot be. */
export const partAt = (block: Block, writing: Writing, place: string): readonly JsonObject[] => {
  const part = partOf(block, writing)
  if (part === null) {
    if ('source' in block) writing.warn(place, `${block.type} of this source cannot be said in the target's format`)
    return []
  }
  if (block.type === 'file' && block.context !== null && block.source.kind !== 'text')
    writing.warn(place, 'what a file is about has no place beside its bytes or its id')
  const mark = writing.dialect.cacheMarks ? writeCacheMark(block.cache) : {}
  return [{ ...part, ...mark, ...(writing.own ? block.extra : {}) }]
}

/** Blocks as parts. */
export const partsOf = (blocks: readonly Block[], writing: Writing, place: string): readonly JsonObject[] =>
  blocks.flatMap((block, index) => partAt(block, writing, `${place}.content[${index}]`))

/** One text alone is written as a string: every server takes that. */
export const contentOf = (parts: readonly JsonObject[]): Json => {
  const [only] = parts
  const plain = parts.length === 1 && only !== undefined && only['type'] === 'text' && Object.keys(only).length === 2
  return plain ? (only['text'] ?? '') : parts
}
