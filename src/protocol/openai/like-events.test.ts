import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { messagesSteps } from '#protocol/anthropic-messages/reply.ts'
import { protocols } from '#protocol/index.ts'
import { chatSteps } from '#protocol/openai-chat/reply.ts'
import type { Frame } from '#protocol/protocol.ts'
import { eventReader } from './event-reply.ts'
import { LikeEvents } from './like-events.ts'
import type { ReplySteps } from './reply-steps.ts'
import { inboundOf } from './test-inbound.ts'

const call = protocols['openai-chat'].server.readCall(inboundOf(JSON.stringify({ model: 'm', messages: [] })))

const chunkWith = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c', created: 1_700_000_000, model: 'm', choices: [{ index: 0, delta, finish_reason: null }], ...more })}\n\n`
const piece = (text: string): string => chunkWith({ content: text })
const messagePiece = (text: string): string =>
  `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }).slice(0, -1)}${' '.repeat(text.length)}}\n\n`

/** Steps with how many events they were given. */
const counted = (steps: ReplySteps): { readonly steps: ReplySteps; readonly events: () => number } => {
  let events = 0
  const event: ReplySteps['event'] = (data, name) => {
    events += 1
    return steps.event(data, name)
  }
  return { steps: { ...steps, event }, events: () => events }
}

const inFull = ({ readsAlike: _, ...steps }: ReplySteps): ReplySteps => steps

/** Frames, or what was thrown, of bytes cut at these places. */
const told = (steps: ReplySteps, bytes: Buffer, cuts: readonly number[]): readonly unknown[] => {
  const reader = eventReader(steps)
  const seen: unknown[] = []
  const note = (frames: readonly Frame[]): void => {
    for (const { raw, parts, role } of frames) seen.push({ raw: raw.toString('latin1'), parts, role })
  }
  try {
    let from = 0
    for (const at of [...cuts, bytes.length]) {
      note(reader.read(bytes.subarray(from, at)))
      from = at
    }
    note(reader.end())
  } catch (thrown) {
    seen.push(String(thrown))
  }
  return [...seen, reader.complete()]
}

test('from the third on, events that are alike but for their text are not read in full, whatever their bytes come with', () => {
  const words = ['Once', ' upon', ' a', ' time', ' 春', ' 🐎', ' "so"', '.\n\n', ' \\', ' end']
  for (const [steps, write, before] of [
    [chatSteps(call), piece, chunkWith({ role: 'assistant', content: '' })],
    [chatSteps(call), (text: string) => chunkWith({ reasoning_content: text }), ''],
    [
      messagesSteps(),
      messagePiece,
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    ],
  ] as const) {
    const { steps: watched, events } = counted(steps)
    const reader = eventReader(watched)
    if (before !== '') reader.read(Buffer.from(before))
    const texts = words.flatMap((word) => reader.read(Buffer.from(write(word)))).flatMap(({ parts }) => parts)
    assert.deepEqual(
      texts.flatMap((part) => ('text' in part ? [part.text] : [])),
      words,
    )
    // The first one opens its block, and the next two show that nothing changes any more.
    assert.ok(events() <= 4, `${events()} events were read in full`)
  }
})

test('what is alike is read again in full once something else has come between', () => {
  const { steps, events } = counted(chatSteps(call))
  const reader = eventReader(steps)
  for (const text of ['a', 'b', 'c', 'd']) reader.read(Buffer.from(piece(text)))
  const before = events()
  reader.read(Buffer.from(chunkWith({ reasoning_content: 'hm' })))
  const parts = reader.read(Buffer.from(piece('e'))).flatMap((frame) => frame.parts)
  assert.equal(events(), before + 2)
  // The thought has ended the first block of text.
  assert.deepEqual(
    parts.map((part) => part.type),
    ['reasoning-end', 'text-start', 'text-delta'],
  )
})

test('a stream whose events each have something of their own is soon not looked at any more', () => {
  const like = new LikeEvents()
  const frameOf = (raw: string, text: string): Frame => ({
    raw: Buffer.from(raw),
    parts: [{ type: 'text-delta', choice: 0, block: 0, text }],
    role: 'content',
  })
  for (let at = 0; at < 20; at += 1) like.note(frameOf(`data: {"n":${at},"t":"x${at}"}\n\n`, `x${at}`))
  for (const text of ['a', 'b', 'c']) like.note(frameOf(`data: {"t":"${text}"}\n\n`, text))
  assert.equal(like.read(Buffer.from('data: {"t":"d"}\n\n')), null)
})

const padded = (event: string, blanks: number): string => event.replace(/}(?=\n\n$)/, `${' '.repeat(blanks)}}`)
const oneText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', 'a', 'b', ':', ',', '"', '\\', '","', 'content', '}', '\n', '\u0000', '[DONE]', 'é', '🐎'),
)
const oneEvent = fc.oneof(
  { weight: 12, arbitrary: oneText.map(piece) },
  { weight: 3, arbitrary: oneText.map((text) => chunkWith({ reasoning: text })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(oneText, oneText)
      .map(([text, other]) => chunkWith({ content: text }, { obfuscation: other, usage: null })),
  },
  { weight: 1, arbitrary: oneText.map((text) => chunkWith({ content: text, reasoning: text })) },
  {
    weight: 1,
    arbitrary: oneText.map((text) => chunkWith({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
  },
  { weight: 1, arbitrary: oneText.map((text) => piece(text).replaceAll('\n', '\r\n')) },
  { weight: 3, arbitrary: fc.tuple(oneText, fc.nat(3)).map(([text, blanks]) => padded(piece(text), blanks)) },
  { weight: 1, arbitrary: oneText.map((text) => piece(text).replaceAll('\n', '\r')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ': ping\n\n',
      'data: [DONE]\n\n',
      '\n',
      'data: 7\n\n',
      'data: {"choices":[{"index":0,"delta":{"content":"',
      'data: {"error":{"message":"no"}}\n\n',
    ),
  },
)

test('whatever comes, and however it is cut: what is read is what would have been read in full', () => {
  fc.assert(
    fc.property(
      fc.array(oneEvent, { maxLength: 24 }),
      fc.array(fc.nat(2_000), { maxLength: 12 }),
      fc.boolean(),
      (events, places, byEvent) => {
        const bytes = Buffer.from(events.join(''))
        const ends = events.map((_, at) => Buffer.byteLength(events.slice(0, at + 1).join('')))
        const cuts = (byEvent ? ends : places.filter((place) => place < bytes.length)).toSorted((a, b) => a - b)
        assert.deepEqual(told(chatSteps(call), bytes, cuts), told(inFull(chatSteps(call)), bytes, cuts))
      },
    ),
    { numRuns: 1_500 },
  )
})
