/** What Gemini really answered and was really asked: read, written again, and given on in every format that callers speak. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import { gemini } from '#protocol/gemini/index.ts'
import { protocols } from '#protocol/index.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'
import type { Recording } from '../fake/replay.ts'
import { readIndex, readRecording, responseBytes } from '../fake/replay.ts'
import { inboundOf, sharedFolder } from './exchange.ts'

const readAll = (): readonly Recording[] => {
  const folder = join(sharedFolder(), 'recordings')
  return readIndex(folder)
    .filter(({ api }) => api === 'gemini.generateContent' || api === 'gemini.streamGenerateContent')
    .map(({ file }) => readRecording(folder, file))
}

const recordings = readAll()
/** Errors come under 200 as well. */
const good = recordings.filter(
  ({ response: { status, body } }) => status === 200 && !(isObject(body) && body['error'] !== undefined),
)

const isArray = ({ response: { body } }: Recording): boolean => Array.isArray(body)
const isStream = (recording: Recording): boolean => recording.response.sse !== undefined || isArray(recording)

const callFor = (protocol: Protocol, stream: boolean): Call => {
  const body = Buffer.from(
    JSON.stringify({
      model: 'm',
      messages: [{ role: 'user', content: 'x' }],
      contents: [],
      input: 'x',
      max_tokens: 9,
      stream,
    }),
  )
  const method = stream ? 'streamGenerateContent' : 'generateContent'
  const path = protocol.name === 'gemini' ? `/v1beta/models/m:${method}` : '/v1/x'
  return protocol.server.readCall({ ...inboundOf(path, body), query: new URLSearchParams('alt=sse') })
}

const headOf = (events: boolean) => ({
  status: 200,
  headers: { 'content-type': events ? 'text/event-stream' : 'application/json' },
})

/** The documents of an answer, read without the reader that is tried. */
const documentsIn = (recording: Recording): readonly JsonObject[] => {
  const text = responseBytes(recording).toString('utf8')
  if (isArray(recording)) return JSON.parse(text)
  if (!isStream(recording)) return [JSON.parse(text)]
  return text.split(/\r?\n\r?\n/).flatMap((event): JsonObject[] => {
    const data = /^data: ?(.*)$/ms.exec(event)?.[1]
    return data === undefined || data.trim() === '' ? [] : [JSON.parse(data)]
  })
}

const piecesIn = (document: JsonObject): readonly JsonObject[] => {
  const candidates = Array.isArray(document['candidates']) ? document['candidates'].filter(isObject) : []
  return candidates.flatMap(({ content }) => {
    const parts: Json = isObject(content) ? (content['parts'] ?? []) : []
    return Array.isArray(parts) ? parts.filter(isObject) : []
  })
}

const said = (recording: Recording) => {
  const pieces = documentsIn(recording).flatMap(piecesIn)
  const joined = (thought: boolean): string =>
    pieces.flatMap((piece) => ((piece['thought'] === true) === thought ? [piece['text'] ?? ''] : [])).join('')
  return {
    text: joined(false),
    thought: joined(true),
    // Arguments in pieces are tried by a test of their own.
    calls: pieces.flatMap(({ functionCall: call }) =>
      isObject(call) && typeof call['name'] === 'string' ? [call] : [],
    ),
    inPieces: pieces.some(({ functionCall: call }) => isObject(call) && call['willContinue'] === true),
    signatures: pieces.filter(({ thoughtSignature }) => typeof thoughtSignature === 'string').length,
  }
}

type Told = {
  readonly text: string
  readonly thought: string
  readonly calls: readonly { readonly name: string; readonly args: unknown }[]
  readonly finish: readonly string[]
}

const told = (parts: readonly Part[]): Told => {
  const inputs = new Map<number, { name: string; text: string }>()
  for (const part of parts) {
    if (part.type === 'tool-input-start' && part.executor === 'caller')
      inputs.set(part.block, { name: part.name, text: '' })
    const input = part.type === 'tool-input-delta' ? inputs.get(part.block) : undefined
    if (input !== undefined && part.type === 'tool-input-delta') input.text += part.text
  }
  return {
    text: parts.flatMap((part) => (part.type === 'text-delta' ? [part.text] : [])).join(''),
    thought: parts.flatMap((part) => (part.type === 'reasoning-delta' ? [part.text] : [])).join(''),
    calls: [...inputs.values()].map(({ name, text }) => ({ name, args: JSON.parse(text === '' ? '{}' : text) })),
    finish: parts.flatMap((part) => (part.type === 'finish' ? [part.reason] : [])),
  }
}

const readParts = (
  protocol: Protocol,
  bytes: Buffer,
  { stream, events = stream }: { stream: boolean; events?: boolean },
) => {
  const reader = protocol.client.readReply(callFor(protocol, stream), headOf(events), { whole: true })
  const frames = [...reader.read(bytes), ...reader.end()]
  return { reader, frames, parts: frames.flatMap((frame) => frame.parts) }
}

const formOf = (recording: Recording) => ({
  stream: isStream(recording),
  events: isStream(recording) && !isArray(recording),
})

test('every recorded answer is read whole, its bytes as they came', () => {
  assert.ok(good.length > 200, `${good.length} recordings`)
  for (const recording of good) {
    const bytes = responseBytes(recording)
    const { reader, frames, parts } = readParts(gemini, bytes, formOf(recording))
    const expected = said(recording)
    const got = told(parts)
    assert.ok(Buffer.concat(frames.map(({ raw }) => raw)).equals(bytes), recording.id)
    assert.equal(got.text, expected.text, recording.id)
    assert.equal(got.thought, expected.thought, recording.id)
    const names = (calls: readonly JsonObject[]): unknown => calls.map(({ name }) => name)
    assert.deepEqual(names(got.calls as never), names(expected.calls), recording.id)
    const whole = expected.calls.map(({ name, args }) => ({ name, args: args ?? {} }))
    if (!expected.inPieces) assert.deepEqual(got.calls, whole, recording.id)
    const carriers = parts.flatMap((part) => ('carriers' in part ? (part.carriers ?? []) : []))
    assert.equal(carriers.length, expected.signatures, recording.id)
    const usages = documentsIn(recording).flatMap(({ usageMetadata }) =>
      isObject(usageMetadata) ? [usageMetadata] : [],
    )
    const usage = parts.findLast((part) => part.type === 'usage')?.usage
    if (usages.length > 0)
      assert.ok((usage?.input ?? 0) >= Number(usages.at(-1)?.['promptTokenCount'] ?? 0), recording.id)
    assert.ok(reader.complete(), recording.id)
  }
})

test('callers of every format get the same text, thought, calls and end', () => {
  for (const recording of good) {
    const stream = isStream(recording)
    const bytes = responseBytes(recording)
    const { parts } = readParts(gemini, bytes, formOf(recording))
    const direct = told(parts)
    for (const protocol of Object.values(protocols)) {
      if (protocol.kind !== 'chat' || protocol.server.readChat === undefined) continue
      const call = { ...callFor(protocol, stream), usageWish: { inStream: true, cost: false } }
      const inner = gemini.client.readReply(callFor(gemini, stream), headOf(formOf(recording).events), { whole: true })
      const writer = protocol.server.writeReply({ call, asked: { id: 'call_1', origin: '' }, nowMs: 0 })
      const reader = translatedReader(inner, writer, { stream })
      const written = [...reader.read(bytes), ...reader.end()]
      const name = `${recording.id} for ${protocol.name}`
      assert.ok(reader.complete(), name)
      const again = readParts(protocol, Buffer.concat(written.map(({ raw }) => raw)), { stream })
      assert.ok(again.reader.complete(), name)
      const crossed = told(again.parts)
      // One answer is all that Messages can tell.
      if (direct.finish.length <= 1) assert.deepEqual(crossed.text, direct.text, name)
      assert.deepEqual(crossed.calls, direct.calls, name)
      const [end] = direct.finish
      const met = crossed.finish[0] === 'refusal' ? 'content-filter' : crossed.finish[0]
      if (end !== 'error' && end !== 'other') assert.equal(met, end, name)
    }
  }
})

test('every recorded request can be asked of every format, and is itself in its own', () => {
  let same = 0
  for (const { id, request } of recordings) {
    const body = request?.body
    if (!isObject(body) || !Array.isArray(body['contents'])) continue
    const bytes = Buffer.from(JSON.stringify(body))
    const call = gemini.server.readCall(inboundOf('/v1beta/models/m:generateContent', bytes))
    for (const to of Object.values(protocols)) {
      if (to.client.writeChat === undefined) continue
      const target = { dialect: { ...compatibleDialect, thinking: 'budget' as const }, outputMax: 1000 }
      try {
        const { value, warnings } = translateCall(call, { from: gemini, to, target })
        if (to.name !== 'gemini') continue
        assert.deepEqual(warnings, [], id)
        const written = JSON.parse(JSON.stringify(value.call.body()))
        if (JSON.stringify(written).length === bytes.length) same += 1
        assert.equal(written['contents'].length > 0, body['contents'].length > 0, id)
      } catch (thrown) {
        if (!(thrown instanceof Problem)) throw thrown
        assert.fail(`${id} to ${to.name}: ${thrown.message}`)
      }
    }
  }
  assert.ok(same > 60, `${same} requests are as long when written again`)
})
