/** What Bedrock answered, read and given on in every format that callers speak. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { bedrockConverse } from '#protocol/bedrock-converse/index.ts'
import type { Call } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import type { Part } from '#protocol/part.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import type { Recording } from '../fake/replay.ts'
import { readIndex, readRecording, responseBytes } from '../fake/replay.ts'
import { inboundOf, sharedFolder } from './exchange.ts'

const readAll = (): readonly Recording[] => {
  const folder = join(sharedFolder(), 'recordings')
  return readIndex(folder)
    .filter(({ provider, api }) => provider === 'bedrock' && api.startsWith('bedrock.converse'))
    .map(({ file }) => readRecording(folder, file))
}

const callFor = (stream: boolean): Call => {
  const asked = { model: 'm', messages: [{ role: 'user', content: 'x' }], max_tokens: 9, stream }
  return protocols['openai-chat'].server.readCall(inboundOf('/v1/chat/completions', Buffer.from(JSON.stringify(asked))))
}

const headFor = ({ response }: Recording) => ({ status: response.status, headers: response.headers })

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
)

type Event = readonly [name: string, body: JsonObject]

/** The events as a stream or a document tells them, read without the reader that is tried. */
const eventsOf = (bytes: Buffer): readonly Event[] => {
  const events: Event[] = []
  for (let at = 0; at < bytes.length; ) {
    const lengthBytes = bytes.readUInt32BE(at)
    const { headers, body } = codec.decode(bytes.subarray(at, at + lengthBytes))
    events.push([String(headers[':event-type']?.value), JSON.parse(Buffer.from(body).toString('utf8'))])
    at += lengthBytes
  }
  return events
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const listOf = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

type Said = {
  readonly text: string
  readonly thought: string
  readonly tools: number
  readonly signatures: readonly string[]
  readonly usage: JsonObject
  readonly reason: string
}

const saidIn = (document: JsonObject): Said => {
  const content = listOf(objectOf(objectOf(document['output'])['message'])['content'])
  const thoughts = content.map((block) => objectOf(objectOf(block['reasoningContent'])['reasoningText']))
  const cited = content.map((block) => listOf(objectOf(block['citationsContent'])['content']))
  return {
    text: content.map(({ text }, index) => text ?? cited[index]?.map((piece) => piece['text']).join('') ?? '').join(''),
    thought: thoughts.map(({ text }) => text ?? '').join(''),
    tools: content.filter(({ toolUse }) => toolUse !== undefined).length,
    signatures: thoughts.flatMap(({ signature }) => (typeof signature === 'string' ? [signature] : [])),
    usage: objectOf(document['usage']),
    reason: String(document['stopReason']),
  }
}

const saidBy = (events: readonly Event[]): Said => {
  const deltas = events.flatMap(([name, body]) => (name === 'contentBlockDelta' ? [objectOf(body['delta'])] : []))
  const thoughts = deltas.map((delta) => objectOf(delta['reasoningContent']))
  const bodyOf = (name: string): JsonObject => events.find(([one]) => one === name)?.[1] ?? {}
  const decoded = (hidden: Json): string => Buffer.from(String(hidden), 'base64').toString('utf8')
  return {
    text: deltas.map(({ text }) => text ?? '').join(''),
    thought: thoughts.map(({ text }) => text ?? '').join(''),
    tools: events.filter(([name]) => name === 'contentBlockStart').length,
    signatures: thoughts.flatMap(({ signature, redactedContent }) => {
      if (redactedContent !== undefined) return [decoded(redactedContent)]
      return typeof signature === 'string' ? [signature] : []
    }),
    usage: objectOf(bodyOf('metadata')['usage']),
    reason: String(bodyOf('messageStop')['stopReason']),
  }
}

const saidOf = (recording: Recording, bytes: Buffer): Said =>
  recording.response.body_base64 === undefined ? saidIn(JSON.parse(bytes.toString('utf8'))) : saidBy(eventsOf(bytes))

const textIn = (parts: readonly Part[], type: 'text-delta' | 'reasoning-delta'): string =>
  parts.flatMap((part) => (part.type === type ? [part.text] : [])).join('')

const finishes: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  guardrail_intervened: 'content-filter',
}

/** A stream bytewise as well: it may be cut anywhere. */
const partsOf = (recording: Recording, pieces: readonly Buffer[]): { parts: readonly Part[]; complete: boolean } => {
  const stream = recording.response.body_base64 !== undefined
  const reader = bedrockConverse.client.readReply(callFor(stream), headFor(recording))
  const frames = [...pieces.flatMap((piece) => reader.read(piece)), ...reader.end()]
  return { parts: frames.flatMap((frame) => frame.parts), complete: reader.complete() }
}

test('every recorded answer is read whole: text, thought, signatures, calls, end and figures', () => {
  const recordings = readAll().filter(({ response }) => response.status < 300)
  assert.ok(recordings.length >= 80, `${recordings.length} recordings`)
  for (const recording of recordings) {
    const bytes = responseBytes(recording)
    const { parts, complete } = partsOf(recording, [bytes])
    const said = saidOf(recording, bytes)
    assert.equal(textIn(parts, 'text-delta'), said.text, recording.id)
    assert.equal(textIn(parts, 'reasoning-delta'), said.thought, recording.id)
    assert.equal(parts.filter(({ type }) => type === 'tool-input-start').length, said.tools, recording.id)
    const carriers = parts.flatMap((part) => (part.type === 'reasoning-end' ? (part.carriers ?? []) : []))
    assert.deepEqual(
      carriers.map(({ value }) => value),
      said.signatures,
      recording.id,
    )
    assert.ok(complete, recording.id)
    assert.equal(parts.find((part) => part.type === 'finish')?.reason, finishes[said.reason], recording.id)
    const usage = parts.find((part) => part.type === 'usage')?.usage
    assert.equal(usage?.output, said.usage['outputTokens'], recording.id)
    const cached = Number(said.usage['cacheReadInputTokens'] ?? 0) + Number(said.usage['cacheWriteInputTokens'] ?? 0)
    assert.equal(usage?.input, Number(said.usage['inputTokens']) + cached, recording.id)
    const bytewise = [...bytes.keys()].map((at) => bytes.subarray(at, at + 1))
    if (bytes.length < 20_000) assert.deepEqual(partsOf(recording, bytewise).parts, parts, recording.id)
  }
})

test('what was hidden of a thought is text that comes back as the same bytes', () => {
  let hidden = 0
  for (const recording of readAll()) {
    if (recording.response.body_base64 === undefined) continue
    for (const [, body] of eventsOf(responseBytes(recording))) {
      const value = objectOf(objectOf(body['delta'])['reasoningContent'])['redactedContent']
      if (typeof value !== 'string') continue
      assert.equal(Buffer.from(Buffer.from(value, 'base64').toString('utf8')).toString('base64'), value, recording.id)
      hidden += 1
    }
  }
  assert.ok(hidden > 0)
})

test('callers of every format get the same text, and an end', () => {
  for (const recording of readAll()) {
    if (recording.response.status >= 300) continue
    const bytes = responseBytes(recording)
    const { text } = saidOf(recording, bytes)
    const stream = recording.response.body_base64 !== undefined
    for (const protocol of Object.values(protocols)) {
      if (protocol.server.readChat === undefined) continue
      const inner = bedrockConverse.client.readReply(callFor(stream), headFor(recording))
      const context = { call: callFor(true), asked: { id: 'call_1', origin: '' }, nowMs: 0 }
      const reader = translatedReader(inner, protocol.server.writeReply(context), { stream: true })
      const frames = [...reader.read(bytes), ...reader.end()]
      assert.ok(reader.complete(), `${recording.id} ${protocol.name}`)
      const again = protocol.client.readReply(context.call, {
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
      })
      const back = [...again.read(Buffer.concat(frames.map(({ raw }) => raw))), ...again.end()]
      const parts = back.flatMap((frame) => frame.parts)
      assert.equal(textIn(parts, 'text-delta'), text, `${recording.id} ${protocol.name}`)
      assert.ok(again.complete(), `${recording.id} ${protocol.name}`)
    }
  }
})

test('refusals are the caller’s own fault, in the words of Bedrock', () => {
  const refusals = readAll().filter(({ response }) => response.status >= 400)
  assert.ok(refusals.length >= 5)
  for (const recording of refusals) {
    const { status, headers } = recording.response
    const problem = bedrockConverse.client.readProblem({ status, headers, body: responseBytes(recording) })
    assert.equal(problem.code, 'invalid_request_error', recording.id)
    assert.match(problem.detail.message, /^The provider refused the request: /, recording.id)
  }
})
