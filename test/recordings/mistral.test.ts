/** What Mistral is sent, held against its own document, whose bodies are closed: a field that it does not have is a 422. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { translateCall, withEdits } from '#protocol/translate-call.ts'
import { mistral } from '#provider/mistral.ts'
import { readRequests } from '../wire/crossing.ts'
import { callOf, readExchanges, sharedFolder } from './exchange.ts'
import { SpecValidator } from './spec/validate.ts'

const model = 'mistral-medium-2604'
const chat = protocols['openai-chat']
const target = { dialect: mistral.dialect(model), outputMax: 64_000 }

type Asked = { readonly name: string; readonly call: Call; readonly protocol: Protocol }

const asked = (): readonly Asked[] => [
  ...readRequests().map(({ name, call, protocol }) => ({ name, call, protocol })),
  ...readExchanges().flatMap((exchange) => {
    const { protocol, recording, row } = exchange
    if (protocol.server.readChat === undefined || !isObject(recording.request?.body)) return []
    return [{ name: row.file, call: callOf(exchange), protocol }]
  }),
]

const sentTo = ({ call, protocol }: Asked): JsonObject | null => {
  try {
    const written = translateCall(call, { from: protocol, to: chat, target }).value.call
    const own = withEdits(written, mistral.adjust(written, model, {}).edits)
    const mended = mistral.histories['openai-chat']?.mend({ call: own, model, isRefused: () => false })
    return (mended === undefined ? own : withEdits(own, mended.edits)).body()
  } catch (thrown) {
    // What cannot be said at all is refused, and sent to nobody.
    if (thrown instanceof Problem) return null
    throw thrown
  }
}

const known: readonly { readonly line: RegExp; readonly in?: string; readonly why: string }[] = [
  {
    line: /^\.(?:top_p|temperature) is under 0$/,
    why: "the caller's own figure, out of every format's bounds: its provider is to refuse it",
  },
  {
    line: /^\.messages\[\]\.content is array, not string$/,
    in: 'gemini/media',
    why: 'films, which the document has not: the provider says so',
  },
  {
    line: /^\.(?:tools|messages\[\]\.tool_calls) is array, not null$|^\.tool_choice is object, not string$/,
    why: 'custom tools, which only OpenAI has: the caller asked for one',
  },
]

test('every request of another format is what the document of Mistral allows', () => {
  const document = parse(readFileSync(join(sharedFolder(), 'specs', 'mistral', 'openapi.yaml'), 'utf8')) as JsonObject
  const validator = new SpecValidator(document)
  const found = new Map<string, string>()
  let checked = 0
  for (const one of asked().filter(({ protocol }) => protocol !== chat)) {
    const body = sentTo(one)
    if (body === null) continue
    checked += 1
    for (const { path, message } of validator.check('ChatCompletionRequest', body))
      if (!known.some(({ line, in: file }) => line.test(`${path} ${message}`) && (file ?? one.name) === one.name))
        found.set(`${path} ${message}`, one.name)
  }
  assert.ok(checked > 300, `only ${checked} requests`)
  assert.deepEqual([...found], [])
})
