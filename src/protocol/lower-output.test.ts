import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spliceTopLevel } from '#base/json.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import type { Protocol } from './protocol.ts'

type Lowered = { readonly sent: Record<string, unknown>; readonly said: readonly string[] }

/** The body of a call that is lowered to so many tokens, and what its caller is told. */
const lowered = (protocol: Protocol, body: object, tokensMax: number): Lowered => {
  const [path] = protocol.endpoints.map((endpoint) => `/v1beta/${endpoint.path.replace('{model+}', 'm')}`)
  const { payload, ...call } = protocol.server.readCall(inboundOf(JSON.stringify(body), path))
  assert.ok(payload.kind === 'json')
  const lowering = protocol.lowerOutput?.({ ...call, payload }, tokensMax)
  assert.ok(lowering !== undefined, `${protocol.name} has a maximum`)
  const bytes = spliceTopLevel(payload.top, lowering.edits)
  assert.equal(protocol.server.readCall(inboundOf(bytes, path)).outputMax, tokensMax)
  return {
    sent: JSON.parse(bytes.toString('utf8')),
    said: lowering.warnings.map(({ field, reason }) => `${field}:${reason}`),
  }
}

test('a maximum is lowered in the member that the caller used, else in the usual one', () => {
  const body = { model: 'm', messages: [] }
  assert.equal(lowered(openaiChat, body, 300).sent['max_tokens'], 300)
  const { sent, said } = lowered(openaiChat, { ...body, max_completion_tokens: 900 }, 300)
  assert.deepEqual([sent['max_tokens'], sent['max_completion_tokens']], [undefined, 300])
  assert.deepEqual(said, ['max_completion_tokens:lowered to 300'])
})

test('the maximum of Gemini lies in the settings of the answer, in either spelling, and the rest of them stays', () => {
  const contents = [{ parts: [{ text: 'hi' }] }]
  for (const generationConfig of [undefined, null, {}])
    assert.deepEqual(lowered(gemini, { contents, generationConfig }, 300), {
      sent: { contents, generationConfig: { maxOutputTokens: 300 } },
      said: ['generationConfig.maxOutputTokens:lowered to 300'],
    })
  const camel = { generationConfig: { maxOutputTokens: 900, temperature: 0.5 } }
  assert.deepEqual(lowered(gemini, { contents, ...camel }, 300).sent, {
    contents,
    generationConfig: { maxOutputTokens: 300, temperature: 0.5 },
  })
  assert.deepEqual(lowered(gemini, { contents, generation_config: { max_output_tokens: 900 } }, 300), {
    sent: { contents, generation_config: { max_output_tokens: 300 } },
    said: ['generation_config.max_output_tokens:lowered to 300'],
  })
})

test('Claude is not given a budget for its thought that leaves no answer, which it would refuse', () => {
  const thinking = { type: 'enabled', budget_tokens: 16_000, display: 'omitted' }
  const body = { model: 'm', messages: [], max_tokens: 32_000, thinking }
  assert.deepEqual(lowered(anthropicMessages, body, 20_000).sent['thinking'], thinking)
  const less = lowered(anthropicMessages, body, 5_000)
  assert.deepEqual(less.sent['thinking'], { ...thinking, budget_tokens: 4_999 })
  assert.deepEqual(less.said, ['max_tokens:lowered to 5000', 'thinking.budget_tokens:lowered to 4999'])
  const none = lowered(anthropicMessages, body, 1_024)
  assert.deepEqual(none.sent['thinking'], { type: 'disabled' })
  assert.deepEqual(none.said, ['max_tokens:lowered to 1024', 'thinking:off below 1024 tokens of output'])
})
