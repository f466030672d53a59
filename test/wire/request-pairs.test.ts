/**
 * Requests that nobody wrote, with pictures, files, citations, cache marks and results of tools, from every format to every other:
 * whatever is in them arrives, or is warned of under its own place or its own name.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '#base/json-type.ts'
import type { Warning } from '#protocol/call.ts'
import type { Block, ChatRequest, MediumSource, Message } from '#protocol/chat-request.ts'
import { noParameters } from '#protocol/chat-request.ts'
import type { Feature } from '#protocol/feature.ts'
import type { ChatTarget, Protocol, UpstreamProtocol } from '#protocol/protocol.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'
import { behind, inFront } from './crossing.ts'
import { inboundOf } from './fixture.ts'

/** Words that are found again wherever they stand. */
const mark = fc.integer({ min: 1, max: 999_999 }).map((number) => `mark${number}x`)
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const bytes = (mediaTypes: readonly string[]): fc.Arbitrary<MediumSource> =>
  fc.record({ kind: fc.constant('base64' as const), mediaType: fc.constantFrom(...mediaTypes), data: mark.map(base64) })
const address: fc.Arbitrary<MediumSource> = mark.map((word) => ({
  kind: 'url',
  url: `https://files.example/${word}`,
  mediaType: null,
}))
const kept: fc.Arbitrary<MediumSource> = mark.map((word) => ({ kind: 'file', id: `file-${word}`, mediaType: null }))
const plain: fc.Arbitrary<MediumSource> = mark.map((word) => ({ kind: 'text', mediaType: 'text/plain', text: word }))

/** Every third thing that may hold a mark of the cache does. */
const cache = fc.option(fc.constantFrom({ ttl: '5m' as const }, { ttl: '1h' as const }), { freq: 3, nil: undefined })
const marked = <T extends object>(block: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.tuple(block, cache).map(([one, mark]) => (mark === undefined ? one : { ...one, cache: mark }))

const text = marked(fc.record({ type: fc.constant('text' as const), text: mark }))
const image = marked(
  fc.record({
    type: fc.constant('image' as const),
    source: fc.oneof(bytes(['image/png', 'image/webp']), address, kept),
    detail: fc.constantFrom('low', 'high', null),
  }),
)
const file = marked(
  fc.record({
    type: fc.constant('file' as const),
    source: fc.oneof(bytes(['application/pdf', 'text/plain']), address, kept, plain),
    filename: fc.option(mark.map((word) => `${word}.pdf`)),
    context: fc.option(mark),
    cited: fc.boolean(),
  }),
)
const medium = (type: 'audio' | 'video', mediaTypes: readonly string[]) =>
  fc.record({ type: fc.constant(type), source: bytes(mediaTypes) }) as fc.Arbitrary<Block>
const sound = medium('audio', ['audio/wav', 'audio/mpeg'])
const film = medium('video', ['video/mp4'])
const cited = fc.record({
  type: fc.constant('text' as const),
  text: mark,
  citations: fc.array(
    mark.map((word) => {
      const url = `https://source.example/${word}`
      return { url, title: word, raw: { type: 'url_citation', url, title: word, start_index: 0, end_index: 4 } }
    }),
    { minLength: 1, maxLength: 2 },
  ),
})

const message = (role: Message['role'], content: readonly Block[]): Message => ({ role, content, name: null })

const called = fc.record({ id: fc.stringMatching(/^toolu_[a-z0-9]{12}$/), word: mark, isError: fc.boolean() })

const turn: fc.Arbitrary<readonly Message[]> = fc
  .record({
    said: fc.array(fc.oneof(text, image, file, sound, film), { minLength: 1, maxLength: 4 }),
    call: fc.option(fc.tuple(called, fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 2 }))),
    answer: cited,
  })
  .map(({ said, call, answer }) => {
    const asked = message('user', said as readonly Block[])
    if (call === null) return [asked, message('assistant', [answer])]
    const [{ id, word, isError }, content] = call
    const input = JSON.stringify({ word })
    return [
      asked,
      message('assistant', [
        { type: 'tool-call', id, name: 'look', kind: 'function', executor: 'caller', input, carriers: [] },
      ]),
      message('tool', [{ type: 'tool-result', id, name: 'look', executor: 'caller', isError, content }]),
      message('assistant', [answer]),
    ]
  })

const request: fc.Arbitrary<ChatRequest> = fc
  .record({ system: text, turns: fc.array(turn, { minLength: 1, maxLength: 3 }), last: text, seed: mark })
  .map(({ system, turns, last }) => ({
    ...noParameters,
    source: 'nobody',
    stream: false,
    outputMax: 1_000,
    messages: [message('system', [system]), ...turns.flat(), message('user', [last])],
    tools: [{ kind: 'function', name: 'look', description: 'Looks.', parameters: { type: 'object' }, strict: null }],
    extra: {},
  }))

const target = ({ name }: UpstreamProtocol): ChatTarget => ({
  dialect: {
    ...compatibleDialect,
    cacheMarks: true,
    thinking: name === 'openai-chat' ? 'effort' : 'budget',
  },
  outputMax: 64_000,
})

/** What a caller of the format would have sent for this; what the format cannot say is not in it. */
const callIn = (from: Protocol, one: ChatRequest) => {
  const written = from.client.writeChat?.(one, target(from)).value ?? {}
  const body: JsonObject = { ...written, ...(from.name === 'gemini' ? {} : { model: 'm' }) }
  const inbound = inboundOf(Buffer.from(JSON.stringify(body)))
  return from.server.readCall(
    from.name === 'gemini' ? { ...inbound, path: '/v1beta/models/m:generateContent' } : inbound,
  )
}

type Expected = { readonly word: string; readonly features: readonly Feature[]; readonly place: string }

/** What the block holds, each as it would be found in a body. */
const contentsOf = (block: Block, place: string): readonly Expected[] => {
  const of = (feature: Feature, ...words: readonly (string | null | undefined)[]): readonly Expected[] =>
    words.flatMap((word) => (typeof word === 'string' && word !== '' ? [{ word, features: [feature], place }] : []))
  switch (block.type) {
    case 'text':
      return [...of('text', block.text), ...of('citation', ...(block.citations ?? []).map(({ url }) => url))]
    case 'image':
    case 'audio':
    case 'video':
    case 'file': {
      const { source } = block
      const feature = source.kind === 'file' ? 'file-id' : block.type
      const word =
        source.kind === 'base64'
          ? source.data
          : source.kind === 'url'
            ? source.url
            : source.kind === 'file'
              ? source.id
              : source.text
      if (block.type !== 'file') return of(feature, word)
      return [...of(feature, word), ...(source.kind === 'file' ? [] : of('file-context', block.context))]
    }
    case 'tool-call':
      return of('tool-call', block.name, String((JSON.parse(block.input) as JsonObject)['word']))
    case 'tool-result':
      return block.content.flatMap((inner, index) =>
        contentsOf(inner, `${place}.content[${index}]`).map((one) => ({
          ...one,
          features: inner.type === 'text' ? one.features : [...one.features, 'tool-result-media' as const],
        })),
      )
    default:
      return []
  }
}

const expectedOf = ({ messages }: ChatRequest): readonly Expected[] =>
  messages.flatMap(({ content }, at) =>
    content.flatMap((block, index) => contentsOf(block, `messages[${at}].content[${index}]`)),
  )

/** Texts of files are read as texts by some formats. */
const isIn = (body: string, word: string): boolean => {
  const decoded = Buffer.from(word, 'base64').toString('utf8')
  const written = JSON.stringify(word).slice(1, -1)
  return body.includes(written) || (/^mark\d+x$/.test(decoded) && body.includes(decoded))
}

const lossIn = (feature: Feature, to: UpstreamProtocol): string | null => {
  const fate = to.fields?.writes[feature]
  return typeof fate === 'object' && 'lost' in fate ? fate.lost : null
}

const isTold = ({ features, place }: Expected, warnings: readonly Warning[], to: UpstreamProtocol): boolean => {
  const losses = features.map((feature) => lossIn(feature, to))
  const parent = place.replace(/\.content\[\d+\]$/, '')
  return warnings.some(
    ({ field, reason }) => losses.includes(reason) || field.startsWith(place) || (parent !== '' && field === parent),
  )
}

const marksIn = (value: unknown): number => JSON.stringify(value).match(/"(?:cache_control|cachePoint)":/g)?.length ?? 0
/** What holds a mark of the cache: the mark is lost for a reason of its own, or goes with what it marks. */
const markedIn = ({ messages }: ChatRequest): readonly Expected[] =>
  messages.flatMap(({ content }, at) =>
    content.flatMap((block, index) => {
      if (block.cache === undefined) return []
      const place = `messages[${at}].content[${index}]`
      const within = contentsOf(block, place).flatMap(({ features }) => features)
      return [{ word: 'a mark of the cache', features: ['cache-mark' as const, ...within], place }]
    }),
  )

describe('generated requests lose nothing quietly', () => {
  for (const from of inFront)
    for (const to of behind)
      test(`${from.name} to ${to.name}`, () => {
        let words = 0
        fc.assert(
          fc.property(request, (one) => {
            const call = callIn(from, one)
            const read = from.server.readChat?.(call).value
            assert.ok(read !== undefined)
            const { value, warnings } = translateCall(call, { from, to, target: target(to) })
            const body = JSON.stringify(value.call.body())
            for (const expected of expectedOf(read)) {
              words += 1
              assert.ok(
                isIn(body, expected.word) || isTold(expected, warnings, to),
                `${expected.features.join()} "${expected.word}" at ${expected.place} is neither in ${body} nor in ${JSON.stringify(warnings)}`,
              )
            }
            const isKept = marksIn(value.call.body()) > 0
            for (const marked of markedIn(read)) assert.ok(isKept || isTold(marked, warnings, to), body)
          }),
          { numRuns: 25 },
        )
        assert.ok(words > 50, `${words} words`)
      })
})
