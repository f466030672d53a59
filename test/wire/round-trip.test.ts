/** Parts written as a reply and read again are the same parts: for every way to write a chat answer, whole or streaming. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import { unknownUsage } from '#base/usage.ts'
import type { Call } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import type { FinishReason, Part } from '#protocol/part.ts'
import type { ReplyContext } from '#protocol/protocol.ts'
import type { Fixture } from './fixture.ts'
import { inboundOf, readFixtures } from './fixture.ts'

const { server, client } = protocols['openai-chat']

const callOf = (request: object): Call =>
  server.readCall(inboundOf(Buffer.from(JSON.stringify({ model: 'm', messages: [], ...request }))))

const write = (parts: readonly Part[], context: ReplyContext): Buffer => {
  const writer = server.writeReply(context)
  const pieces = parts.map((part) => writer.write(part)).filter((bytes) => bytes !== null)
  return Buffer.concat([...pieces, writer.end()])
}

const read = (bytes: Buffer, context: ReplyContext): { parts: readonly Part[]; complete: boolean } => {
  const contentType = server.writeReply(context).contentType
  const reader = client.readReply(context.call, { status: 200, headers: { 'content-type': contentType } })
  const frames = [...reader.read(bytes), ...reader.end()]
  assert.ok(Buffer.concat(frames.map((frame) => frame.raw)).equals(bytes))
  return { parts: frames.flatMap((frame) => frame.parts), complete: reader.complete() }
}

type Block = (at: { readonly choice: number; readonly block: number }) => readonly Part[]

const prose = (kind: 'text' | 'reasoning' | 'refusal'): fc.Arbitrary<Block> =>
  fc
    .array(fc.string({ minLength: 1, unit: 'binary' }), { minLength: 1, maxLength: 4 })
    .map((texts) => (at) => [
      { type: `${kind}-start`, ...at },
      ...texts.map((text) => ({ type: `${kind}-delta`, ...at, text }) as const),
      { type: `${kind}-end`, ...at },
    ])

const tool: fc.Arbitrary<Block> = fc
  .tuple(
    fc.uuid(),
    fc.string({ minLength: 1 }),
    fc.constantFrom('function', 'custom'),
    fc.array(fc.string({ minLength: 1 })),
  )
  .map(([id, name, kind, texts]) => (at) => [
    { type: 'tool-input-start', ...at, id, name, kind, executor: 'caller' },
    ...texts.map((text) => ({ type: 'tool-input-delta', ...at, text }) as const),
    { type: 'tool-input-end', ...at },
  ])

const sound: fc.Arbitrary<Block> = fc
  .array(fc.uint8Array({ minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 3 })
  .map((pieces) => (at) => [
    { type: 'audio-start', ...at, id: 'audio_1', format: null },
    ...pieces.map((piece, index) => {
      const data = Buffer.from(piece).toString('base64')
      return { type: 'audio-delta', ...at, data, transcript: `${index}` } as const
    }),
    { type: 'audio-end', ...at, expiresMs: 1_790_000_000_000 },
  ])

const image: fc.Arbitrary<Block> = fc
  .base64String({ minLength: 4 })
  .map((data) => (at) => [{ type: 'image', ...at, mediaType: 'image/png', data, complete: true }])

/** The blocks of one answer in the order that a document tells them, so that a whole answer can say the same. */
const blocks: fc.Arbitrary<readonly Block[]> = fc
  .tuple(
    fc.option(prose('reasoning'), { nil: null }),
    fc.option(prose('text'), { nil: null }),
    fc.option(prose('refusal'), { nil: null }),
    fc.option(sound, { nil: null }),
    fc.option(image, { nil: null }),
    fc.array(tool, { maxLength: 3 }),
  )
  .map(([reasoning, text, refusal, audio, picture, tools]) =>
    [reasoning, text, refusal, audio, picture, ...tools].filter((block) => block !== null),
  )

const finishes: readonly (readonly [FinishReason, string])[] = [
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool-calls', 'tool_calls'],
  ['content-filter', 'content_filter'],
]

const choice = (index: number): fc.Arbitrary<readonly Part[]> =>
  fc
    .tuple(blocks, fc.constantFrom(...finishes))
    .map(([made, [reason, raw]]) => [
      ...made.flatMap((block, place) => block({ choice: index, block: place })),
      { type: 'finish', choice: index, reason, raw },
    ])

/** What a call can have had: more is believed of nobody. */
const tokens = fc.nat(500_000_000)
const usagePart = fc.tuple(tokens, tokens, tokens).map(([input, more, reasoning]): Part => {
  const output = more + reasoning
  const raw: JsonObject = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
  const usage: Usage = { ...unknownUsage, input, output, reasoning }
  return { type: 'usage', usage, raw }
})

const answer: fc.Arbitrary<readonly Part[]> = fc
  .tuple(choice(0), choice(1), usagePart)
  .map(([first, second, usage]) => [
    { type: 'start', id: 'chatcmpl-1', model: 'm-1', createdMs: 1_790_000_000_000 },
    ...first,
    ...second,
    usage,
  ])

type Gathered = Map<string, Record<string, unknown>>

/** Deltas joined by block, whatever pieces and order they came in; blocks by choice and kind in their order. */
const gathered = (parts: readonly Part[]): Gathered => {
  const found: Gathered = new Map()
  for (const part of parts) {
    const key = 'block' in part ? `${part.choice}/${part.block}` : 'choice' in part ? `${part.choice}` : part.type
    const before = found.get(key) ?? {}
    const joined: Record<string, unknown> = { ...before }
    for (const [name, value] of Object.entries(part)) {
      const grows =
        /-delta$/.test(part.type) && typeof value === 'string' && ['text', 'data', 'transcript'].includes(name)
      joined[name] = grows ? `${before[name] ?? ''}${value}` : value
    }
    found.set(key, joined)
  }
  return found
}

const contexts: ReadonlyArray<readonly [string, object]> = [
  ['streaming', { n: 2, stream: true, stream_options: { include_usage: true } }],
  ['whole', { n: 2 }],
]

describe('parts that were written are read again', () => {
  for (const [name, request] of contexts) {
    test(name, () => {
      const context = { call: callOf(request), asked: { id: 'call_1', origin: '' }, nowMs: 0 }
      fc.assert(
        fc.property(answer, (parts) => {
          const back = read(write(parts, context), context)
          assert.equal(back.complete, true)
          assert.deepEqual(gathered(back.parts), gathered(parts))
        }),
        { numRuns: 200 },
      )
    })
  }
})

/** What an answer says, choice by choice; a document joins what a stream may tell in several blocks. */
const meaning = (parts: readonly Part[]): object => {
  const texts: Record<string, string> = {}
  for (const part of parts) {
    const told =
      part.type === 'audio-delta'
        ? (part.transcript ?? '')
        : /-delta$/.test(part.type) && 'text' in part
          ? part.text
          : null
    if (told === null || !('block' in part)) continue
    const key = part.type === 'tool-input-delta' ? `${part.choice} tool ${part.block}` : `${part.choice} ${part.type}`
    texts[key] = (texts[key] ?? '') + told
  }
  const numbered = Object.entries(texts).filter(([key]) => key.includes('tool'))
  const finish = parts.filter((part) => part.type === 'finish')
  return {
    texts: Object.fromEntries(Object.entries(texts).filter(([key]) => !key.includes('tool'))),
    tools: parts.filter((part) => part.type === 'tool-input-start').map(({ id, name, kind }) => ({ id, name, kind })),
    inputs: numbered.map(([, text]) => text),
    finish: finish.map(({ choice: index, reason }) => `${index} ${reason}`).sort(),
    citations: parts
      .filter((part) => part.type === 'citation' && part.url !== null)
      .map((part) => ('url' in part ? part.url : '')),
    output: parts.findLast((part) => part.type === 'usage')?.usage.output ?? null,
  }
}

const partsOf = (fixture: Fixture): readonly Part[] | null => {
  const reader = client.readReply(fixture.call, { status: 200, headers: { 'content-type': fixture.contentType } })
  try {
    const frames = [...reader.read(fixture.bytes), ...reader.end()]
    return reader.complete() ? frames.flatMap((frame) => frame.parts) : null
  } catch (thrown) {
    if (thrown instanceof Problem) return null
    throw thrown
  }
}

/** Words for an end that this format cannot say. */
const unspeakable = ['openai-chat/finish-words', 'openai-chat/whole-other-document']

describe('what providers sent, written for a caller', () => {
  for (const stream of [true, false]) {
    test(stream ? 'as a stream' : 'as a document', () => {
      let written = 0
      for (const fixture of readFixtures()) {
        const parts = fixture.protocol.name === 'openai-chat' ? partsOf(fixture) : null
        if (parts === null || unspeakable.includes(fixture.name)) continue
        const call = { ...fixture.call, stream, usageWish: { inStream: true, cost: false } }
        const context = { call, asked: { id: 'call_1', origin: '' }, nowMs: 0 }
        const back = read(write(parts, context), context)
        assert.equal(back.complete, true, fixture.name)
        assert.deepEqual(meaning(back.parts), meaning(parts), fixture.name)
        written += 1
      }
      assert.ok(written > 50, `only ${written} fixtures were written`)
    })
  }
})
