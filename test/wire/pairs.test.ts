/** Generated answers from one format over another and back into words, for every pair and every way of cutting: what must survive does. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { unknownUsage } from '#base/usage.ts'
import type { FinishReason, Part } from '#protocol/part.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { crossReply, inFront } from './crossing.ts'
import { cutAt, inboundOf, readFixtures } from './fixture.ts'

const callOf = (to: Protocol, stream: boolean) => {
  const asked = { model: 'm', max_tokens: 1000, messages: [], contents: [], input: [], stream }
  const bytes = Buffer.from(JSON.stringify({ ...asked, stream_options: { include_usage: true } }))
  const method = stream ? 'streamGenerateContent' : 'generateContent'
  const path = to.name === 'gemini' ? `/v1beta/models/m:${method}` : '/v1/x'
  return to.server.readCall({ ...inboundOf(bytes, { query: new URLSearchParams('alt=sse') }), path })
}

type Said = {
  readonly reasoning: { readonly text: string; readonly signature: string } | null
  readonly texts: readonly string[]
  readonly tools: readonly { readonly id: string; readonly name: string; readonly args: object }[]
  readonly reason: FinishReason
  readonly usage: { readonly input: number; readonly cached: number; readonly write: number; readonly output: number }
}

const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).map((one) => `a${one}é👩🏽‍🚀`)

const said: fc.Arbitrary<Said> = fc.record({
  reasoning: fc.option(fc.record({ text, signature: fc.base64String({ minLength: 4, maxLength: 24 }) })),
  texts: fc.array(text, { minLength: 1, maxLength: 3 }),
  tools: fc.uniqueArray(
    fc.record({
      id: fc.stringMatching(/^toolu_[a-z0-9]{14}$/),
      name: fc.stringMatching(/^[a-z][a-z_]{2,9}$/),
      args: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(text, fc.integer(), fc.boolean()), {
        maxKeys: 3,
      }),
    }),
    { maxLength: 3, selector: ({ id }) => id },
  ),
  reason: fc.constantFrom<FinishReason>('stop', 'length'),
  usage: fc.record({ input: fc.nat(500), cached: fc.nat(500), write: fc.nat(500), output: fc.nat(500) }),
})

const partsOf = ({ reasoning, texts, tools, reason, usage }: Said): readonly Part[] => {
  let block = -1
  const at = () => ({ choice: 0, block }) as const
  const next = () => {
    block += 1
    return at()
  }
  const thought: readonly Part[] =
    reasoning === null
      ? []
      : [
          { type: 'reasoning-start', ...next() },
          { type: 'reasoning-delta', ...at(), text: reasoning.text },
          { type: 'reasoning-end', ...at(), carriers: [{ format: 'anthropic', value: reasoning.signature }] },
        ]
  const prose: readonly Part[] = [
    { type: 'text-start', ...next() },
    ...texts.map((one): Part => ({ type: 'text-delta', ...at(), text: one })),
    { type: 'text-end', ...at() },
  ]
  const calls = tools.flatMap(({ id, name, args }): readonly Part[] => [
    { type: 'tool-input-start', ...next(), id, name, kind: 'function', executor: 'caller' },
    { type: 'tool-input-delta', ...at(), text: JSON.stringify(args) },
    { type: 'tool-input-end', ...at() },
  ])
  const { input, cached, write, output } = usage
  return [
    { type: 'start', id: 'id_1', model: 'm', createdMs: 1_790_000_000_000 },
    ...thought,
    ...prose,
    ...calls,
    {
      type: 'usage',
      raw: {},
      usage: {
        ...unknownUsage,
        input: input + cached + write,
        cachedInput: cached,
        cacheWrite: write,
        output,
        reasoning: 0,
      },
    },
    { type: 'finish', choice: 0, reason: tools.length > 0 ? 'tool-calls' : reason, raw: null },
  ]
}

const written = (parts: readonly Part[], to: Protocol): { readonly bytes: Buffer; readonly contentType: string } => {
  const context = { call: callOf(to, true), asked: { id: 'call_1', origin: '' }, nowMs: 1_790_000_000_000 }
  const writer = to.server.writeReply(context)
  const pieces = parts.map((part) => writer.write(part)).filter((bytes) => bytes !== null)
  return { bytes: Buffer.concat([...pieces, writer.end()]), contentType: writer.contentType }
}

const meaningOf = (parts: readonly Part[]) => {
  const calls = new Map<number, { id: string; name: string; text: string }>()
  for (const part of parts) {
    if (part.type === 'tool-input-start') calls.set(part.block, { id: part.id, name: part.name, text: '' })
    const call = part.type === 'tool-input-delta' ? calls.get(part.block) : undefined
    if (call !== undefined && part.type === 'tool-input-delta') call.text += part.text
  }
  const joined = (type: 'text-delta' | 'reasoning-delta'): string =>
    parts.map((part) => (part.type === type ? part.text : '')).join('')
  const usage = parts.findLast((part) => part.type === 'usage')?.usage
  return {
    text: joined('text-delta'),
    reasoning: joined('reasoning-delta'),
    signatures: parts.flatMap((part) => (part.type === 'reasoning-end' ? (part.carriers ?? []) : [])),
    tools: [...calls.values()].map(({ id, name, text: args }) => [id, name, JSON.parse(args)]),
    finish: parts.flatMap((part) => (part.type === 'finish' ? [part.reason] : [])),
    // Some formats leave out what is nothing.
    usage: [usage?.input, usage?.output, usage?.cachedInput ?? 0, usage?.cacheWrite ?? 0],
  }
}

describe('answers of generated conversations', () => {
  for (const from of inFront)
    for (const to of inFront)
      for (const stream of [true, false])
        test(`${from.name} to a caller of ${to.name}, ${stream ? 'streamed' : 'whole'}`, () => {
          fc.assert(
            fc.property(said, fc.array(fc.nat(2_000), { maxLength: 8 }), (one, cuts) => {
              const source = partsOf(one)
              const { bytes, contentType } = written(source, from)
              const head = { status: 200, headers: { 'content-type': contentType } }
              const inner = from.client.readReply(callOf(from, true), head, { whole: true })
              const caller = callOf(to, stream)
              const context = { call: caller, asked: { id: 'call_2', origin: '' }, nowMs: 1_790_000_000_000 }
              const writer = to.server.writeReply(context)
              const reader = translatedReader(inner, writer, { stream })
              const frames = [...cutAt(bytes, cuts).flatMap((piece) => reader.read(piece)), ...reader.end()]
              assert.ok(reader.complete())
              const answer = Buffer.concat(frames.map(({ raw }) => raw))
              const last = to.client.readReply(caller, { status: 200, headers: { 'content-type': writer.contentType } })
              const parts = [...last.read(answer), ...last.end()].flatMap((frame) => frame.parts)
              assert.ok(last.complete())
              const [got, expected] = [meaningOf(parts), meaningOf(source)]
              // Gemini's usage has no place for what was written to the cache: it counts as read.
              const isGemini = from.name === 'gemini' || to.name === 'gemini'
              const usage = isGemini ? [...expected.usage.slice(0, 3), 0] : expected.usage
              assert.deepEqual(
                { ...got, usage: isGemini ? [...got.usage.slice(0, 3), 0] : got.usage },
                { ...expected, usage },
              )
            }),
            { numRuns: 15 },
          )
        })
})

/** What says in each format that an answer is whole. */
const endMarks: Readonly<Record<string, RegExp>> = {
  'openai-chat': /\[DONE\]/,
  'openai-responses': /response\.(?:completed|incomplete)/,
  'anthropic-messages': /message_stop/,
}

test('an answer that is cut inside a character is never closed, in whatever format it comes and goes', () => {
  let cuts = 0
  for (const fixture of readFixtures()) {
    if (fixture.protocol.client.writeChat === undefined) continue
    const places = [...fixture.bytes.entries()].flatMap(([at, byte]) => ((byte & 0xc0) === 0x80 ? [at] : []))
    for (const place of places.slice(0, 12)) {
      const cut = { ...fixture, bytes: fixture.bytes.subarray(0, place) }
      for (const to of inFront) {
        const { complete, written: told } = crossReply(cut, to, { stream: true })
        if (complete) continue
        assert.doesNotMatch(JSON.stringify(told ?? ''), endMarks[to.name] ?? /never/, `${fixture.name} at ${place}`)
        cuts += 1
      }
    }
  }
  assert.ok(cuts > 100, `${cuts} cuts`)
})
