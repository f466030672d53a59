/**
 * Batches of the sandbox, in OpenAI's and Anthropic's form: made at once, run when they are looked at for the first time, each line
 * answered as the call that it is. `metadata.sandbox` asks for another end: `in_progress`, `failed` or `expired`.
 */

import { Buffer } from 'node:buffer'
import { rfc3339 } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { asProblem } from '#base/problem.ts'
import type { ShelfAnswer, ShelfQuestion } from './sandbox-files.ts'
import { jsonAnswer, keepFile, newId, refused, unknown } from './sandbox-files.ts'
import { collect } from './sandbox-request.ts'

/** Of a batch of the sandbox. */
const linesMax = 1_000
const windowMs = 86_400_000

/** Answers one call: a document of the format that was asked in. Throws Problem. */
export type RunLine = (path: string, body: Buffer) => Promise<JsonObject>

export type BatchQuestion = ShelfQuestion & { readonly run: RunLine }

type Line = { readonly custom_id: string; readonly url: string; readonly body: JsonObject }

const seconds = (nowMs: number): number => Math.floor(nowMs / 1_000)

const bodyOf = async ({ request }: ShelfQuestion): Promise<JsonObject> => {
  const { body } = request
  const bytes = body.kind === 'bytes' ? Buffer.from(body.bytes) : Buffer.alloc(0)
  const value: unknown = JSON.parse((body.kind === 'stream' ? await collect(body.open()) : bytes).toString('utf8'))
  if (isObject(value)) return value
  throw refused('The body is no JSON object.')
}

const linesIn = (text: string): readonly Line[] => {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length > linesMax) throw refused(`A batch of the sandbox has at most ${linesMax} lines.`, 'input_file_id')
  return lines.map((line) => JSON.parse(line) as Line)
}

const wishOf = ({ metadata }: JsonObject): unknown => (isObject(metadata) ? metadata['sandbox'] : undefined)

const create = async (question: BatchQuestion): Promise<ShelfAnswer> => {
  const { shelf, nowMs, isAnthropic } = question
  const body = await bodyOf(question)
  const id = newId(isAnthropic ? 'msgbatch_' : 'batch_', question, 'batch')
  if (isAnthropic) {
    const requests = Array.isArray(body['requests']) ? body['requests'] : []
    if (requests.length > linesMax)
      throw refused(`A batch of the sandbox has at most ${linesMax} requests.`, 'requests')
    const document = messageBatch(id, nowMs, { processing: requests.length })
    await shelf.put(id, document, Buffer.from(JSON.stringify(requests)))
    return jsonAnswer(document)
  }
  const input = String(body['input_file_id'] ?? '')
  const bytes = await shelf.bytes(input)
  if (bytes === null) throw unknown('file', input)
  if (body['completion_window'] !== '24h') throw refused('\'completion_window\' must be "24h".', 'completion_window')
  const total = linesIn(bytes.toString('utf8')).length
  const document: JsonObject = {
    id,
    object: 'batch',
    endpoint: body['endpoint'],
    errors: null,
    input_file_id: input,
    completion_window: '24h',
    status: 'validating',
    output_file_id: null,
    error_file_id: null,
    created_at: seconds(nowMs),
    expires_at: seconds(nowMs + windowMs),
    request_counts: { total, completed: 0, failed: 0 },
    metadata: body['metadata'] ?? null,
  }
  await shelf.put(id, document, bytes)
  return jsonAnswer(document)
}

const failureOf = (thrown: unknown): { readonly status: number; readonly error: JsonObject } => {
  const problem = asProblem(thrown)
  const error = {
    message: problem.message,
    type: problem.row.type,
    param: problem.detail.param ?? null,
    code: problem.code,
  }
  return { status: problem.status, error }
}

type Ran = { readonly good: readonly object[]; readonly bad: readonly object[] }

const runLines = async ({ run }: BatchQuestion, lines: readonly Line[], left: number): Promise<Ran> => {
  const [good, bad]: [object[], object[]] = [[], []]
  for (const [index, { custom_id, url, body }] of lines.entries()) {
    const head = { id: `batch_req_${index}`, custom_id }
    if (index >= lines.length - left) {
      bad.push({
        ...head,
        response: null,
        error: { code: 'batch_expired', message: 'Its time was over before it began.' },
      })
      continue
    }
    try {
      const answer = await run(url.replace(/^\/v1\//, ''), Buffer.from(JSON.stringify(body)))
      good.push({ ...head, response: { status_code: 200, request_id: `sandbox-${index}`, body: answer }, error: null })
    } catch (thrown) {
      const { status, error } = failureOf(thrown)
      bad.push({
        ...head,
        response: { status_code: status, request_id: `sandbox-${index}`, body: { error } },
        error: null,
      })
    }
  }
  return { good, bad }
}

const jsonl = (lines: readonly object[]): Buffer =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))

/** Runs a batch that has only been made, and keeps its results. */
const finish = async (question: BatchQuestion, document: JsonObject): Promise<JsonObject> => {
  const { shelf, nowMs } = question
  const id = String(document['id'])
  const wish = wishOf(document)
  if (wish === 'in_progress') return { ...document, status: 'in_progress' }
  if (wish === 'failed') return { ...document, status: 'failed', failed_at: seconds(nowMs) }
  const lines = linesIn(((await shelf.bytes(id)) ?? Buffer.alloc(0)).toString('utf8'))
  const { good, bad } = await runLines(question, lines, wish === 'expired' ? Math.ceil(lines.length / 2) : 0)
  const kept = async (name: string, of: readonly object[]): Promise<string | null> => {
    if (of.length === 0) return null
    const file = { filename: `${id}_${name}.jsonl`, purpose: 'batch_output', bytes: jsonl(of) }
    const fileId = `file-${id.slice(6)}-${name}`
    await keepFile({ shelf, nowMs, isAnthropic: false, id: fileId }, file)
    return fileId
  }
  return {
    ...document,
    status: wish === 'expired' ? 'expired' : 'completed',
    [wish === 'expired' ? 'expired_at' : 'completed_at']: seconds(nowMs),
    output_file_id: await kept('output', good),
    error_file_id: await kept('error', bad),
    request_counts: { total: lines.length, completed: good.length, failed: bad.length },
  }
}

const running: ReadonlySet<unknown> = new Set(['validating', 'in_progress'])

const openaiBatch = async (question: BatchQuestion): Promise<ShelfAnswer> => {
  const { shelf, steps, request, nowMs } = question
  const [, id, behind] = steps
  if (id === undefined) return create(question)
  const document = await shelf.document(id)
  if (document === null || document['object'] !== 'batch') throw unknown('batch', id)
  const isRunning = running.has(document['status'])
  if (behind === 'cancel' && request.method === 'POST') {
    if (!isRunning) throw refused(`Batch '${id}' has ended: ${document['status']}.`)
    const cancelled = { ...document, status: 'cancelled', cancelled_at: seconds(nowMs) }
    await shelf.put(id, cancelled)
    return jsonAnswer(cancelled)
  }
  if (!isRunning) return jsonAnswer(document)
  const now = await finish(question, document)
  await shelf.put(id, now)
  return jsonAnswer(now)
}

type Counts = Partial<Record<'processing' | 'succeeded' | 'errored' | 'canceled' | 'expired', number>>

const messageBatch = (id: string, nowMs: number, counts: Counts): JsonObject => ({
  id,
  type: 'message_batch',
  processing_status: 'in_progress',
  request_counts: { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0, ...counts },
  ended_at: null,
  created_at: rfc3339(nowMs),
  expires_at: rfc3339(nowMs + windowMs),
  archived_at: null,
  cancel_initiated_at: null,
  results_url: null,
})

type MessageRequest = { readonly custom_id: string; readonly params: JsonObject }

const runMessages = async ({ run }: BatchQuestion, requests: readonly MessageRequest[]) => {
  const [results, counts] = [[] as object[], { succeeded: 0, errored: 0 }]
  for (const { custom_id, params } of requests)
    try {
      const message = await run('messages', Buffer.from(JSON.stringify(params)))
      results.push({ custom_id, result: { type: 'succeeded', message } })
      counts.succeeded += 1
    } catch (thrown) {
      const { error } = failureOf(thrown)
      const inner = { type: 'invalid_request_error', message: error['message'] }
      results.push({ custom_id, result: { type: 'errored', error: { type: 'error', error: inner } } })
      counts.errored += 1
    }
  return { results, counts }
}

const anthropicBatch = async (question: BatchQuestion): Promise<ShelfAnswer> => {
  const { shelf, request, nowMs } = question
  const [, , id, behind] = question.steps
  if (id === undefined) return create(question)
  const document = await shelf.document(id)
  if (document === null || document['type'] !== 'message_batch') throw unknown('batch', id)
  if (behind === 'results') {
    const bytes = await shelf.bytes(`${id}-results`)
    if (bytes === null) throw unknown('results of batch', id)
    return { contentType: 'application/x-jsonl', bytes }
  }
  if (request.method === 'DELETE') {
    await Promise.all([shelf.drop(id), shelf.drop(`${id}-results`)])
    return jsonAnswer({ id, type: 'message_batch_deleted' })
  }
  if (document['processing_status'] !== 'in_progress') return jsonAnswer(document)
  const requests = JSON.parse(((await shelf.bytes(id)) ?? Buffer.from('[]')).toString('utf8')) as MessageRequest[]
  const isCancelled = behind === 'cancel'
  const { results, counts } = isCancelled
    ? {
        results: requests.map(({ custom_id }) => ({ custom_id, result: { type: 'canceled' } })),
        counts: { canceled: requests.length },
      }
    : await runMessages(question, requests)
  await shelf.put(`${id}-results`, { id }, jsonl(results))
  const now = {
    ...messageBatch(id, nowMs, counts),
    created_at: document['created_at'],
    expires_at: document['expires_at'],
    processing_status: 'ended',
    ended_at: rfc3339(nowMs),
    ...(isCancelled ? { cancel_initiated_at: rfc3339(nowMs) } : {}),
    results_url: `https://sandbox.invalid/v1/messages/batches/${id}/results`,
  }
  await shelf.put(id, now)
  return jsonAnswer(now)
}

/** `null` = it is about something else. Throws Problem. */
export const answerBatches = (question: BatchQuestion): Promise<ShelfAnswer> | null => {
  const [first, second] = question.steps
  if (first === 'batches') return openaiBatch(question)
  return first === 'messages' && second === 'batches' ? anthropicBatch(question) : null
}
