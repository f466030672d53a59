/**
 * Batches as OpenAI has them (https://github.com/openai/openai-openapi: `/batches`, read 2026-11-29): strict about every line, and ended only
 * when the test says how.
 */

import { strict as assert } from 'node:assert'
import type { FileShelf } from './file-shelf.ts'
import { answerJson, refuse } from './file-shelf.ts'
import type { Exchange } from './upstream.ts'

export type BatchLine = {
  readonly custom_id: string
  readonly method: string
  readonly url: string
  readonly body: { readonly model: string } & Readonly<Record<string, unknown>>
}

type Batch = { -readonly [K in keyof BatchDocument]: BatchDocument[K] }
type BatchDocument = {
  readonly id: string
  readonly object: 'batch'
  readonly endpoint: string
  readonly input_file_id: string
  readonly completion_window: string
  readonly status: string
  readonly output_file_id: string | null
  readonly error_file_id: string | null
  readonly created_at: number
  readonly metadata: unknown
  readonly request_counts: { readonly total: number; readonly completed: number; readonly failed: number }
}

export type Ending = {
  readonly status?: 'completed' | 'failed' | 'expired' | 'cancelled'
  /** Tokens in and out of an answered line; `null` = the line failed. Absent: 100 and 10. */
  readonly usageOf?: (line: BatchLine, index: number) => readonly [input: number, output: number] | null
  /** Lines that were not begun. */
  readonly left?: number
}

export type BatchShelf = {
  readonly batches: ReadonlyMap<string, BatchDocument>
  readonly linesOf: (id: string) => readonly BatchLine[]
  readonly end: (id: string, ending?: Ending) => void
  readonly answer: (exchange: Exchange) => boolean
}

const usual = (): readonly [number, number] => [100, 10]

const answered = (line: BatchLine, [input, output]: readonly [number, number]): object => ({
  id: `batch_req_${line.custom_id}`,
  custom_id: line.custom_id,
  response: {
    status_code: 200,
    request_id: `req_${line.custom_id}`,
    body: {
      id: `chatcmpl-${line.custom_id}`,
      object: 'chat.completion',
      created: 1_790_000_000,
      model: `${line.body.model}-2026-01-01`,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Fine.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
      service_tier: 'default',
    },
  },
  error: null,
})

const failed = (line: BatchLine): object => ({
  id: `batch_req_${line.custom_id}`,
  custom_id: line.custom_id,
  response: {
    status_code: 400,
    request_id: 'r',
    body: { error: { message: 'Bad line.', type: 'invalid_request_error' } },
  },
  error: null,
})

const unbegun = (line: BatchLine): object => ({
  id: `batch_req_${line.custom_id}`,
  custom_id: line.custom_id,
  response: null,
  error: { code: 'batch_expired', message: 'This request could not be executed before the completion window expired.' },
})

const jsonl = (lines: readonly object[]): Buffer =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))

/** Lines as they must be; the first fault as text. */
const faultIn = (lines: readonly BatchLine[], endpoint: string, models: ReadonlySet<string>): string | null => {
  const seen = new Set<string>()
  for (const line of lines) {
    if (Object.keys(line).sort().join() !== 'body,custom_id,method,url') return 'unknown members'
    if (seen.has(line.custom_id)) return 'custom_id twice'
    seen.add(line.custom_id)
    if (line.method !== 'POST' || line.url !== endpoint) return 'wrong method or url'
    if (!models.has(line.body.model)) return `model_not_found: ${line.body.model}`
    if (line.body.model !== lines[0]?.body.model) return 'mismatched_model'
  }
  return lines.length === 0 ? 'empty file' : null
}

/** `models`: those that the provider knows, by its own names. `silent`: batches are made, and nothing is answered. */
export function batchShelf(
  files: FileShelf,
  models: readonly string[],
  { prefix = 'batch_of_the_fake_', silent = false }: { readonly prefix?: string; readonly silent?: boolean } = {},
): BatchShelf {
  const batches = new Map<string, Batch>()
  const known = new Set(models)

  const linesOf = (id: string): readonly BatchLine[] => {
    const file = files.files.get(batches.get(id)?.input_file_id ?? '')
    const text = file?.bytes.toString() ?? ''
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as BatchLine)
  }

  const create = ({ seen, response }: Exchange): void => {
    const body = JSON.parse(seen.body.toString()) as Record<string, unknown>
    const file = files.files.get(String(body['input_file_id']))
    if (file === undefined || file.purpose !== 'batch') {
      refuse(response, { status: 400, message: 'Invalid input_file_id.', param: 'input_file_id' })
      return
    }
    if (body['completion_window'] !== '24h') {
      refuse(response, { status: 400, message: 'Invalid completion_window.', param: 'completion_window' })
      return
    }
    const id = `${prefix}${batches.size + 1}`
    batches.set(id, {
      id,
      object: 'batch',
      endpoint: String(body['endpoint']),
      input_file_id: file.id,
      completion_window: '24h',
      status: 'validating',
      output_file_id: null,
      error_file_id: null,
      created_at: 1_790_000_000,
      metadata: body['metadata'] ?? null,
      request_counts: { total: 0, completed: 0, failed: 0 },
    })
    const fault = faultIn(linesOf(id), String(body['endpoint']), known)
    assert.equal(fault, null, `the input file is not one that the provider takes: ${fault}`)
    if (!silent) answerJson(response, 200, batches.get(id))
  }

  const end: BatchShelf['end'] = (id, { status = 'completed', usageOf = usual, left = 0 } = {}) => {
    const batch = batches.get(id)
    assert.ok(batch !== undefined, `there is no batch ${id}`)
    const lines = linesOf(id)
    const begun = lines.slice(0, lines.length - left)
    const used = begun.map((line, index) => ({ line, usage: usageOf(line, index) }))
    const good = used.flatMap(({ line, usage }) => (usage === null ? [] : [answered(line, usage)]))
    const bad = [
      ...used.flatMap(({ line, usage }) => (usage === null ? [failed(line)] : [])),
      ...lines.slice(begun.length).map(unbegun),
    ]
    batch.status = status
    batch.request_counts = { total: lines.length, completed: good.length, failed: bad.length }
    const keep = (bytes: Buffer): string => files.keep({ filename: `${id}.jsonl`, purpose: 'batch_output', bytes }).id
    if (good.length > 0) batch.output_file_id = keep(jsonl(good))
    if (bad.length > 0) batch.error_file_id = keep(jsonl(bad))
  }

  const answer: BatchShelf['answer'] = (exchange) => {
    const { seen, response } = exchange
    const match = /^\/v1\/batches(?:\/([^/?]+)(\/cancel)?)?(?:\?.*)?$/.exec(seen.target)
    if (match === null) return false
    const [, id, cancel] = match
    if (id === undefined) {
      if (seen.method === 'POST') create(exchange)
      else answerJson(response, 200, { object: 'list', data: [...batches.values()], has_more: false })
      return true
    }
    const batch = batches.get(id)
    if (batch === undefined) refuse(response, { status: 404, message: `No batch found with id '${id}'.` })
    else {
      if (cancel !== undefined) batch.status = 'cancelling'
      answerJson(response, 200, batch)
    }
    return true
  }
  return { batches, linesOf, end, answer }
}
