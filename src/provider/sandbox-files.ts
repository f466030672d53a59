/** Files of the sandbox, in OpenAI's and Anthropic's form: kept as they came. */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { rfc3339 } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { UpstreamRequest } from '#http/transport.ts'
import { wholeForm } from './sandbox-form.ts'
import { collect } from './sandbox-request.ts'
import type { SandboxShelf } from './sandbox-shelf.ts'
import { sandboxFileBytesMax } from './sandbox-shelf.ts'

/** What the sandbox answers about what it keeps. */
export type ShelfAnswer = { readonly contentType: string; readonly bytes: Buffer }

export type ShelfQuestion = {
  readonly request: UpstreamRequest
  readonly shelf: SandboxShelf
  readonly nowMs: number
  /** Behind the version: `['files', 'file-1', 'content']`. */
  readonly steps: readonly string[]
  readonly isAnthropic: boolean
}

export const refused = (message: string, param: string | null = null): Problem =>
  new Problem('invalid_request_error', { message, param, facts: { sandbox: true } })

export const unknown = (what: string, id: string): Problem =>
  new Problem('not_found', {
    message: `The sandbox has no ${what} '${id.slice(0, 100)}'. It keeps the newest of what test keys gave it.`,
    param: 'id',
    facts: { sandbox: true },
  })

export const jsonAnswer = (value: unknown): ShelfAnswer => ({
  contentType: 'application/json',
  bytes: Buffer.from(JSON.stringify(value)),
})

/** An id that nothing else has: of what it is for, when, and how many came before. */
export const newId = (prefix: string, { shelf, nowMs }: Pick<ShelfQuestion, 'shelf' | 'nowMs'>, of: string): string =>
  `${prefix}${createHash('sha256').update(`${of} ${nowMs} ${shelf.count()}`).digest('hex').slice(0, 24)}`

const expiresIn = (fields: ReadonlyMap<string, string>, nowMs: number): JsonObject => {
  const text = fields.get('expires_after[seconds]')
  if (text === undefined) return {}
  const seconds = Number(text)
  if (!Number.isInteger(seconds) || seconds < 3_600 || seconds > 2_592_000)
    throw refused("'expires_after[seconds]' must be from 3600 to 2592000.", 'expires_after')
  return { expires_at: Math.floor(nowMs / 1_000) + seconds }
}

type NewFile = {
  readonly filename: string
  readonly purpose: string
  readonly bytes: Buffer
  readonly contentType?: string
  readonly more?: JsonObject
}

/** Keeps a file; gives its document. */
export const keepFile = async (
  question: Pick<ShelfQuestion, 'shelf' | 'nowMs' | 'isAnthropic'> & { readonly id?: string },
  { filename, purpose, bytes, contentType = 'application/octet-stream', more = {} }: NewFile,
): Promise<JsonObject> => {
  const { shelf, nowMs, isAnthropic } = question
  const id = question.id ?? newId(isAnthropic ? 'file_' : 'file-', question, filename)
  const document: JsonObject = isAnthropic
    ? {
        id,
        type: 'file',
        filename,
        mime_type: contentType,
        size_bytes: bytes.length,
        created_at: rfc3339(nowMs),
        downloadable: true,
      }
    : {
        id,
        object: 'file',
        bytes: bytes.length,
        created_at: Math.floor(nowMs / 1_000),
        filename,
        purpose,
        status: 'processed',
        ...more,
      }
  await shelf.put(id, document, bytes)
  return document
}

const upload = async (question: ShelfQuestion): Promise<ShelfAnswer> => {
  const { request, nowMs, isAnthropic } = question
  if (request.body.kind !== 'stream') throw refused('Send the file as multipart/form-data.', 'file')
  const form = await wholeForm(request.body.open(), request.headers['content-type'] ?? '', sandboxFileBytesMax)
  const fields = new Map(
    form.parts.flatMap((part) => (part.kind === 'field' ? [[part.name, part.value] as const] : [])),
  )
  const file = form.parts.find((part) => part.kind === 'file' && part.name === 'file')
  if (file?.kind !== 'file') throw refused("The form has no file 'file'.", 'file')
  const purpose = fields.get('purpose') ?? ''
  if (!isAnthropic && purpose === '') throw refused("'purpose' is missing.", 'purpose')
  const bytes = await collect(file.open())
  const { filename, contentType } = file
  const more = isAnthropic ? {} : expiresIn(fields, nowMs)
  return jsonAnswer(await keepFile(question, { filename: filename ?? 'file', purpose, bytes, contentType, more }))
}

/** @throws Problem `not_found`. */
export const answerFiles = async (question: ShelfQuestion): Promise<ShelfAnswer> => {
  const { request, shelf, steps, isAnthropic } = question
  const [, id, behind] = steps
  if (id === undefined) {
    if (request.method === 'POST') return upload(question)
    throw new Problem('method_not_allowed', { message: 'The sandbox lists nothing.', facts: { sandbox: true } })
  }
  const document = await shelf.document(id)
  if (document === null) throw unknown('file', id)
  if (behind === 'content')
    return { contentType: 'application/octet-stream', bytes: (await shelf.bytes(id)) ?? Buffer.alloc(0) }
  if (request.method !== 'DELETE') return jsonAnswer(document)
  await shelf.drop(id)
  return jsonAnswer(isAnthropic ? { id, type: 'file_deleted' } : { id, object: 'file', deleted: true })
}
