import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { protocols } from '#protocol/index.ts'
import type { Frame, ProtocolName, ReplyReader } from '#protocol/protocol.ts'
import { inboundOf } from './test-inbound.ts'

const readerOf = (name: ProtocolName, request: object, contentType: string | null): ReplyReader => {
  const call = protocols[name].server.readCall(
    inboundOf(JSON.stringify({ model: 'm', messages: [], input: 'x', ...request })),
  )
  const headers = contentType === null ? {} : { 'content-type': contentType }
  return protocols[name].client.readReply(call, { status: 200, headers })
}

const mebibyte = 1024 * 1024
const rawOf = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.map((frame) => frame.raw))

test('a document up to 8 MiB is one frame at its end; a larger one passes, and its usage is read along', () => {
  for (const name of ['openai-embeddings', 'openai-chat'] as const) {
    const reader = readerOf(name, {}, 'application/json')
    const frames: Frame[] = []
    const filler = Buffer.from(`"${'x'.repeat(mebibyte)}",`)
    frames.push(...reader.read(Buffer.from('{"data":[')))
    for (let count = 0; count < 7; count += 1) frames.push(...reader.read(filler))
    assert.equal(frames.length, 0)
    for (let count = 0; count < 7; count += 1) frames.push(...reader.read(filler))
    assert.ok(frames.length > 0)
    assert.ok(rawOf(frames).length > 14 * mebibyte)
    assert.equal(reader.complete(), false)
    frames.push(...reader.read(Buffer.from('1],"usage":{"prompt_tokens":3,"total_tokens":3}}')))
    frames.push(...reader.end())
    assert.equal(reader.complete(), true)
    const parts = frames.flatMap((frame) => frame.parts)
    assert.equal(parts.find((part) => part.type === 'usage')?.usage.input, 3)
    assert.ok(rawOf(frames).subarray(-10).toString().endsWith('3}}'))
  }
})

test('a large document that is cut is not complete', () => {
  const reader = readerOf('openai-images', { prompt: 'x' }, 'application/json')
  reader.read(Buffer.from('{"data":[{"b64_json":"'))
  reader.read(Buffer.alloc(9 * mebibyte, 'A'))
  assert.throws(() => reader.end(), { code: 'upstream_error' })
  assert.equal(reader.complete(), false)
})

test('the form is what the head promises, until the body says otherwise', () => {
  const forms: readonly (readonly [object, string | null, string, string])[] = [
    [{ stream: true }, 'text/event-stream', 'events', 'events'],
    [{ stream: true }, null, 'events', 'events'],
    [{}, 'application/json', 'json', 'json'],
    [{}, null, 'json', 'json'],
    [{}, 'text/event-stream; charset=utf-8', 'events', 'events'],
  ]
  for (const [request, contentType, promised, form] of forms) {
    const reader = readerOf('openai-chat', request, contentType)
    assert.equal(reader.form, promised)
    reader.read(Buffer.from(form === 'json' ? ' {' : 'data: {'))
    assert.equal(reader.form, form)
  }
  const surprised = readerOf('openai-chat', { stream: true }, 'text/event-stream')
  surprised.read(Buffer.from('{"error"'))
  assert.equal(surprised.form, 'json')
  assert.equal(readerOf('openai-speech', {}, 'audio/mpeg').form, 'binary')
})

test('blanks keep a connection open, but not for ever', () => {
  const reader = readerOf('openai-chat', {}, 'application/json')
  assert.throws(
    () => {
      for (let count = 0; count < 1025; count += 1) reader.read(Buffer.alloc(1025, ' '))
    },
    { code: 'upstream_error' },
  )
})

test('a broken event is told after the events before it, and again on every further call', () => {
  const reader = readerOf('openai-chat', { stream: true }, 'text/event-stream')
  const frames = reader.read(Buffer.from('data: {"id":"a","choices":[]}\n\ndata: oops\n\ndata: [DONE]\n\n'))
  assert.equal(frames.length, 1)
  assert.throws(() => reader.read(Buffer.from('data: [DONE]\n\n')), { code: 'upstream_error' })
  assert.throws(() => reader.end(), { code: 'upstream_error' })
  assert.equal(reader.complete(), false)
})

test('an event over its bound is refused', () => {
  const reader = readerOf('openai-chat', { stream: true }, 'text/event-stream')
  assert.throws(
    () => {
      reader.read(Buffer.from('data: '))
      for (let count = 0; count < 17; count += 1) reader.read(Buffer.alloc(mebibyte, 'x'))
    },
    { code: 'upstream_error' },
  )
})

test('many choices in one stream are bounded', () => {
  const reader = readerOf('openai-chat', { stream: true }, 'text/event-stream')
  const choices = Array.from({ length: 3000 }, (_, index) => ({
    index,
    delta: { content: 'x' },
    finish_reason: 'stop',
  }))
  const frames = reader.read(Buffer.from(`data: ${JSON.stringify({ choices })}\n\n`))
  assert.equal(frames.flatMap((frame) => frame.parts).filter((part) => part.type === 'finish').length, 1024)
})

test('fields that would change an object’s prototype change nothing', () => {
  const reader = readerOf('openai-chat', { stream: true }, 'text/event-stream')
  const frames = reader.read(
    Buffer.from(
      'data: {"__proto__":{"polluted":1},"choices":[{"__proto__":{"polluted":1},"delta":{"__proto__":{"polluted":1},"content":"x"}}]}\n\n',
    ),
  )
  assert.equal('polluted' in {}, false)
  for (const part of frames.flatMap((frame) => frame.parts))
    assert.equal(JSON.stringify(part).includes('polluted'), false)
})
