/**
 * What real clients asked and real providers answered, carried over to the other formats and back: what must survive is
 * compared, text byte for byte.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Block, ChatRequest } from '#protocol/chat-request.ts'
import { protocols } from '#protocol/index.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { withTurn } from '#protocol/system-alone.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'
import type { Exchange } from './exchange.ts'
import { callOf, inboundOf, readAnswer, readExchanges } from './exchange.ts'

const formats: readonly Protocol[] = Object.values(protocols).filter(
  ({ kind, server }) => kind === 'chat' && server.readChat !== undefined,
)
const exchanges = readExchanges().filter(({ protocol }) => formats.includes(protocol))

/** One answer's meaning, whatever pieces it came in. */
type Meaning = {
  readonly text: string
  readonly reasoning: string
  readonly tools: readonly (readonly [id: string, name: string, input: unknown])[]
  readonly finish: string | null
  readonly usage: Readonly<Record<string, number | null>> | null
  readonly signatures: readonly string[]
  readonly addresses: readonly string[]
}

/** Arguments that are no object stand in one as a text, where a format knows only objects. */
const parsed = (text: string): unknown => {
  try {
    const value: unknown = text.trim() === '' ? {} : (JSON.parse(text) ?? {})
    const only = isObject(value) && Object.keys(value).length === 1 ? value['input'] : undefined
    return typeof only === 'string' ? only : value
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return text
    throw thrown
  }
}

const toolsOf = (parts: readonly Part[]): Meaning['tools'] => {
  const found = new Map<number, { id: string; name: string; text: string }>()
  for (const part of parts) {
    if (part.type === 'tool-input-start' && part.executor === 'caller' && part.choice === 0)
      found.set(part.block, { id: part.id, name: part.name, text: '' })
    const open = part.type === 'tool-input-delta' && part.choice === 0 ? found.get(part.block) : undefined
    if (open !== undefined && part.type === 'tool-input-delta') open.text += part.text
  }
  return [...found.values()].map(({ id, name, text }) => [id, name, parsed(text)])
}

const textOf = (parts: readonly Part[], type: 'text-delta' | 'reasoning-delta'): string =>
  parts.map((part) => (part.type === type && part.choice === 0 ? part.text : '')).join('')

const meaningOf = (parts: readonly Part[]): Meaning => {
  const usage = parts.findLast((part) => part.type === 'usage')?.usage
  const finish = parts.find((part) => part.type === 'finish' && part.choice === 0)
  return {
    text: textOf(parts, 'text-delta'),
    reasoning: textOf(parts, 'reasoning-delta'),
    tools: toolsOf(parts),
    finish: finish?.type === 'finish' ? finish.reason : null,
    usage:
      usage === undefined || usage.input === null || usage.output === null
        ? null
        : {
            input: usage.input,
            output: usage.output,
            cachedInput: usage.cachedInput ?? 0,
            cacheWrite: usage.cacheWrite ?? 0,
            reasoning: usage.reasoning ?? 0,
          },
    signatures: parts.flatMap((part) =>
      part.type === 'reasoning-end' && part.choice === 0 ? (part.carriers ?? []).map(({ value }) => value) : [],
    ),
    addresses: parts.flatMap((part) =>
      part.type === 'citation' && part.choice === 0 && part.url !== null ? [part.url] : [],
    ),
  }
}

/** The answer as a caller of another format gets it, read by that format. */
const cross = (exchange: Exchange, to: Protocol, stream: boolean): { parts: readonly Part[]; complete: boolean } => {
  const body = {
    model: 'm',
    max_tokens: 100,
    messages: [],
    contents: [],
    input: 'x',
    stream,
    stream_options: { include_usage: true },
  }
  const caller = to.server.readCall(inboundOf('/v1/x', Buffer.from(JSON.stringify(body))))
  const writer = to.server.writeReply({ call: caller, asked: { id: 'call_x', origin: '' }, nowMs: 0 })
  const head = exchange.recording.response
  const inner = exchange.protocol.client.readReply(callOf(exchange), head, { whole: true })
  const reader = translatedReader(inner, writer, { stream })
  const frames = [...reader.read(exchange.bytes), ...reader.end()]
  const bytes = Buffer.concat(frames.map((frame) => frame.raw))
  // Nothing that could be said had come.
  if (bytes.length === 0) return { parts: [], complete: reader.complete() }
  const back = to.client.readReply(caller, { status: 200, headers: { 'content-type': writer.contentType } })
  const parts = [...back.read(bytes), ...back.end()].flatMap((frame) => frame.parts)
  assert.equal(back.complete(), reader.complete(), `${exchange.row.file} as ${to.name}`)
  return { parts, complete: reader.complete() }
}

/** Ids that the writer gave where the provider gave none. */
const withoutGivenIds = (after: Meaning['tools'], before: Meaning['tools']): Meaning['tools'] =>
  after.map(([id, ...rest], index) => [before[index]?.[0] === '' ? '' : id, ...rest])

/** A message has one finish for what the caller may do: tools to run, a refusal; the other words are one to one. */
const finishAs = (meaning: Meaning, refused: boolean, to: Protocol): string | null => {
  if (to.name === 'anthropic-messages') {
    if (meaning.finish === 'content-filter') return 'refusal'
    if (meaning.finish === 'error') return 'length'
    if (meaning.finish === 'other' || meaning.finish === 'stop')
      return meaning.tools.length > 0 ? 'tool-calls' : refused ? 'refusal' : 'stop'
  }
  if (to.name === 'openai-responses') {
    if (meaning.finish === 'refusal') return refused ? 'stop' : 'content-filter'
    if (meaning.finish === 'error') return 'length'
    if (
      meaning.finish === 'stop' ||
      meaning.finish === 'other' ||
      meaning.finish === 'pause' ||
      meaning.finish === 'tool-calls'
    )
      return meaning.tools.length > 0 ? 'tool-calls' : 'stop'
  }
  if (to.name === 'gemini') {
    if (meaning.finish === 'refusal') return 'content-filter'
    if (meaning.finish === 'error' || meaning.finish === 'pause') return 'other'
    if (meaning.finish === 'stop' || meaning.finish === 'tool-calls')
      return meaning.tools.length > 0 ? 'tool-calls' : 'stop'
  }
  if (to.name === 'openai-chat') {
    if (meaning.finish === 'refusal') return 'content-filter'
    if (meaning.finish === 'pause' || meaning.finish === 'other') return 'stop'
  }
  return meaning.finish
}

/** Gemini's usage has no field for what was written to a cache. */
const usageAs = (usage: NonNullable<Meaning['usage']>, to: Protocol): Meaning['usage'] =>
  to.name === 'gemini' ? { ...usage, cacheWrite: 0 } : usage

test('answers keep what must survive in every other format, streaming and whole', (context) => {
  let crossed = 0
  for (const exchange of exchanges) {
    if (exchange.row.status >= 400) continue
    const own = readAnswer(exchange)
    // Words that are no JSON are nobody's format; what is not complete is tried below.
    if (!own.complete || !own.parts.some(({ type }) => type === 'finish')) continue
    for (const to of formats) {
      if (to === exchange.protocol) continue
      for (const stream of [true, false]) {
        const where = `${exchange.row.file} as ${to.name}, ${stream ? 'streaming' : 'whole'}`
        const before = meaningOf(own.parts)
        const refusal = own.parts.map((part) => (part.type === 'refusal-delta' ? part.text : '')).join('')
        const { parts, complete } = cross(exchange, to, stream)
        const after = meaningOf(parts)
        assert.ok(complete, where)
        assert.equal(
          after.text,
          before.text + (to.name === 'anthropic-messages' || to.name === 'gemini' ? refusal : ''),
          where,
        )
        assert.equal(after.reasoning, before.reasoning, where)
        assert.deepEqual(withoutGivenIds(after.tools, before.tools), before.tools, where)
        assert.equal(after.finish, finishAs(before, refusal !== '', to), where)
        if (before.usage !== null) assert.deepEqual(after.usage, usageAs(before.usage, to), where)
        assert.deepEqual(after.signatures, before.signatures, where)
        assert.deepEqual(after.addresses, before.addresses, where)
        crossed += 1
      }
    }
  }
  context.diagnostic(`${crossed} crossings of answers`)
  assert.ok(crossed > 1_500, `only ${crossed} answers crossed`)
})

test('an answer that broke off is complete in no format', () => {
  for (const exchange of exchanges) {
    if (exchange.row.status >= 400 || exchange.recording.response.sse === undefined) continue
    const events = exchange.bytes.toString('utf8').split(/(?<=\r?\n\r?\n)/)
    const half = { ...exchange, bytes: Buffer.from(events.slice(0, Math.floor(events.length / 3)).join('')) }
    for (const to of formats) {
      if (to === exchange.protocol || half.bytes.length === 0) continue
      const { complete } = cross(half, to, true)
      assert.equal(complete, readAnswer(half).complete, `${exchange.row.file} as ${to.name}`)
    }
  }
})

/** Chat Completions has only text for a result: what else came with it is shown in the next message, and this says so. */
const elsewhere = 'The result is shown in the next message.'

const resultText = (block: Block): string => (block.type === 'text' && block.text !== elsewhere ? block.text : '')

/** What a conversation says: texts, calls and results in order. */
const conversationOf = ({ messages }: ChatRequest): readonly unknown[] => {
  const said = (block: Block): readonly unknown[] => {
    if (block.type === 'text') return block.text === '' ? [] : [block.text]
    if (block.type === 'refusal') return block.text === '' ? [] : [block.text]
    if (block.type === 'tool-call')
      return block.executor === 'caller' ? [['call', block.id, block.name, parsed(block.input)]] : []
    if (block.type === 'tool-result' && block.executor === 'caller')
      return [['result', block.id, parsed(block.content.map(resultText).join(''))]]
    return block.type === 'image' ? [['image', block.source]] : []
  }
  return messages.flatMap(({ content }) => content.flatMap(said))
}

/** Ids by the order of their first appearance: what counts is that a result still belongs to its call. */
const numbered = (said: readonly unknown[]): readonly unknown[] => {
  const seen = new Map<unknown, number>()
  return said.map((one) => {
    if (!Array.isArray(one) || one[0] === 'image') return one
    if (!seen.has(one[1])) seen.set(one[1], seen.size)
    return [one[0], seen.get(one[1]), ...one.slice(2)]
  })
}

const joined = (said: readonly unknown[]): readonly unknown[] => {
  const calls = said.filter(Array.isArray).map((one) => JSON.stringify(one))
  return [
    said.filter((one) => typeof one === 'string').join(''),
    ...calls.filter((one) => !one.startsWith('["image"')).sort(),
  ]
}

/** What means something only to the provider that keeps earlier responses is refused. */
const refersToKept = (body: JsonObject): boolean =>
  ['previous_response_id', 'conversation', 'prompt'].some((name) => typeof (body[name] ?? undefined) !== 'undefined') ||
  JSON.stringify(body).includes('"type":"item_reference"')

test('requests keep texts, calls, results and schemas in every other format', (context) => {
  let crossed = 0
  for (const exchange of exchanges) {
    if (!isObject(exchange.recording.request?.body)) continue
    const { protocol } = exchange
    const { readChat } = protocol.server
    if (readChat === undefined) continue
    if (refersToKept(exchange.recording.request.body)) {
      assert.throws(() => readChat(callOf(exchange)), /refers to/, exchange.row.file)
      continue
    }
    for (const to of formats) {
      if (to === protocol) continue
      const call = callOf(exchange)
      const target = { dialect: { ...compatibleDialect, thinking: 'budget' as const }, outputMax: 64_000 }
      const { value } = translateCall(call, { from: protocol, to, target })
      const back = to.server.readChat?.(value.call).value
      assert.ok(back !== undefined)
      const before: ChatRequest = readChat(call).value
      const restored = numbered(conversationOf(back))
      assert.deepEqual(
        joined(restored).slice(1),
        joined(numbered(conversationOf(before))).slice(1),
        `${exchange.row.file} as ${to.name}`,
      )
      if (hasDocuments(before)) assert.ok(textsIn(back).length >= textsIn(before).length, exchange.row.file)
      else {
        const expected = to.wantsTurn === true ? withTurn(before, () => {}) : before
        assert.equal(textsIn(back), textsIn(expected), `${exchange.row.file} as ${to.name}: texts`)
      }
      assert.deepEqual(
        back.tools.filter(({ kind }) => kind === 'function').map(({ name }) => value.toolNames.get(name) ?? name),
        before.tools.filter(({ kind }) => kind !== 'provider').map((tool) => tool.name),
      )
      crossed += 1
    }
  }
  context.diagnostic(`${crossed} crossings of requests`)
  assert.ok(crossed > 500, `only ${crossed} requests crossed`)
})

/** Documents of text become texts where a format has no documents. */
const hasDocuments = ({ messages }: ChatRequest): boolean =>
  messages.some(({ content }) => content.some(({ type }) => type === 'file'))

/**
 * Every text in the conversation, whoever said it: systems first, because some formats put them there. One of blanks alone says nothing, and
 * Claude refuses it.
 */
const textsIn = ({ messages }: ChatRequest): string => {
  const texts = (roles: readonly string[]): string =>
    messages
      .filter(({ role }) => roles.includes(role))
      .flatMap(({ content }) => content.map((block) => (block.type === 'text' ? block.text : '')))
      .filter((text) => text.trim() !== '')
      .join('')
  return `${texts(['system', 'developer'])}|${texts(['user', 'assistant'])}`
}
