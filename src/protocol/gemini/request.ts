/**
 * A caller's request to Gemini's API: the model and what is asked of it stand in the path, `models/MODEL:generateContent`.
 * https://ai.google.dev/api/generate-content, read 2026-11-28.
 */

import { Buffer } from 'node:buffer'
import { parseExactly } from '#base/exact-json.ts'
import type { TopLevel } from '#base/json.ts'
import { hasMember, readMember, scanTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import type { Call, CallKind } from '#protocol/call.ts'
import { textBytes } from '#protocol/openai/text-bytes.ts'
import type { ProtocolName } from '#protocol/protocol.ts'

/** What stands behind the colon, and with `?alt=sse` a stream of events instead of an array that grows. */
export const streamOfEvents = 'streamGenerateContent?alt=sse'
export const streamOfArray = 'streamGenerateContent'

export type GeminiShape = {
  readonly name: ProtocolName
  readonly kind: CallKind
  /** Methods that this is for. */
  readonly methods: readonly string[]
  /** The member that must be there, and be a list. */
  readonly required: string
}

const placeOf = (path: string): { readonly model: string; readonly method: string } => {
  const match = /\/(?:models|tunedModels)\/(.+):(\w+)$/.exec(path) ?? /^\/v1beta\/(.+):(\w+)$/.exec(path)
  const [, model = '', method = ''] = match ?? []
  return { model: decodeURIComponent(model), method }
}

const readTop = ({ body }: Inbound): TopLevel => {
  if (body.kind === 'form')
    throw new Problem('unsupported_media_type', { message: 'A form is not taken here. Send "application/json".' })
  return scanTopLevel(body.kind === 'none' ? Buffer.alloc(0) : body.bytes)
}

const wholeOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null

/** Google's JSON takes both spellings of a name. */
export const member = (object: JsonObject, camel: string): unknown =>
  object[camel] ?? object[camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]

const configOf = (top: TopLevel): JsonObject => {
  const value = readMember(top, 'generationConfig') ?? readMember(top, 'generation_config')
  return isObject(value) ? value : {}
}

const lazily = (source: Buffer): (() => JsonObject) => {
  let parsed: JsonObject | null = null
  return () => {
    parsed ??= parseExactly(source.toString('utf8')) as JsonObject
    return parsed
  }
}

const missing = (field: string): never => {
  throw new Problem('invalid_request_error', {
    message: `'${field}' is missing, or is not a list. Send it as the API has it.`,
    param: field,
  })
}

/**
 * Reads a request of this shape; everything that is not looked at stays as it came.
 * @throws Problem `invalid_json`; `invalid_request_error` naming the field; `unsupported_media_type`.
 */
export const readGeminiCall = (inbound: Inbound, shape: GeminiShape): Call => {
  const { model, method } = placeOf(inbound.path)
  const top = readTop(inbound)
  if (shape.required !== '' && typeof readMember(top, shape.required) !== 'object') missing(shape.required)
  const config = configOf(top)
  const stream = method === 'streamGenerateContent'
  const wantsEvents = stream && inbound.query.get('alt') === 'sse'
  const { source } = top
  return {
    id: inbound.id,
    protocol: shape.name,
    kind: shape.kind,
    endpoint: wantsEvents ? streamOfEvents : method === '' ? (shape.methods[0] ?? '') : method,
    model,
    models: [],
    stream,
    outputMax: wholeOf(member(config, 'maxOutputTokens')),
    choices: wholeOf(member(config, 'candidateCount')) ?? batchOf(top),
    payload: { kind: 'json', top },
    inputBytes: textBytes(source, top.names()),
    usageWish: { inStream: true, cost: false },
    body: lazily(source),
    warnings: [],
  }
}

/** Texts of a batch are answered one by one. */
const batchOf = (top: TopLevel): number => {
  const requests = hasMember(top, 'requests') ? readMember(top, 'requests') : null
  return Array.isArray(requests) ? Math.max(1, requests.length) : 1
}
