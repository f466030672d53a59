/** The admin API: operations over HTTP, under /api/v1. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { isObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { Answer, Inbound } from '#http/inbound.ts'
import { problemAnswer } from '#http/problem-answer.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { fieldsOf, valueFromText } from './field.ts'
import { openApiOf } from './openapi.ts'
import type { Actor, AdminPorts, Operation, Visit } from './operation.ts'
import { runOperation } from './run.ts'

/** What a row of the endpoint table leads to. */
export type AdminEndpoint =
  | { readonly kind: 'operation'; readonly operation: Operation }
  /** The OpenAPI document; open to everybody, as it says nothing of this server. */
  | { readonly kind: 'openapi' }

export type AdminRequest = {
  readonly endpoint: AdminEndpoint
  /** Values of the names in the path, percent-decoded. */
  readonly parameters: Readonly<Record<string, string>>
  readonly inbound: Pick<Inbound, 'id' | 'origin' | 'query' | 'body'> & Partial<Pick<Inbound, 'headers'>>
  /** Who asks; a Problem where the credential was refused. */
  readonly actor: Actor | Problem
  /** The browser that asks; absent or `null` = none can be told. */
  readonly visit?: Visit | null
}

export type AdminApi = {
  /** Rows for the server's table of endpoints. */
  readonly endpoints: readonly Endpoint<AdminEndpoint>[]
  /** Answers always: a refusal is an answer too. Faults of ours are given to `failed` before they are answered with 500. */
  readonly answer: (request: AdminRequest) => Promise<Answer>
}

export type AdminApiParts = {
  readonly operations: readonly Operation[]
  readonly ports: AdminPorts
  readonly clock: Clock
  readonly ids: Ids
  /** Of Drover, for the OpenAPI document. */
  readonly version: string
  readonly failed: (problem: Problem, requestId: string) => void
}

export const apiPrefix = '/api/v1'

/** An admin body is not longer than this. */
export const adminBodyBytesMax = 1024 * 1024

/** The command line on this machine, by the token of the lock or with the store opened by itself. */
export const localActor: Actor = { name: 'local', scopes: ['read', 'write', 'secrets'], isHere: true }

/** The actor that an admin key stands for: of the operator, or confined to the organisation that it was made for. */
export const actorOf = (key: KeyFacts, operatorOrganisation: string | null): Actor | Problem =>
  key.purpose === 'admin'
    ? {
        name: `key:${key.id}`,
        scopes: ['read', 'write', 'secrets'],
        role: key.role ?? 'owner',
        ...(key.organisation === operatorOrganisation
          ? {}
          : { tenant: { organisation: key.organisation, account: key.account } }),
      }
    : new Problem('permission_denied', {
        ...saying('model_key_not_admin'),
      })

const jsonAnswer = (value: unknown, requestId: string): Answer => ({
  status: 200,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  },
  body: Buffer.from(JSON.stringify(value)),
})

/** A page of a table; where the next one begins stands in `x-next`. */
const csvAnswer = (text: string, output: unknown, requestId: string): Answer => ({
  status: 200,
  headers: {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...(isObject(output) && typeof output['next'] === 'string' ? { 'x-next': output['next'] } : {}),
  },
  body: Buffer.from(text),
})

const wantsCsv = ({ headers }: AdminRequest['inbound']): boolean =>
  /^text\/csv\b/i.test(headers?.['accept']?.trim() ?? '')

const wantsType = ({ headers }: AdminRequest['inbound'], contentType = ''): boolean => {
  const [type = ''] = contentType.split(';')
  return type !== '' && (headers?.['accept'] ?? '').trim().toLowerCase().startsWith(type)
}

const wantsJson = ({ headers }: AdminRequest['inbound']): boolean =>
  /^application\/json\b/i.test(headers?.['accept']?.trim() ?? '')

const fileAnswer = (
  file: { readonly name: string; readonly contentType: string; readonly bytes: Uint8Array },
  requestId: string,
): Answer => ({
  status: 200,
  headers: {
    'content-type': file.contentType,
    'content-disposition': `attachment; filename="${file.name.replace(/[^\w.-]/g, '_')}"`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  },
  body: file.bytes,
})

const parsedBody = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Problem('invalid_json', { message: 'The body is not a JSON object in UTF-8.', cause })
  }
}

const bodyFields = ({ body }: AdminRequest['inbound']): Readonly<Record<string, unknown>> => {
  if (body.kind === 'none') return {}
  if (body.kind === 'form' || !/^application\/([\w.-]+\+)?json\b/i.test(body.contentType))
    throw new Problem('unsupported_media_type', { message: 'Send the body as content-type application/json.' })
  if (body.bytes.length === 0) return {}
  const value = parsedBody(body.bytes)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new Problem('invalid_json', { message: 'The body must be a JSON object.' })
}

const queryFields = (operation: Operation, query: URLSearchParams): Readonly<Record<string, unknown>> => {
  const fields = fieldsOf(operation.input)
  const values: Record<string, unknown> = {}
  for (const [name, text] of query) {
    if (Object.hasOwn(values, name))
      throw new Problem('invalid_request_error', { message: `'${name.slice(0, 100)}' is given twice.`, param: name })
    const field = fields.find((one) => one.name === name)
    values[name] = field === undefined ? text : valueFromText(field, text)
  }
  return values
}

const inputOf = (operation: Operation, request: AdminRequest): unknown => {
  const { inbound, parameters } = request
  const given =
    operation.method === 'GET' || operation.method === 'DELETE'
      ? queryFields(operation, inbound.query)
      : bodyFields(inbound)
  for (const name of Object.keys(parameters)) {
    if (Object.hasOwn(given, name))
      throw new Problem('invalid_request_error', { message: `'${name}' stands in the path already.`, param: name })
  }
  return { ...given, ...parameters }
}

const endpointsOf = (operations: readonly Operation[]): readonly Endpoint<AdminEndpoint>[] => [
  ...operations.map((operation) => ({
    method: operation.method,
    path: `${apiPrefix}${operation.path}`,
    bodyLimitBytes: operation.bodyBytesMax ?? adminBodyBytesMax,
    value: { kind: 'operation', operation } as const,
  })),
  { method: 'GET', path: `${apiPrefix}/openapi.json`, value: { kind: 'openapi' } },
]

/** The API over these operations and ports. */
export const createAdminApi = (parts: AdminApiParts): AdminApi => {
  const { operations, ports, clock, ids, version, failed } = parts
  const answered = async (request: AdminRequest): Promise<Answer> => {
    const { endpoint, inbound, actor } = request
    if (endpoint.kind === 'openapi') return jsonAnswer(openApiOf(operations, version), inbound.id)
    if (actor instanceof Problem) throw actor
    const { operation } = endpoint
    const context = { actor, visit: request.visit ?? null, requestId: inbound.id, ports, clock, ids }
    const output = await runOperation(operation, inputOf(operation, request), context)
    // Every page by itself is a table with headings.
    if (operation.csv !== undefined && wantsCsv(inbound))
      return csvAnswer(operation.csv.text(output, true), output, inbound.id)
    const file = operation.file?.(output)
    const isWanted = operation.fileOnRequest === true ? wantsType(inbound, file?.contentType) : !wantsJson(inbound)
    if (file !== undefined && isWanted) return fileAnswer(file, inbound.id)
    return jsonAnswer(output, inbound.id)
  }
  const answer = async (request: AdminRequest): Promise<Answer> => {
    try {
      return await answered(request)
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (problem.row.blame === 'drover') failed(problem, request.inbound.id)
      return problemAnswer(problem, request.inbound)
    }
  }
  return { endpoints: endpointsOf(operations), answer }
}
