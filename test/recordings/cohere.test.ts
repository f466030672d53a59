/** What Cohere's own chat answered, read and given on in every format that callers speak. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import { cohereChat } from '#protocol/cohere-chat/index.ts'
import { protocols } from '#protocol/index.ts'
import type { Part } from '#protocol/part.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import type { Recording } from '../fake/replay.ts'
import { readIndex, readRecording, responseBytes } from '../fake/replay.ts'
import { inboundOf, sharedFolder } from './exchange.ts'

const isChat = ({ response }: Recording): boolean => response.sse !== undefined || 'message' in objectOf(response.body)

const readAll = (): readonly Recording[] => {
  const folder = join(sharedFolder(), 'recordings')
  return readIndex(folder)
    .filter(({ api }) => api === 'cohere.chat.v2')
    .map(({ file }) => readRecording(folder, file))
    .filter(isChat)
}

const callFor = (stream: boolean): Call => {
  const asked = { model: 'm', messages: [{ role: 'user', content: 'x' }], max_tokens: 9, stream }
  return protocols['openai-chat'].server.readCall(inboundOf('/v1/chat/completions', Buffer.from(JSON.stringify(asked))))
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})
const listOf = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

type Said = {
  readonly text: string
  readonly thought: string
  readonly calls: number
  readonly cited: number
  readonly usage: JsonObject
  readonly reason: string
}

const saidIn = (document: JsonObject): Said => {
  const message = objectOf(document['message'])
  const content = listOf(message['content'])
  const joined = (name: string): string => content.map((block) => block[name] ?? '').join('')
  return {
    text: joined('text'),
    thought: `${message['tool_plan'] ?? ''}${joined('thinking')}`,
    calls: listOf(message['tool_calls']).length,
    cited: listOf(message['citations']).flatMap(({ sources }) => listOf(sources)).length,
    usage: objectOf(document['usage']),
    reason: String(document['finish_reason']),
  }
}

/** What the events say, read without the reader that is tried. */
const saidBy = (sse: string): Said => {
  const events = sse
    .split('\n')
    .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
    .map((line): JsonObject => JSON.parse(line.slice(5)))
  const messages = events.map(({ delta }) => objectOf(objectOf(delta)['message']))
  const contents = messages.map(({ content }) => objectOf(content))
  const last = objectOf(events.findLast(({ type }) => type === 'message-end')?.['delta'])
  return {
    text: contents.map(({ text }) => text ?? '').join(''),
    thought: messages.map((one, index) => `${one['tool_plan'] ?? ''}${contents[index]?.['thinking'] ?? ''}`).join(''),
    calls: events.filter(({ type }) => type === 'tool-call-start').length,
    cited: events.filter(({ type }) => type === 'citation-start').length,
    usage: objectOf(last['usage']),
    reason: String(last['finish_reason']),
  }
}

const saidOf = ({ response }: Recording): Said =>
  response.sse === undefined ? saidIn(objectOf(response.body)) : saidBy(response.sse)

const headFor = ({ response }: Recording) => ({
  status: response.status,
  headers: { 'content-type': response.sse === undefined ? 'application/json' : 'text/event-stream' },
})

const textIn = (parts: readonly Part[], type: 'text-delta' | 'reasoning-delta'): string =>
  parts.flatMap((part) => (part.type === type ? [part.text] : [])).join('')

const finishes: Readonly<Record<string, string>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool-calls',
}

test('every recorded answer is read whole: text, thought and plan, calls, sources, end and figures', () => {
  const recordings = readAll().filter(({ response }) => response.status < 300)
  assert.ok(recordings.length >= 25, `${recordings.length} recordings`)
  for (const recording of recordings) {
    const said = saidOf(recording)
    const reader = cohereChat.client.readReply(callFor(recording.response.sse !== undefined), headFor(recording))
    const parts = [...reader.read(responseBytes(recording)), ...reader.end()].flatMap((frame) => frame.parts)
    assert.equal(textIn(parts, 'text-delta'), said.text, recording.id)
    assert.equal(textIn(parts, 'reasoning-delta'), said.thought, recording.id)
    assert.equal(parts.filter(({ type }) => type === 'tool-input-start').length, said.calls, recording.id)
    assert.equal(parts.filter(({ type }) => type === 'tool-input-end').length, said.calls, recording.id)
    assert.equal(parts.filter(({ type }) => type === 'citation').length, said.cited, recording.id)
    assert.ok(reader.complete(), recording.id)
    assert.equal(parts.find((part) => part.type === 'finish')?.reason, finishes[said.reason], recording.id)
    const usage = parts.find((part) => part.type === 'usage')?.usage
    assert.equal(usage?.input, objectOf(said.usage['billed_units'])['input_tokens'], recording.id)
    assert.equal(usage?.output, objectOf(said.usage['billed_units'])['output_tokens'], recording.id)
  }
})

test('callers of every format get the same text, and an end', () => {
  for (const recording of readAll()) {
    if (recording.response.status >= 300) continue
    for (const protocol of Object.values(protocols)) {
      if (protocol.server.readChat === undefined) continue
      const inner = cohereChat.client.readReply(callFor(recording.response.sse !== undefined), headFor(recording))
      const context = { call: callFor(true), asked: { id: 'call_1', origin: '' }, nowMs: 0 }
      const reader = translatedReader(inner, protocol.server.writeReply(context), { stream: true })
      const frames = [...reader.read(responseBytes(recording)), ...reader.end()]
      assert.ok(reader.complete(), `${recording.id} ${protocol.name}`)
      const head = { status: 200, headers: { 'content-type': 'text/event-stream' } }
      const again = protocol.client.readReply(context.call, head)
      const back = [...again.read(Buffer.concat(frames.map(({ raw }) => raw))), ...again.end()]
      const parts = back.flatMap((frame) => frame.parts)
      assert.equal(textIn(parts, 'text-delta'), saidOf(recording).text, `${recording.id} ${protocol.name}`)
      assert.ok(again.complete(), `${recording.id} ${protocol.name}`)
    }
  }
})
