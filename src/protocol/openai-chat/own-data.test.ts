/** Azure's answers from the caller's own data, in the shape of https://learn.microsoft.com/azure/ai-foundry/openai/references/on-your-data, read 2026-11-29. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { anthropicMessages } from '#protocol/anthropic-messages/index.ts'
import { gemini } from '#protocol/gemini/index.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { openaiResponses } from '#protocol/openai-responses/index.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { openaiChat } from './index.ts'

const context = {
  citations: [
    {
      content: 'Nine metres at low water.',
      title: 'Harbour',
      url: 'https://h.example/depth',
      filepath: 'depth.md',
      chunk_id: '0',
    },
    { content: '', title: null, url: null, filepath: 'tides.pdf', chunk_id: '3' },
  ],
  intent: '["depth of the harbour"]',
}
const head = { id: 'c1', created: 1, model: 'gpt-4o' }
const whole = {
  ...{ ...head, object: 'chat.completion' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Nine [doc1].', context }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 5 },
}
const piece = (delta: JsonObject, finish: string | null = null): string =>
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
/** The sources come before the text. */
const streamed = [
  piece({ role: 'assistant', context }),
  piece({ content: 'Nine ' }),
  piece({ content: '[doc1].' }),
  piece({}, 'stop'),
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage: whole.usage })}\n\n`,
  'data: [DONE]\n\n',
].join('')

const bodies = new Map<Protocol, JsonObject>([
  [openaiChat, { model: 'm', messages: [] }],
  [openaiResponses, { model: 'm', input: 'x' }],
  [anthropicMessages, { model: 'm', max_tokens: 9, messages: [] }],
  [gemini, { contents: [] }],
])

const told = (to: Protocol, stream: boolean) => {
  const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  const path = to === gemini ? `/v1beta/models/m:${method}` : undefined
  const body = { ...bodies.get(to), ...(stream && to !== gemini ? { stream } : {}) }
  const call = to.server.readCall(inboundOf(JSON.stringify(body), path))
  const writer = to.server.writeReply({ call, asked: { id: 'call_1', origin: '' }, nowMs: 0 })
  const type = stream ? 'text/event-stream' : 'application/json'
  const asked = openaiChat.server.readCall(inboundOf(JSON.stringify({ model: 'm', messages: [], stream })))
  const inner = openaiChat.client.readReply(asked, { status: 200, headers: { 'content-type': type } })
  const reader = translatedReader(inner, writer, { stream, own: to === openaiChat })
  const frames = [...reader.read(Buffer.from(stream ? streamed : JSON.stringify(whole))), ...reader.end()]
  const text = frames.map(({ raw }) => raw.toString('utf8')).join('')
  return { text, warned: (writer.warnings?.() ?? []).map(({ field }) => field).sort() }
}

for (const to of [openaiResponses, anthropicMessages, gemini])
  for (const stream of [false, true])
    test(`${to.name}, ${stream ? 'streamed' : 'whole'}: sources are citations, what has no place is named`, () => {
      const { text, warned } = told(to, stream)
      for (const source of ['https://h.example/depth', 'Harbour', 'tides.pdf']) assert.ok(text.includes(source), text)
      assert.deepEqual(
        warned.map((field) => field.replace(/^reply\./, '')),
        ['message.context.citations.content', 'message.context.intent'],
      )
    })

for (const stream of [false, true])
  test(`${stream ? 'a stream' : 'an answer'} of the same format that is written anew keeps the field as it came`, () => {
    const { text, warned } = told(openaiChat, stream)
    assert.ok(text.includes(`"context":${JSON.stringify(context)}`), text)
    assert.deepEqual(warned, [])
  })
