/** A caller's request of the OpenAI family: its bytes, and the few fields that the relay acts on. */

import { Buffer } from 'node:buffer'
import { parseExactly } from '#base/exact-json.ts'
import type { TopLevel } from '#base/json.ts'
import { readMember, scanTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Form, Inbound } from '#http/inbound.ts'
import type { Call, CallKind } from '#protocol/call.ts'
import type { ProtocolEndpoint, ProtocolName } from '#protocol/protocol.ts'
import { flag, object, refuse, requiredText, requireMember, texts, wholeNumber } from './request-field.ts'
import { textBytes } from './text-bytes.ts'

/** What an endpoint asks of a request. */
export type RequestShape = {
  readonly name: ProtocolName
  readonly kind: CallKind
  /** Paths behind the version; the first is used where the caller's path is none of them. */
  readonly endpoints: readonly [string, ...string[]]
  /** The model where the caller names none; `null` = one must be named. */
  readonly modelDefault: string | null
  /** Members that a JSON body must have. */
  readonly required: Readonly<Record<string, 'array' | 'anything'>>
  /** Whether a multipart form is taken too. */
  readonly form: boolean
  /** Fields that bound the output in tokens; the largest one given counts. */
  readonly outputMax: readonly string[]
  /** Fields that say how many answers are made; the largest one given counts. */
  readonly choices: readonly string[]
  /** The field whose list is answered item by item, each with as many choices; `null` = none. */
  readonly batch: string | null
}

/** Where callers send these requests, for the server's table. */
export const endpointsOf = ({ endpoints, form }: RequestShape): readonly ProtocolEndpoint[] =>
  endpoints.map((path) => ({ path, accepts: form ? ['json', 'form'] : ['json'] }))

/** OpenRouter takes three; more than this would make one call try every model there is. */
const modelsMax = 16

/** Reads one field: of JSON its parsed value, of a form its text. */
type Reading = (name: string) => unknown

const isJson = (contentType: string): boolean => {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return type === '' || type === 'application/json' || type.endsWith('+json')
}

const wrongMedia = (shape: RequestShape, contentType: string): never => {
  const wanted = shape.form ? '"application/json" or "multipart/form-data"' : '"application/json"'
  throw new Problem('unsupported_media_type', {
    message: `The content-type '${contentType.slice(0, 80)}' is not taken here. Send ${wanted}.`,
  })
}

const readTop = (inbound: Inbound, shape: RequestShape): TopLevel => {
  const { body } = inbound
  if (body.kind === 'form') return wrongMedia(shape, 'multipart/form-data')
  if (body.kind === 'none') return scanTopLevel(Buffer.alloc(0))
  return isJson(body.contentType) ? scanTopLevel(body.bytes) : wrongMedia(shape, body.contentType)
}

/** The fields of a form; a name that comes again, or ends in `[]`, gives a list. */
export const fieldsOf = (form: Form): Readonly<Record<string, string | readonly string[]>> => {
  const fields = new Map<string, string[]>()
  for (const part of form.parts) {
    if (part.kind !== 'field') continue
    const values = fields.get(part.name)
    if (values === undefined) fields.set(part.name, [part.value])
    else values.push(part.value)
  }
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length > 1 || name.endsWith('[]') ? values : (values[0] ?? '')]),
  )
}

/** A form's texts as the values that they stand for. */
const formReading =
  (fields: Readonly<Record<string, string | readonly string[]>>): Reading =>
  (name) => {
    const text = fields[name]
    if (typeof text !== 'string') return text
    if (name === 'stream') return text === 'true' ? true : text === 'false' ? false : text
    return /^-?\d{1,15}$/.test(text) ? Number(text) : text
  }

const endpointOf = (path: string, endpoints: RequestShape['endpoints']): string =>
  endpoints.find((endpoint) => path.endsWith(`/${endpoint}`)) ?? endpoints[0]

/** Negative numbers mean "no limit" to llama.cpp and LM Studio, so they are none. */
const largestOf = (read: Reading, names: readonly string[]): number | null => {
  const values = names.map((name) => wholeNumber(read(name), name)).filter((value) => value !== null)
  return values.length === 0 || values.some((value) => value < 0) ? null : Math.max(...values)
}

const choicesOf = (read: Reading, names: readonly string[]): number => {
  for (const name of names) {
    const count = wholeNumber(read(name), name)
    if (count !== null && count < 1) refuse(name, `'${name}' is ${count}; it must be at least 1.`)
  }
  return largestOf(read, names) ?? 1
}

/** A list of texts or of token lists is a batch; a list of tokens is one text. */
const batchOf = (value: unknown): number =>
  Array.isArray(value) && typeof value[0] !== 'number' ? Math.max(1, value.length) : 1

const modelOf = (value: unknown, modelDefault: string | null): string =>
  modelDefault !== null && (value === undefined || value === null) ? modelDefault : requiredText(value, 'model')

type Fields = Pick<Call, 'model' | 'models' | 'stream' | 'outputMax' | 'choices' | 'usageWish'>

const readFields = (read: Reading, shape: RequestShape): Fields => {
  const models = texts(read('models'), 'models', modelsMax)
  // As on OpenRouter, the first of a list is the model where none is named beside it.
  const model = modelOf(read('model') ?? models[0], shape.modelDefault)
  const stream = flag(read('stream'), 'stream')
  const streamOptions = object(read('stream_options'), 'stream_options')
  const usage = object(read('usage'), 'usage')
  object(read('provider'), 'provider')
  return {
    model,
    models,
    stream,
    outputMax: largestOf(read, shape.outputMax),
    choices: choicesOf(read, shape.choices) * (shape.batch === null ? 1 : batchOf(read(shape.batch))),
    usageWish: {
      inStream: flag(streamOptions?.['include_usage'], 'stream_options.include_usage'),
      cost: flag(usage?.['include'], 'usage.include'),
    },
  }
}

const readForm = (inbound: Inbound, form: Form, shape: RequestShape): Call => {
  const fields = fieldsOf(form)
  const inputBytes = Object.values(fields)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return {
    id: inbound.id,
    protocol: shape.name,
    kind: shape.kind,
    endpoint: endpointOf(inbound.path, shape.endpoints),
    ...readFields(formReading(fields), shape),
    payload: { kind: 'form', form },
    inputBytes,
    body: () => fields,
    warnings: [],
  }
}

/** `body` of a call, parsed at most once. */
const lazily = (source: Buffer): (() => JsonObject) => {
  let parsed: JsonObject | null = null
  return () => {
    parsed ??= parseExactly(source.toString('utf8')) as JsonObject
    return parsed
  }
}

/**
 * Reads a request of this shape. Everything that is not looked at stays as it came.
 * @throws Problem `invalid_json`; `invalid_request_error` with the field as `param`; `unsupported_media_type`.
 */
export const readRequest = (inbound: Inbound, shape: RequestShape): Call => {
  if (shape.form && inbound.body.kind === 'form') return readForm(inbound, inbound.body.form, shape)
  const top = readTop(inbound, shape)
  const fields = readFields((name) => readMember(top, name), shape)
  for (const [name, expected] of Object.entries(shape.required)) requireMember(top, name, expected)
  return {
    id: inbound.id,
    protocol: shape.name,
    kind: shape.kind,
    endpoint: endpointOf(inbound.path, shape.endpoints),
    ...fields,
    payload: { kind: 'json', top },
    inputBytes: textBytes(top.source, top.names()),
    body: lazily(top.source),
    warnings: [],
  }
}
