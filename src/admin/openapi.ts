/** The OpenAPI document, made from the operations. */

import { problems } from '#base/problem.ts'
import { fieldsOf, jsonSchemaOf } from './field.ts'
import type { Operation } from './operation.ts'
import { reachOf } from './reach.ts'

type Json = Readonly<Record<string, unknown>>

const pathNames = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1] ?? '')

const bare = (schema: Json): Json => {
  const { $schema: _dialect, ...rest } = schema
  return rest
}

const propertiesOf = (operation: Operation): Readonly<Record<string, Json>> =>
  (jsonSchemaOf(operation.input, 'input')['properties'] ?? {}) as Readonly<Record<string, Json>>

const parametersOf = (operation: Operation): readonly Json[] => {
  const names = pathNames(operation.path)
  const schemas = propertiesOf(operation)
  const isQuery = operation.method === 'GET' || operation.method === 'DELETE'
  return fieldsOf(operation.input)
    .filter((field) => names.includes(field.name) || isQuery)
    .map((field) => {
      const { description, ...schema } = schemas[field.name] ?? {}
      const place = names.includes(field.name) ? 'path' : 'query'
      return {
        name: field.name,
        in: place,
        required: place === 'path' || field.required,
        ...(description === undefined ? {} : { description }),
        schema,
        ...(field.kind === 'list' ? { style: 'form', explode: false } : {}),
      }
    })
}

const bodyOf = (operation: Operation): Json => {
  if (operation.method === 'GET' || operation.method === 'DELETE') return {}
  const names = pathNames(operation.path)
  const schema = bare(jsonSchemaOf(operation.input, 'input'))
  const properties = Object.entries(propertiesOf(operation)).filter(([name]) => !names.includes(name))
  const required = ((schema['required'] ?? []) as readonly string[]).filter((name) => !names.includes(name))
  const body = { ...schema, properties: Object.fromEntries(properties), required }
  return { requestBody: { required: required.length > 0, content: { 'application/json': { schema: body } } } }
}

const errorResponse = {
  description: 'Refused or failed; `code` says why.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
}

const entryOf = (operation: Operation): Json => ({
  operationId: `${operation.noun}-${operation.verb}`,
  summary: operation.summary,
  tags: [operation.noun],
  parameters: parametersOf(operation),
  ...bodyOf(operation),
  ...(reachOf(operation) === 'everybody' ? { security: [] } : {}),
  responses: {
    '200': {
      description: 'Done.',
      content: { 'application/json': { schema: bare(jsonSchemaOf(operation.output, 'output')) } },
    },
    default: errorResponse,
  },
})

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'], description: 'The field at fault.' },
        code: { type: 'string', enum: Object.keys(problems) },
      },
    },
  },
}

/** OpenAPI 3.1 of the admin API. */
export const openApiOf = (operations: readonly Operation[], version: string): Json => {
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of operations) {
    const path = operation.path.replace(/\+\}/g, '}')
    const methods = paths[path] ?? {}
    methods[operation.method.toLowerCase()] = entryOf(operation)
    paths[path] = methods
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Drover admin API',
      version,
      description: 'Manages a Drover server. Every operation is also a command: `drover NOUN VERB`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ adminKey: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        adminKey: { type: 'http', scheme: 'bearer', description: 'An admin key, `drover-admin-…`.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-drover',
          description: 'Of somebody who has signed in (`POST /session`), from a page of this server.',
        },
      },
      schemas: { Error: errorSchema },
    },
  }
}
