/**
 * A strict provider that keeps files as OpenAI does (https://github.com/openai/openai-openapi: `/files`, read 2026-11-29), or as Anthropic
 * does under `anthropic-version`: whoever has its one key sees all that is there.
 */

import { strict as assert } from 'node:assert'
import type { ServerResponse } from 'node:http'
import type { Exchange, Seen } from './upstream.ts'

export type KeptFile = {
  readonly id: string
  readonly filename: string
  readonly purpose: string
  readonly bytes: Buffer
  readonly createdSeconds: number
}

const purposes: ReadonlySet<string> = new Set([
  'assistants',
  'batch',
  'fine-tune',
  'vision',
  'user_data',
  'evals',
  'file-extract',
])

export const answerJson = (response: ServerResponse, status: number, value: unknown): void => {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

export type Refusal = { readonly status: number; readonly message: string; readonly param?: string }

export const refuse = (response: ServerResponse, { status, message, param }: Refusal): void =>
  answerJson(response, status, {
    error: {
      message,
      type: 'invalid_request_error',
      param: param ?? null,
      code: status === 404 ? null : 'invalid_value',
    },
  })

export type FormFields = ReadonlyMap<string, { readonly filename: string | null; readonly bytes: Buffer }>

/** The parts of a form (RFC 7578); fails the exchange where it is none. */
export const readForm = ({ headers, body }: Seen): FormFields => {
  const boundary = /^multipart\/form-data;\s*boundary=(\S+)$/.exec(headers['content-type'] ?? '')?.[1]
  assert.ok(boundary !== undefined, `no form: ${headers['content-type']}`)
  const text = body.toString('latin1')
  assert.ok(text.endsWith(`--${boundary}--\r\n`), 'the form has an end')
  const fields = new Map<string, { readonly filename: string | null; readonly bytes: Buffer }>()
  for (const part of text.split(`--${boundary}\r\n`).slice(1)) {
    const end = part.indexOf('\r\n\r\n')
    const head = part.slice(0, end)
    const name = /name="([^"]*)"/.exec(head)?.[1] ?? ''
    const filename = /filename="([^"]*)"/.exec(head)?.[1] ?? null
    const value = part.slice(end + 4).replace(/\r\n(?:--.*--\r\n)?$/s, '')
    fields.set(name, { filename, bytes: Buffer.from(value, 'latin1') })
  }
  return fields
}

export type FileShelf = {
  readonly files: ReadonlyMap<string, KeptFile>
  readonly keep: (file: Pick<KeptFile, 'filename' | 'purpose' | 'bytes'>) => KeptFile
  readonly drop: (id: string) => void
  /** Answers what is about files; gives whether it was. */
  readonly answer: (exchange: Exchange) => boolean
}

const documentOf = ({ id, filename, purpose, bytes, createdSeconds }: KeptFile): object => ({
  object: 'file',
  id,
  purpose,
  filename,
  bytes: bytes.length,
  created_at: createdSeconds,
  expires_at: null,
  status: 'processed',
  status_details: null,
})

const anthropicOf = ({ id, filename, bytes, createdSeconds }: KeptFile): object => ({
  id,
  type: 'file',
  filename,
  mime_type: 'application/octet-stream',
  size_bytes: bytes.length,
  created_at: new Date(createdSeconds * 1_000).toISOString(),
  downloadable: true,
})

/** `prefix` begins every id: two shelves have none in common. */
export function fileShelf(prefix = 'file-of-the-fake-'): FileShelf {
  const files = new Map<string, KeptFile>()
  let made = 0

  const keep: FileShelf['keep'] = (file) => {
    made += 1
    const kept = { ...file, id: `${prefix}${made}`, createdSeconds: 1_790_000_000 + made }
    files.set(kept.id, kept)
    return kept
  }

  const upload = ({ seen, response }: Exchange, isAnthropic: boolean): void => {
    const fields = readForm(seen)
    const file = fields.get('file')
    const purpose = fields.get('purpose')?.bytes.toString() ?? ''
    if (file === undefined || file.filename === null) {
      refuse(response, { status: 400, message: 'No file given.', param: 'file' })
      return
    }
    if (!isAnthropic && !purposes.has(purpose)) {
      refuse(response, { status: 400, message: `Invalid purpose '${purpose}'.`, param: 'purpose' })
      return
    }
    if (isAnthropic && !/files-api-2025-04-14/.test(String(seen.headers['anthropic-beta']))) {
      refuse(response, { status: 400, message: 'The beta header is missing.' })
      return
    }
    const kept = keep({ filename: file.filename, purpose, bytes: file.bytes })
    answerJson(response, 200, isAnthropic ? anthropicOf(kept) : documentOf(kept))
  }

  const answer: FileShelf['answer'] = (exchange) => {
    const { seen, response } = exchange
    const isAnthropic = seen.headers['anthropic-version'] !== undefined
    const match = /^\/v1\/files(?:\/([^/?]+)(\/content)?)?(?:\?.*)?$/.exec(seen.target)
    if (match === null) return false
    const [, id, content] = match
    if (id === undefined) {
      if (seen.method === 'POST') upload(exchange, isAnthropic)
      else answerJson(response, 200, { object: 'list', data: [...files.values()].map(documentOf), has_more: false })
      return true
    }
    const file = files.get(decodeURIComponent(id))
    if (file === undefined) refuse(response, { status: 404, message: `No such File object: ${id}`, param: 'id' })
    else if (content !== undefined) {
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${file.filename}"`,
        'content-length': file.bytes.length,
        'openai-organization': 'org-of-the-operator',
      })
      response.end(file.bytes)
    } else if (seen.method === 'DELETE') {
      files.delete(file.id)
      answerJson(response, 200, isAnthropic ? { id, type: 'file_deleted' } : { object: 'file', id, deleted: true })
    } else answerJson(response, 200, isAnthropic ? anthropicOf(file) : documentOf(file))
    return true
  }
  return { files, keep, drop: (id) => void files.delete(id), answer }
}
