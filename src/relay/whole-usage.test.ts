import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { openaiEmbeddings } from '#protocol/openai/embeddings.ts'
import { openaiResponses } from '#protocol/openai-responses/index.ts'
import type { WholeAnswer } from './whole-usage.ts'
import { readWhole, unsaidWarning } from './whole-usage.ts'

const output = [
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Fine.', annotations: [] }],
  },
]

/** A token is a letter. */
const read = (usage: JsonObject | null, changes: Partial<WholeAnswer> = {}) =>
  readWhole({
    ...{ protocol: openaiResponses, endpoint: 'responses', model: 'm', inputBytes: 400, contextTokens: null },
    body: { id: 'resp_1', object: 'response', status: 'completed', output, usage },
    countTokens: async (text) => text.length,
    ...changes,
  })

test('of an answer that is read afterwards what its provider says counts, and the rest is counted', async () => {
  const said = async (usage: JsonObject | null, changes: Partial<WholeAnswer> = {}) => {
    const { usage: found } = await read(usage, changes)
    return [found?.input, found?.output, found?.source]
  }
  assert.deepEqual(await said({ input_tokens: 9, output_tokens: 7 }), [9, 7, 'reported'])
  assert.deepEqual(await said({ input_tokens: 9 }), [9, 5, 'counted'])
  assert.deepEqual(await said({ output_tokens: 7 }), [100, 7, 'estimated'])
  assert.deepEqual(await said(null), [100, 5, 'estimated'])
  assert.deepEqual(await said(null, { contextTokens: 60 }), [60, 5, 'estimated'])
  assert.deepEqual(await said(null, { inputBytes: null }), [null, 5, 'estimated'])
})

test('of vectors that tell none the size of what was asked is counted: only that is billed', async () => {
  const { usage } = await read(null, { protocol: openaiEmbeddings, body: { object: 'list', data: [] } })
  assert.deepEqual([usage?.input, usage?.output, usage?.source], [100, 0, 'estimated'])
  assert.match(unsaidWarning(usage, 'line') ?? '', /and it was counted/)
})

test('what no text is has no usage that could be counted; the record says what was not said', async () => {
  const none = await read(null, { protocol: openaiEmbeddings, body: { object: 'list', data: [] }, inputBytes: null })
  assert.equal(none.usage, null)
  assert.match(unsaidWarning(none.usage, 'line') ?? '', /told none for this line/)
  const { usage } = await read({ input_tokens: 9, output_tokens: 7 })
  assert.equal(unsaidWarning(usage, 'line'), null)
})
