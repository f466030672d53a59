import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { openaiChat } from '#protocol/openai-chat/index.ts'
import { geminiSteps } from './reply.ts'

const call = openaiChat.server.readCall(inboundOf('{"model":"m","messages":[]}'))
const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 9, totalTokenCount: 14 }
const grounded = (webSearchQueries: readonly string[]): JsonObject => ({
  candidates: [{ content: { parts: [{ text: 'Hi' }] }, groundingMetadata: { webSearchQueries } }],
  usageMetadata,
})
const itemsOf = (...events: readonly JsonObject[]) => {
  const steps = geminiSteps(call)
  const parts = events.flatMap((event) => steps.event(event, null).parts)
  return parts.flatMap((part) => (part.type === 'usage' ? [part.usage.items] : [])).at(-1)
}

test('searches are counted from the answer, each query once however often a stream repeats it', () => {
  assert.deepEqual(itemsOf(grounded(['fox', 'den'])), { web_search: 2, grounded_prompt: 1 })
  assert.deepEqual(itemsOf(grounded(['fox']), grounded(['fox', 'den']), { usageMetadata }), {
    web_search: 2,
    grounded_prompt: 1,
  })
  assert.equal(itemsOf(grounded([])), null)
})
