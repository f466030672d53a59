/** Conversations that nobody wrote: whatever is asked crosses to every format and back with its texts, calls and results. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '#base/json-type.ts'
import type { Block, ChatRequest } from '#protocol/chat-request.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'
import { inFront } from './crossing.ts'
import { inboundOf } from './fixture.ts'

/** Any script, emoji, lone accents; not empty, because an empty text is no block. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const id = fc.oneof(fc.uuid(), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }))
/** One that all formats take: others come back renamed. */
const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,39}$/)
const input = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
  { maxKeys: 4 },
)

type Exchange = { readonly said: string; readonly calls: readonly Called[]; readonly answer: string | null }
type Called = { readonly id: string; readonly name: string; readonly input: object; readonly result: string }

const called: fc.Arbitrary<Called> = fc.record({ id, name, input, result: text })
const exchange: fc.Arbitrary<Exchange> = fc.record({
  said: text,
  calls: fc.uniqueArray(called, { maxLength: 3, selector: (call) => call.id }),
  answer: fc.option(text, { nil: null }),
})

const conversation = fc.record({
  system: fc.option(text, { nil: null }),
  turns: fc.array(exchange, { minLength: 1, maxLength: 4 }),
})

/** The conversation as a caller of Chat Completions writes it. */
const asChat = ({ system, turns }: { system: string | null; turns: readonly Exchange[] }): JsonObject => ({
  model: 'm',
  max_tokens: 100,
  messages: [
    ...(system === null ? [] : [{ role: 'system', content: system }]),
    ...turns.flatMap(({ said, calls, answer }) => [
      { role: 'user', content: said },
      ...(calls.length === 0
        ? []
        : [
            {
              role: 'assistant',
              content: answer,
              tool_calls: calls.map((call) => ({
                id: call.id,
                type: 'function',
                function: { name: call.name, arguments: JSON.stringify(call.input) },
              })),
            },
            ...calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: call.result })),
          ]),
    ]),
  ],
})

/** Texts, calls and results in order; ids by the order of their first appearance. A text of blanks alone is none: Anthropic takes no such. */
const meaning = ({ messages }: ChatRequest): readonly unknown[] => {
  const ids = new Map<string, number>()
  const place = (one: string): number => {
    if (!ids.has(one)) ids.set(one, ids.size)
    return ids.get(one) ?? -1
  }
  const said = (block: Block): readonly unknown[] => {
    if (block.type === 'text') return block.text.trim() === '' ? [] : [block.text]
    if (block.type === 'tool-call') return [['call', place(block.id), block.name, JSON.parse(block.input || '{}')]]
    return block.type === 'tool-result' ? [['result', place(block.id), ...block.content.flatMap(said)]] : []
  }
  return messages.flatMap(({ role, content }) =>
    content.flatMap(said).map((one) => [role === 'developer' ? 'system' : role, one]),
  )
}

const target = { dialect: { ...compatibleDialect, thinking: 'budget' as const }, outputMax: 1_000 }

const across = (body: JsonObject, from: Protocol, to: Protocol): ChatRequest => {
  const call = from.server.readCall(inboundOf(Buffer.from(JSON.stringify(body))))
  const there = translateCall(call, { from, to, target }).value.call
  const back = translateCall(there, { from: to, to: from, target }).value.call
  const request = from.server.readChat?.(back).value
  assert.ok(request !== undefined)
  return request
}

const chat = inFront.find((protocol) => protocol.name === 'openai-chat')

describe('conversations cross and come back', () => {
  for (const to of inFront)
    test(`by way of ${to.name}`, () => {
      assert.ok(chat?.server.readChat !== undefined)
      const { readCall, readChat } = chat.server
      fc.assert(
        fc.property(conversation, (made) => {
          const body = asChat(made)
          const before = readChat(readCall(inboundOf(Buffer.from(JSON.stringify(body))))).value
          assert.deepEqual(meaning(across(body, chat, to)), meaning(before))
        }),
        { numRuns: 150 },
      )
    })
})
