/** Reads recorded exchanges where they lie and answers as the provider did. The files are never part of the project. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cutAt, stream, whole } from './answer.ts'
import type { Script } from './upstream.ts'

/** One line of the index beside the recordings. */
export type IndexRow = {
  readonly file: string
  readonly provider: string
  readonly api: string
  readonly model: string | null
  readonly stream: boolean
  readonly status: number
  readonly features: readonly string[]
}

type RecordedBody = {
  readonly body?: unknown
  readonly text?: string
  readonly body_base64?: string
}

export type Recording = {
  readonly id: string
  readonly provider: string
  readonly api: string
  readonly model: string | null
  readonly stream: boolean
  readonly features: readonly string[]
  /** `null` where only the answer is known. */
  readonly request:
    | (RecordedBody & {
        readonly method: string
        readonly path: string
        readonly headers: Readonly<Record<string, string>>
      })
    | null
  readonly response: RecordedBody & {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly sse?: string
    readonly ndjson?: string
    readonly network_chunk_bytes?: readonly number[]
  }
}

/** The index of all recordings under this folder. */
export function readIndex(folder: string): readonly IndexRow[] {
  const lines = readFileSync(join(folder, 'index.jsonl'), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as IndexRow)
}

export const readRecording = (folder: string, file: string): Recording =>
  JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording

/**
 * A body that is kept as text. Some projects kept JSON in base64 to spare its line ends; the provider sent what is
 * inside, which is more than the value: spaces and blank lines as they were.
 */
function textBytes(text: string, contentType: string): Buffer {
  if (!contentType.includes('json') || !/^[A-Za-z0-9+/\s]+=*\s*$/.test(text)) return Buffer.from(text)
  return Buffer.from(text, 'base64')
}

/** The bytes that the provider sent. A JSON body is known by its value only; it is written in one fixed way. */
export function responseBytes({ response }: Recording): Buffer {
  if (response.sse !== undefined) return Buffer.from(response.sse)
  if (response.ndjson !== undefined) return Buffer.from(response.ndjson)
  if (response.text !== undefined) return textBytes(response.text, response.headers['content-type'] ?? '')
  if (response.body_base64 !== undefined) return Buffer.from(response.body_base64, 'base64')
  return Buffer.from(JSON.stringify(response.body))
}

/** How to cut the answer: as it arrived when it was recorded, or at these lengths. */
export type Cut = 'recorded' | readonly number[]

// The fake's own framing decides these.
const framingHeaders = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'date',
  'content-encoding',
])

/** The script that answers as recorded: status, headers and bytes, cut as told. */
export function replay(recording: Recording, cut: Cut = 'recorded'): Script {
  const { response } = recording
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (!framingHeaders.has(name)) headers[name] = value
  }
  const bytes = responseBytes(recording)
  const head = { status: response.status, headers }
  if (cut !== 'recorded') return stream(cutAt(bytes, cut), head)
  if (response.sse === undefined && response.ndjson === undefined) return whole(bytes, head)
  return stream(cutAt(bytes, response.network_chunk_bytes ?? []), head)
}
