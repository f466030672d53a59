/** Counts of tokens: asked of the provider of the model, whatever format it counts in; an estimate only where none counts. */

import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { failure, whole } from '../fake/answer.ts'
import type { Bench } from './bench.ts'
import { benchFor } from './bench.ts'
import { call } from './call.ts'

let bench: Bench

before(async () => {
  bench = await benchFor(({ baseUrl }) => {
    const of = (name: string, vendor: string): string =>
      `  ${name}: { vendor: ${vendor}, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY", price: free }\n`
    return `providers:\n${of('claude', 'anthropic')}${of('gpt', 'openai')}${of('gem', 'gemini')}${of('kimi', 'moonshot')}`
  })
})

after(() => bench?.close())

const text = 'How deep is the harbour?'
const tool = { name: 'depth', description: 'Depth of water', parameters: { type: 'object', properties: {} } }
const image = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }

const contents = [{ role: 'user', parts: [{ text }] }]
const messages = [{ role: 'user', content: text }]

const gemini = (model: string, body: object) => ({ path: `/v1beta/models/${model}:countTokens`, body })
const claude = (model: string, body: object) => ({ path: '/v1/messages/count_tokens', body: { model, ...body } })
const responses = (model: string, body: object) => ({ path: '/v1/responses/input_tokens', body: { model, ...body } })

const ask = async (asked: { path: string; body: object }, answer: object) => {
  const { relay, upstream, key } = bench
  upstream.answer(whole(answer))
  const before = upstream.seen.length
  const answered = await call(relay.url, { ...asked, key })
  assert.equal(answered.status, 200, answered.text)
  // The relay asks what is left at a provider by itself, at any time.
  const index = upstream.seen.findIndex(({ method }, at) => at >= before && method === 'POST')
  const sent = index === -1 ? null : await upstream.arrival(index)
  return { answered, target: sent?.target, sent: sent === null ? null : JSON.parse(sent.body.toString()) }
}

test("Gemini's countTokens is asked of Claude, of OpenAI and of Kimi in their own formats", async () => {
  const generate = { contents, systemInstruction: { parts: [{ text: 'Be short.' }] }, generationConfig: { topK: 3 } }
  const tools = [{ functionDeclarations: [tool] }]
  const byClaude = await ask(
    gemini('claude/claude-sonnet-4-5', {
      generateContentRequest: { ...generate, tools, model: 'models/claude/claude-sonnet-4-5' },
    }),
    { input_tokens: 41 },
  )
  assert.equal(byClaude.answered.at('totalTokens'), 41)
  assert.equal(byClaude.answered.headers['x-drover-provider'], 'claude')
  assert.equal(byClaude.answered.headers['x-drover-warnings'], undefined)
  assert.equal(byClaude.target, '/v1/messages/count_tokens')
  assert.deepEqual(Object.keys(byClaude.sent).toSorted(), ['messages', 'model', 'system', 'tools'])
  assert.equal(byClaude.sent.model, 'claude-sonnet-4-5')

  const byGpt = await ask(gemini('gpt/gpt-5', { contents: [{ role: 'user', parts: [{ text }, image] }] }), {
    object: 'response.input_tokens',
    input_tokens: 88,
  })
  assert.equal(byGpt.answered.at('totalTokens'), 88)
  assert.equal(byGpt.target, '/v1/responses/input_tokens')
  assert.deepEqual(Object.keys(byGpt.sent).toSorted(), ['input', 'model'])
  assert.match(JSON.stringify(byGpt.sent), /input_image/)

  const byKimi = await ask(gemini('kimi/kimi-k2.6', { contents }), { code: 0, data: { total_tokens: 12 } })
  assert.equal(byKimi.answered.at('totalTokens'), 12)
})

test("Anthropic's and OpenAI's counts are asked of Gemini, where nothing would be left uncounted", async () => {
  const plain = await ask(claude('gem/gemini-2.5-flash', { system: 'Be short.', messages }), { totalTokens: 17 })
  assert.equal(plain.answered.at('input_tokens'), 17)
  assert.equal(plain.target, '/v1/models/gemini-2.5-flash:countTokens')
  assert.deepEqual(plain.sent, {
    contents: [
      { parts: [{ text: 'Be short.' }], role: 'user' },
      { role: 'user', parts: [{ text }] },
    ],
  })
  const { parameters, ...named } = tool
  const withTools = await ask(
    claude('gem/gemini-2.5-flash', { messages, tools: [{ ...named, input_schema: parameters }] }),
    { totalTokens: 17 },
  )
  assert.equal(withTools.target, undefined)
  assert.match(withTools.answered.headers['x-drover-warnings'] ?? '', /estimated by Drover/)
  const input = await ask(responses('claude/claude-sonnet-4-5', { input: text }), { input_tokens: 9 })
  assert.deepEqual([input.answered.at('input_tokens'), input.target], [9, '/v1/messages/count_tokens'])
})

test('where the provider refuses the count, or fails, the estimate is given', async () => {
  const { relay, upstream, key } = bench
  for (const status of [400, 500]) {
    upstream.answer(failure(status, { error: { message: 'not today' } }))
    const answered = await call(relay.url, { ...gemini('claude/claude-sonnet-4-5', { contents }), key })
    assert.equal(answered.status, 200, answered.text)
    assert.ok((answered.at('totalTokens') as number) > 5)
    assert.match(answered.headers['x-drover-warnings'] ?? '', /estimated by Drover/)
    assert.equal(answered.headers['x-drover-provider'], undefined)
  }
  const long = { contents: [{ role: 'user', parts: [{ text: text.repeat(40) }] }] }
  upstream.answer(failure(500, {}))
  const held = await call(relay.url, { ...gemini('claude/x', { generateContentRequest: long }), key })
  assert.ok((held.at('totalTokens') as number) > 150, 'what the question holds is what is estimated')
})
