import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { openaiResponses } from './index.ts'

const read = (more: object) => openaiResponses.server.readCall(inboundOf(JSON.stringify({ model: 'm', ...more })))

test('a response is made from an input, or from what stands for it: without any the call is refused, as OpenAI does', () => {
  const sources = [{ input: 'hi' }, { previous_response_id: 'resp_1' }, { prompt: { id: 'p' } }, { conversation: 'c' }]
  for (const source of sources) assert.equal(read(source).model, 'm')
  for (const more of [{}, { input: null }, { instructions: 'be kind' }])
    assert.throws(() => read(more), {
      code: 'invalid_request_error',
      message: /^One of 'input', 'previous_response_id'/,
    })
})
