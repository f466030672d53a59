/** What Drover sends and answers, held against the published documents of the formats: each violation is mended, or listed with its reason. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { JsonObject } from '#base/json-type.ts'
import { objectAt } from '#base/json-type.ts'
import type { ProtocolName } from '#protocol/protocol.ts'
import { sharedFolder } from './exchange.ts'
import type { Names } from './spec/bodies.ts'
import { bodiesIn } from './spec/bodies.ts'
import { knownViolations } from './spec/known.ts'
import { SpecValidator } from './spec/validate.ts'

const documentAt = (...path: readonly string[]): JsonObject => {
  const text = readFileSync(join(sharedFolder(), 'specs', ...path), 'utf8')
  return (path.at(-1)?.endsWith('.yaml') === true ? parse(text) : JSON.parse(text)) as JsonObject
}

/** The schema of events has no name in this document. */
const openResponses = (): JsonObject => {
  const document = documentAt('open-responses', 'openapi.json')
  const path = ['paths', '/responses', 'post', 'responses', '200', 'content', 'text/event-stream', 'schema']
  const event = path.reduce((here, step) => objectAt(here, step), document)
  const components = objectAt(document, 'components')
  const schemas = { ...objectAt(components, 'schemas'), StreamingEvent: event }
  return { ...document, components: { ...components, schemas } }
}

type Suite = {
  readonly by: string
  readonly format: ProtocolName
  readonly document: () => JsonObject
  readonly names: Names
}

const openai = () => documentAt('openai', 'openapi.json')
const openrouter = () => documentAt('openrouter', 'openapi.yaml')

const suites: readonly Suite[] = [
  {
    by: 'OpenAI',
    format: 'openai-chat',
    document: openai,
    names: {
      request: 'CreateChatCompletionRequest',
      reply: 'CreateChatCompletionResponse',
      event: 'CreateChatCompletionStreamResponse',
    },
  },
  {
    by: 'OpenAI',
    format: 'openai-responses',
    document: openai,
    names: { request: 'CreateResponse', reply: 'Response', event: 'ResponseStreamEvent' },
  },
  {
    by: 'Google',
    format: 'gemini',
    document: () => documentAt('gemini', 'generativelanguage-openapi-20241016.json'),
    names: {
      request: 'GenerateContentRequest',
      reply: 'GenerateContentResponse',
      event: 'GenerateContentResponse',
    },
  },
  {
    by: 'Open Responses',
    format: 'openai-responses',
    document: openResponses,
    names: { request: 'CreateResponseBody', reply: 'ResponseResource', event: 'StreamingEvent' },
  },
  {
    by: 'OpenRouter',
    format: 'openai-chat',
    document: openrouter,
    names: { request: 'ChatRequest', reply: 'ChatResult', event: 'ChatStreamChunk' },
  },
  {
    by: 'OpenRouter',
    format: 'openai-responses',
    document: openrouter,
    names: { request: 'ResponsesRequest', reply: 'OpenResponsesResult', event: 'StreamEvents' },
  },
  // Anthropic publishes no document; OpenRouter's describes its format.
  {
    by: 'OpenRouter',
    format: 'anthropic-messages',
    document: openrouter,
    names: { request: 'MessagesRequest', reply: 'MessagesResult', event: 'MessagesStreamEvents' },
  },
]

for (const { by, format, document, names } of suites)
  test(`${format}: every request and every answer that is written is what the document of ${by} allows`, () => {
    const validator = new SpecValidator(document())
    const found = new Map<string, { count: number; readonly first: string }>()
    let checked = 0
    for (const { schema, source, value } of bodiesIn(format, names)) {
      checked += 1
      for (const { path, message } of new Set(validator.check(schema, value))) {
        const line = `${schema}${path} ${message}`
        const known = found.get(line)
        if (known === undefined) found.set(line, { count: 1, first: source })
        else known.count += 1
      }
    }
    assert.ok(checked > 500, `only ${checked} bodies`)
    const unknown = [...found].filter(([line]) => !knownViolations.some(({ line: known }) => known.test(line)))
    assert.deepEqual(
      unknown.map(([line, { count, first }]) => `${line} (${count} times, first in ${first})`),
      [],
    )
  })
