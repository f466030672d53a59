/** What Drover sends and answers, held against the published documents of the formats: each violation is mended, or listed with its reason. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import type { ProtocolName } from '#protocol/protocol.ts'
import { sharedFolder } from './exchange.ts'
import type { Names } from './spec/bodies.ts'
import { bodiesIn } from './spec/bodies.ts'
import { knownViolations } from './spec/known.ts'
import { SpecValidator } from './spec/validate.ts'

const documentAt = (...path: readonly string[]): JsonObject =>
  JSON.parse(readFileSync(join(sharedFolder(), 'specs', ...path), 'utf8')) as JsonObject

type Suite = { readonly format: ProtocolName; readonly document: readonly string[]; readonly names: Names }

const suites: readonly Suite[] = [
  {
    format: 'openai-chat',
    document: ['openai', 'openapi.json'],
    names: {
      request: 'CreateChatCompletionRequest',
      reply: 'CreateChatCompletionResponse',
      event: 'CreateChatCompletionStreamResponse',
    },
  },
  {
    format: 'openai-responses',
    document: ['openai', 'openapi.json'],
    names: { request: 'CreateResponse', reply: 'Response', event: 'ResponseStreamEvent' },
  },
  {
    format: 'gemini',
    document: ['gemini', 'generativelanguage-openapi-20241016.json'],
    names: {
      request: 'GenerateContentRequest',
      reply: 'GenerateContentResponse',
      event: 'GenerateContentResponse',
    },
  },
]

for (const { format, document, names } of suites)
  test(`${format}: every request and every answer that is written is what its document allows`, () => {
    const validator = new SpecValidator(documentAt(...document))
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
