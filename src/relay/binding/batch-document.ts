/** What a document says of a batch, in either form. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { BindingForm } from '#resource/port.ts'

const ended: ReadonlySet<unknown> = new Set(['completed', 'failed', 'expired', 'cancelled', 'ended'])

/** Whether nothing more will come of it: OpenAI's `status`, Anthropic's `processing_status`. */
export const hasEnded = (document: JsonObject): boolean =>
  ended.has(document['status']) || ended.has(document['processing_status'])

/** The files that its results are in, by the provider's ids. */
export const resultFiles = ({ output_file_id: output, error_file_id: errors }: JsonObject): readonly string[] =>
  [output, errors].filter((id): id is string => typeof id === 'string' && id !== '')

/** The pair of OpenAI's `metadata` that says which call of Drover's made a thing; callers never see it. */
export const markName = 'drover_call'

/** The document without the mark; where nothing else was noted on it, with none. */
export const withoutMark = (document: JsonObject): JsonObject => {
  const { metadata } = document
  if (!isObject(metadata) || metadata[markName] === undefined) return document
  const { [markName]: _mark, ...others } = metadata
  return { ...document, metadata: Object.keys(others).length === 0 ? null : others }
}

/** The document without Drover's mark, and with the file that the caller gave in place of the one that went in. */
export const asCaller = (document: JsonObject, input: string | null): JsonObject => {
  const bare = withoutMark(document)
  return input === null || bare['input_file_id'] === undefined ? bare : { ...bare, input_file_id: input }
}

/** Where results are read: a provider's own address is of no use to the caller. */
export const withResultsAt = (document: JsonObject, url: string): JsonObject =>
  typeof document['results_url'] === 'string' ? { ...document, results_url: url } : document

/** One line of the results. */
export type Outcome = {
  readonly customId: string
  readonly status: number
  /** The answer; `null` = there is none: the line failed, was cancelled, or its time was over. */
  readonly body: JsonObject | null
  readonly requestId: string | null
  /** Why there is no answer, in the provider's words. */
  readonly failure: string | null
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

const failureOf = (value: unknown): string | null => {
  if (!isObject(value)) return textOf(value)
  const inner = isObject(value['error']) ? value['error'] : value
  return textOf(inner['message']) ?? textOf(inner['code']) ?? textOf(inner['type'])
}

const openaiOutcome = (line: JsonObject): Omit<Outcome, 'customId'> => {
  const { response, error } = line
  if (!isObject(response))
    return { status: 500, body: null, requestId: null, failure: failureOf(error) ?? 'no response' }
  const status = typeof response['status_code'] === 'number' ? response['status_code'] : 200
  const body = isObject(response['body']) ? response['body'] : null
  const requestId = textOf(response['request_id'])
  if (status < 300 && body !== null) return { status, body, requestId, failure: null }
  return {
    status: status < 300 ? 500 : status,
    body: null,
    requestId,
    failure: failureOf(body) ?? failureOf(error) ?? `status ${status}`,
  }
}

const anthropicOutcome = ({ result }: JsonObject): Omit<Outcome, 'customId'> => {
  const none = { status: 500, body: null, requestId: null }
  if (!isObject(result)) return { ...none, failure: 'no result' }
  const { type, message, error } = result
  if (type === 'succeeded' && isObject(message)) return { status: 200, body: message, requestId: null, failure: null }
  return { ...none, failure: failureOf(error) ?? textOf(type) ?? 'no answer' }
}

/** `null` = the line is no outcome. */
export const outcomeOf = (line: JsonObject, form: BindingForm): Outcome | null => {
  const customId = textOf(line['custom_id'])
  if (customId === null) return null
  return { customId, ...(form === 'openai' ? openaiOutcome(line) : anthropicOutcome(line)) }
}
