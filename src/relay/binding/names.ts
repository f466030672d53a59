/** What a body names of things that providers keep: files, containers, and what is kept for no caller of this relay. */

import type { Json } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'

const depthMax = 64

/** `unkept`: nothing of its kind is made through this relay, so that it is nobody's here. */
export type Named = {
  readonly kind: 'file' | 'container' | 'unkept'
  readonly id: string
  /** The member that names it. */
  readonly field: string
}

/**
 * Members that name what a provider keeps under the operator's credential, and that no call through here has made: Gemini's cached contents,
 * stores and indexes that files are searched in, of OpenAI, xAI, Gemini and Vertex (their API references, read 2026-12-01).
 */
const unkept: ReadonlySet<string> = new Set([
  'cachedContent',
  'cached_content',
  'vector_store_ids',
  'collection_ids',
  'fileSearchStoreNames',
  'file_search_store_names',
  'ragCorpus',
  'rag_corpus',
  'datastore',
])

/** In a body that is not read yet: an escape may hide a letter. */
const marks = [
  '"file_id',
  '"ms://',
  '"fileUri"',
  '"file_uri"',
  'generativelanguage.googleapis.com',
  '"container',
  ...[...unkept].map((name) => `"${name}"`),
  '\\u00',
]

const mayName = (names: string): boolean => marks.some((mark) => names.includes(mark))

/** What programs write for themselves, and what models cited: no provider opens anything by it. */
const unread: ReadonlySet<string> = new Set([
  'parameters',
  'parametersJsonSchema',
  'parameters_json_schema',
  'responseSchema',
  'response_schema',
  'responseJsonSchema',
  'response_json_schema',
  'input_schema',
  'schema',
  'metadata',
  'arguments',
  'args',
  'response',
  'annotations',
  'results',
])

const isOwnInput = (key: string, { type }: Readonly<Record<string, unknown>>): boolean =>
  key === 'input' && typeof type === 'string' && type.endsWith('tool_use')

/** What a provider's own tool put out in an earlier turn, told again with the history: Claude's `bash_code_execution_output` and its like. */
const isToldAgain = ({ type }: Readonly<Record<string, unknown>>): boolean =>
  typeof type === 'string' && /^(?:\w+_)?code_execution_output$/.test(type)

/** Kimi opens pictures and films by `ms://ID` (https://platform.moonshot.cn/docs/api/files, read 2026-11-29). */
const moonshotForm = /^ms:\/\/(?:file\/)?([\w-]+)$/
/** Gemini opens what its file store has by the address that it gave for it (https://ai.google.dev/gemini-api/docs/files, read 2026-12-01). */
const geminiForm = /^https?:\/\/generativelanguage\.googleapis\.com(?::\d+)?\/(?:\w+\/)*files\/([\w-]+)(?:[:?#]\S*)?$/i
/** The end of that address, where nothing but a file is named. */
const geminiName = /^files\/([\w-]+)$/

/** Members that hold what is said: an address in them is opened by nobody. */
const words: ReadonlySet<string> = new Set(['text', 'content', 'input', 'instructions'])

const fileAt = (field: string, value: string): string | undefined => {
  if (field === 'file_id' || field === 'file_ids') return value
  const name = field === 'fileUri' || field === 'file_uri' ? geminiName.exec(value) : null
  const id = (name ?? moonshotForm.exec(value) ?? geminiForm.exec(value))?.[1]
  return words.has(field) ? undefined : id
}

/**
 * Also in what was told before: OpenAI goes on in the container of an earlier call of its code interpreter
 * (https://developers.openai.com/api/docs/guides/tools-code-interpreter, from memory).
 */
const containerAt = (field: string, value: unknown): string | undefined => {
  const id = field === 'container' && isObject(value) ? value['id'] : value
  return (field === 'container' || field === 'container_id') && typeof id === 'string' && id !== '' ? id : undefined
}

const namedAt = (field: string, value: unknown): readonly Named[] => {
  if (Array.isArray(value)) return value.flatMap((one) => (typeof one === 'string' ? namedAt(field, one) : []))
  const container = containerAt(field, value)
  if (container !== undefined) return [{ kind: 'container', id: container, field }]
  if (typeof value !== 'string') return []
  if (unkept.has(field)) return value === '' ? [] : [{ kind: 'unkept', id: value, field }]
  const file = fileAt(field, value)
  return file === undefined ? [] : [{ kind: 'file', id: file, field: 'file_id' }]
}

type Found = Map<string, Named>

const collect = (value: unknown, found: Found, depth: number): void => {
  if (depth > depthMax) return
  if (Array.isArray(value)) for (const one of value) collect(one, found, depth + 1)
  if (!isObject(value) || isToldAgain(value)) return
  for (const [field, inner] of Object.entries(value)) {
    if (unread.has(field) || isOwnInput(field, value)) continue
    for (const named of namedAt(field, inner)) found.set(`${named.kind} ${named.id}`, named)
    collect(inner, found, depth + 1)
  }
}

/** Everything that a call names, each once. */
export const namedBy = (call: Call): readonly Named[] => {
  if (call.payload.kind !== 'json' || !mayName(call.payload.top.names())) return []
  const found: Found = new Map()
  collect(call.body(), found, 0)
  return [...found.values()]
}

/** The containers that a piece of an answer tells of. */
export const containersIn = (value: Json): readonly string[] => {
  const found: Found = new Map()
  collect(value, found, 0)
  return [...found.values()].flatMap(({ kind, id }) => (kind === 'container' ? [id] : []))
}
