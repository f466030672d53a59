/** What real Ollama servers answered, read and given on in every format that callers speak. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import { ollamaChat } from '#protocol/ollama-chat/index.ts'
import type { Part } from '#protocol/part.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import type { Recording } from '../fake/replay.ts'
import { readIndex, readRecording, responseBytes } from '../fake/replay.ts'
import { inboundOf, sharedFolder } from './exchange.ts'

const readAll = (): readonly Recording[] => {
  const folder = join(sharedFolder(), 'recordings')
  return readIndex(folder)
    .filter(({ api }) => api === 'ollama.chat')
    .map(({ file }) => readRecording(folder, file))
}

const callFor = (stream: boolean): Call => {
  const body = Buffer.from(
    JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], max_tokens: 9, stream }),
  )
  return protocols['openai-chat'].server.readCall(inboundOf('/v1/chat/completions', body))
}

/** What the lines say, read without the reader that is tried. */
const said = (bytes: Buffer) => {
  const documents = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): JsonObject => JSON.parse(line))
  const messages = documents.map(({ message }) => message as JsonObject | undefined)
  const joined = (name: string): string => messages.map((message) => message?.[name] ?? '').join('')
  return {
    text: joined('content'),
    thinking: joined('thinking'),
    calls: messages.flatMap((message) => (message?.['tool_calls'] ?? []) as readonly JsonObject[]).length,
    last: documents.at(-1) ?? {},
  }
}

const textIn = (parts: readonly Part[], type: 'text-delta' | 'reasoning-delta'): string =>
  parts.flatMap((part) => (part.type === type ? [part.text] : [])).join('')

test('every recorded answer is read whole: text, thought, calls, end and figures', () => {
  const recordings = readAll()
  assert.ok(recordings.length >= 13, `${recordings.length} recordings`)
  for (const recording of recordings) {
    const bytes = responseBytes(recording)
    const stream = recording.response.ndjson !== undefined
    const reader = ollamaChat.client.readReply(callFor(stream), { status: 200, headers: {} })
    const parts = [...reader.read(bytes), ...reader.end()].flatMap((frame) => frame.parts)
    const { text, thinking, calls, last } = said(bytes)
    assert.equal(textIn(parts, 'text-delta'), text, recording.id)
    assert.equal(textIn(parts, 'reasoning-delta'), thinking, recording.id)
    assert.equal(parts.filter(({ type }) => type === 'tool-input-start').length, calls, recording.id)
    assert.ok(reader.complete(), recording.id)
    const usage = parts.find((part) => part.type === 'usage')?.usage
    assert.equal(usage?.output, last['eval_count'], recording.id)
    assert.equal(usage?.input ?? undefined, last['prompt_eval_count'], recording.id)
    const finish = parts.find((part) => part.type === 'finish')
    assert.equal(finish?.reason, calls > 0 ? 'tool-calls' : last['done_reason'], recording.id)
  }
})

test('callers of every format get the same text, and an end', () => {
  for (const recording of readAll()) {
    const bytes = responseBytes(recording)
    const stream = recording.response.ndjson !== undefined
    const { text } = said(bytes)
    for (const protocol of Object.values(protocols)) {
      if (protocol.server.readChat === undefined) continue
      const inner = ollamaChat.client.readReply(callFor(stream), { status: 200, headers: {} })
      const context = { call: callFor(true), asked: { id: 'call_1', origin: '' }, nowMs: 0 }
      const reader = translatedReader(inner, protocol.server.writeReply(context), { stream: true })
      const frames = [...reader.read(bytes), ...reader.end()]
      assert.ok(reader.complete(), `${recording.id} ${protocol.name}`)
      const again = protocol.client.readReply(context.call, {
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
      })
      const parts = [...again.read(Buffer.concat(frames.map(({ raw }) => raw))), ...again.end()].flatMap(
        (one) => one.parts,
      )
      assert.equal(textIn(parts, 'text-delta'), text, `${recording.id} ${protocol.name}`)
      assert.ok(again.complete(), `${recording.id} ${protocol.name}`)
    }
  }
})
