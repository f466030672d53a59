/** Blocks written as content of a Converse message. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html, read 2026-11-28. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { carrierFormats, carrierOf } from '#protocol/carrier.ts'
import type {
  Block,
  CacheMark,
  ChatRequest,
  FileBlock,
  MediumSource,
  ReasoningBlock,
  ToolResultBlock,
} from '#protocol/chat-request.ts'
import { given } from '#protocol/field-reading.ts'
import type { ChatTarget } from '#protocol/protocol.ts'
import { argumentsOfCall } from '#protocol/tool-arguments.ts'
import { fitToolId } from '#protocol/tool-id.ts'

export type Writing = {
  readonly request: ChatRequest
  readonly target: ChatTarget
  readonly warn: (field: string, reason: string) => void
  /** Names of documents so far: no two may have one. */
  readonly documentNames: Set<string>
}

const idForm = { fits: /^[a-zA-Z0-9_-]+$/, lengthMax: 64 }

/** Formats by the last part of a media type, where the two differ. */
const formats: Readonly<Record<string, string>> = {
  jpg: 'jpeg',
  plain: 'txt',
  markdown: 'md',
  msword: 'doc',
  'vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'vnd.ms-excel': 'xls',
  'vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  quicktime: 'mov',
  'x-matroska': 'mkv',
  'x-flv': 'flv',
  'x-ms-wmv': 'wmv',
  '3gpp': 'three_gp',
  'x-wav': 'wav',
  'x-m4a': 'm4a',
}

const known: Readonly<Record<'image' | 'document' | 'video' | 'audio', readonly string[]>> = {
  image: ['png', 'jpeg', 'gif', 'webp'],
  document: ['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'],
  video: ['mkv', 'mov', 'mp4', 'webm', 'flv', 'mpeg', 'mpg', 'wmv', 'three_gp'],
  audio: ['mp3', 'opus', 'wav', 'aac', 'flac', 'mp4', 'ogg', 'mkv', 'm4a', 'mpeg', 'pcm', 'webm'],
}

type MediumKind = keyof typeof known

const isText = /^(?:text\/|application\/(?:json|xml|x-yaml|yaml)\b)/

/** A bucket's address tells the kind by the ending of its name. */
const formatOf = (kind: MediumKind, source: MediumSource): string | null => {
  const ending = source.kind === 'url' ? /\.([a-z0-9]+)$/i.exec(source.url)?.[1] : undefined
  const subtype = (source.kind === 'file' ? null : source.mediaType)?.split(';')[0]?.split('/')[1] ?? ending ?? ''
  const format = formats[subtype.toLowerCase()] ?? subtype.toLowerCase()
  if (known[kind].includes(format)) return format
  // Every text is read as text.
  return kind === 'document' && source.kind === 'base64' && isText.test(source.mediaType) ? 'txt' : null
}

const sourceOf = (source: MediumSource): JsonObject | null => {
  if (source.kind === 'base64') return { bytes: source.data }
  return source.kind === 'url' && source.url.startsWith('s3://') ? { s3Location: { uri: source.url } } : null
}

const medium = (kind: MediumKind, source: MediumSource): JsonObject | null => {
  const [format, written] = [formatOf(kind, source), sourceOf(source)]
  return format === null || written === null ? null : { format, source: written }
}

/** Letters, digits, single blanks, hyphens, parentheses and brackets; each name once. */
const nameFor = (filename: string | null, { documentNames }: Writing): string => {
  const plain = (filename ?? '')
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .replace(/[^A-Za-z0-9\s()[\]-]/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 180)
  const base = plain === '' ? 'document' : plain
  let name = base
  for (let count = 2; documentNames.has(name); count += 1) name = `${base} ${count}`
  documentNames.add(name)
  return name
}

const documentOf = (block: FileBlock, writing: Writing): JsonObject | null => {
  const { source, filename, context, cited } = block
  const written = source.kind === 'text' ? { format: 'txt', source: { text: source.text } } : medium('document', source)
  if (written === null) return null
  const told = given({ context, citations: cited ? { enabled: true } : null })
  return { name: nameFor(filename, writing), ...written, ...told }
}

/** Only a thought with a signature of Claude's is taken back. */
const thoughtOf = (block: ReasoningBlock, { warn }: Writing, place: string): JsonObject | null => {
  const carrier = carrierOf(block.carriers, carrierFormats.anthropic)
  if (carrier === undefined) {
    warn(place, 'thought without a signature of Claude is not taken back')
    return null
  }
  if (block.redacted) return { reasoningContent: { redactedContent: Buffer.from(carrier.value).toString('base64') } }
  return { reasoningContent: { reasoningText: { text: block.text, signature: carrier.value } } }
}

const resultOf = (block: ToolResultBlock, writing: Writing, place: string): JsonObject => {
  const content = blocksOf(block.content, writing, place)
  return {
    toolUseId: fitToolId(block.id, idForm),
    // What a tool did not say is an empty text; without content the result is refused.
    content: content.length === 0 ? [{ text: '' }] : content,
    ...(block.isError ? { status: 'error' } : {}),
  }
}

const mediumBlock = (
  block: Extract<Block, { source: unknown }>,
  writing: Writing,
  place: string,
): JsonObject | null => {
  const name = block.type === 'file' ? 'document' : block.type
  const written = block.type === 'file' ? documentOf(block, writing) : medium(block.type, block.source)
  if (written !== null) return { [name]: written }
  // An id of a file store is told by the table of fields.
  if (block.source.kind !== 'file')
    writing.warn(place, `${block.type} of this kind or source cannot be said: Bedrock takes bytes and s3:// addresses`)
  return null
}

const blockOf = (block: Block, writing: Writing, place: string): JsonObject | null => {
  switch (block.type) {
    case 'text':
    case 'refusal':
      // A blank text is refused.
      return block.text.trim() === '' ? null : { text: block.text }
    case 'image':
    case 'file':
    case 'video':
    case 'audio':
      return mediumBlock(block, writing, place)
    case 'reasoning':
      return thoughtOf(block, writing, place)
    case 'tool-call': {
      if (block.executor === 'provider') return null
      const { id, name } = block
      return { toolUse: { toolUseId: fitToolId(id, idForm), name, input: argumentsOfCall(block, writing.warn, place) } }
    }
    case 'tool-result':
      return block.executor === 'provider' ? null : { toolResult: resultOf(block, writing, place) }
    case 'other':
      return null
  }
}

/** The mark behind what is to be kept, for models that take one. */
export const cachePoint = (
  cache: CacheMark | undefined,
  { target, warn }: Writing,
  place: string,
): readonly JsonObject[] => {
  if (cache === undefined) return []
  if (target.dialect.cacheMarks)
    return [{ cachePoint: { type: 'default', ...(cache.ttl === '1h' ? { ttl: '1h' } : {}) } }]
  warn(`${place}.cache_control`, 'the model takes no cache points')
  return []
}

/** What cannot be said is left out; the table of fields has warned of it. */
export const blocksOf = (blocks: readonly Block[], writing: Writing, place: string): readonly JsonObject[] =>
  blocks.flatMap((block, index) => {
    const at = `${place}.content[${index}]`
    const written = blockOf(block, writing, at)
    return written === null ? [] : [written, ...cachePoint(block.cache, writing, at)]
  })
