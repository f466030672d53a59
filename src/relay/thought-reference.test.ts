/** Clients that take `store` for true where they leave it out: thoughts come back from them as references. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { gatherCalls } from '#protocol/carried-call.ts'
import { gemini } from '#protocol/gemini/index.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { openaiResponses } from '#protocol/openai-responses/index.ts'
import type { Part } from '#protocol/part.ts'
import type { TranslationOrder } from '#protocol/translate-call.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'

const { server } = openaiResponses
const question = { role: 'user', content: 'When is high water at Brest?' }

const callOf = (input: readonly JsonObject[]) =>
  server.readCall(inboundOf(JSON.stringify({ model: 'm', input }), '/v1/responses'))

/** Gemini 3 signs its call, and tells no thought. */
const signedCall = {
  candidates: [
    {
      index: 0,
      content: {
        role: 'model',
        parts: [
          {
            functionCall: { id: 'call_0123456789', name: 'tide', args: { port: 'Brest' } },
            thoughtSignature: 'U0lHTg==',
          },
        ],
      },
      finishReason: 'STOP',
    },
  ],
}

const partsOf = (document: JsonObject): readonly Part[] => {
  const head = { status: 200, headers: { 'content-type': 'application/json' } }
  const reader = gemini.client.readReply(callOf([question]), head)
  return [...reader.read(Buffer.from(JSON.stringify(document))), ...reader.end()].flatMap(({ parts }) => parts)
}

/** What was answered, as the client sends it back: thoughts by their ids, everything else whole. */
const historyOf = (parts: readonly Part[]): readonly JsonObject[] => {
  const writer = server.writeReply({ call: callOf([question]), asked: { id: 'call_1', origin: '' }, nowMs: 0 })
  for (const part of parts) writer.write(part)
  const { output } = JSON.parse(String(writer.end())) as { output: JsonObject[] }
  const result = { type: 'function_call_output', call_id: 'call_0123456789', output: '06:12' }
  const items = output.map((item) =>
    item['type'] === 'reasoning' ? { type: 'item_reference', id: item['id'] ?? '' } : item,
  )
  return [question, ...items, result]
}

const translated = (input: readonly JsonObject[], restore?: TranslationOrder['restore']) => {
  const target = { dialect: compatibleDialect, outputMax: 1000 }
  const more = restore === undefined ? {} : { restore }
  return translateCall(callOf(input), { from: openaiResponses, to: gemini, target, ...more })
}

const turnOf = (body: JsonObject): unknown => (body['contents'] as readonly JsonObject[])[1]?.['parts']

test('a thought that is referred to is put back from what was kept of its call, and nothing is lost', () => {
  const parts = partsOf(signedCall)
  const history = historyOf(parts)
  assert.deepEqual(
    history.map(({ type }) => type),
    [undefined, 'item_reference', 'function_call', 'function_call_output'],
  )
  const gatherer = gatherCalls()
  for (const part of parts) gatherer.see(part)
  const find = (name: string) => gatherer.calls().get(name) ?? null
  const taken = { takes: ({ format }: { readonly format: string }) => format === 'gemini', plainThought: false }
  const { value, warnings } = translated(history, { find, taken })
  assert.deepEqual(turnOf(value.call.body()), [
    { functionCall: { id: 'call_0123456789', name: 'tide', args: { port: 'Brest' } }, thoughtSignature: 'U0lHTg==' },
  ])
  assert.deepEqual(warnings, [])
})

test('where nothing was kept, or the target takes none of it, the call goes on without the thought, and that is said', () => {
  const history = historyOf(partsOf(signedCall))
  const lost = [
    { field: 'messages[1]', reason: 'the thought that it refers to is not kept, and left out' },
    { field: 'messages[1]', reason: 'calls of tools that another model made go without its thought' },
  ]
  assert.deepEqual(translated(history).warnings, lost)
  const nothing = { find: () => null, taken: { takes: () => false, plainThought: false } }
  assert.deepEqual(translated(history, nothing).warnings, lost)
})

test('a message that is only referred to cannot be left out, nor can a thought stand for a whole turn', () => {
  const message = { type: 'item_reference', id: 'msg_1' }
  assert.throws(() => translated([question, message, question]), /'input\[1\]' refers to an item/)
  const thought = { type: 'item_reference', id: 'rs_1' }
  assert.throws(() => translated([question, thought, question]), /'input\[1\]' refers to an item/)
  const said = { type: 'message', role: 'assistant', content: 'At 06:12.' }
  assert.deepEqual(turnOf(translated([question, thought, said, question]).value.call.body()), [{ text: 'At 06:12.' }])
})
