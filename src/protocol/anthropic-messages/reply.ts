/** A message of a Messages endpoint, whole or event by event, read into parts. https://platform.claude.com/docs/en/build-with-claude/streaming, read 2026-11-22. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import { carrierFormats, openCarrier, redactedCarrier } from '#protocol/carrier.ts'
import type { EventReading, ReplySteps } from '#protocol/openai/reply-steps.ts'
import type { Carrier, Part } from '#protocol/part.ts'
import { isUncommitted } from '#protocol/part.ts'
import { readStopReason } from './finish-reason.ts'
import { joinUsage, readUsage } from './usage.ts'
import type { MessagesExtra } from './wire.ts'
import { blockFields, messageFields, othersOf } from './wire.ts'

type Open = {
  readonly kind: 'text' | 'reasoning' | 'tool-input' | 'whole'
  readonly block: number
  /** What the block began with, for tools whose input came whole. */
  readonly input: Json | undefined
  said: boolean
  carriers: Carrier[]
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
const named = (value: Json | undefined): string | null => textOf(value) || null

const kinds: Readonly<Record<string, Open['kind']>> = {
  text: 'text',
  thinking: 'reasoning',
  redacted_thinking: 'reasoning',
  tool_use: 'tool-input',
  server_tool_use: 'tool-input',
  mcp_tool_use: 'tool-input',
}

const extraOf = (extra: MessagesExtra): { readonly extra?: JsonObject } => {
  const told = Object.entries(extra).filter(([, value]) => value !== undefined)
  return told.length === 0 ? {} : { extra: Object.fromEntries(told) as JsonObject }
}

/** Blocks that come in one piece: results of the provider's own tools, and whatever is new. */
const wholePart = (raw: JsonObject, block: number): Part => {
  const name = textOf(raw['type'])
  const at = { choice: 0, block }
  return /_tool_result$/.test(name)
    ? {
        type: 'tool-result',
        ...at,
        id: textOf(raw['tool_use_id']),
        name: name.replace(/_tool_result$/, ''),
        output: raw,
      }
    : { type: 'other', ...at, format: 'anthropic-messages', name, raw }
}

const citationPart = (raw: JsonObject, block: number): Part => ({
  type: 'citation',
  choice: 0,
  block,
  url: named(raw['url']) ?? named(raw['source']),
  title: named(raw['title']) ?? named(raw['document_title']),
  start: null,
  end: null,
  raw,
})

class MessagesReading {
  readonly #open = new Map<number, Open>()
  #blocks = 0
  #usage: JsonObject = {}
  #usageWaits = false
  #stopped = false

  finished(): boolean {
    return this.#stopped
  }

  event(data: JsonObject): EventReading {
    const type = textOf(data['type'])
    if (type === 'message_stop') return { parts: this.close(), role: 'end' }
    const step = Object.hasOwn(this.#steps, type) ? this.#steps[type] : undefined
    const parts = step?.(data) ?? []
    if (!this.#usageWaits || parts.every(isUncommitted)) return { parts, role: 'content' }
    return { parts: [...this.#tell({}), ...parts], role: 'content' }
  }

  readonly #steps: Readonly<Record<string, (data: JsonObject) => readonly Part[]>> = {
    ping: () => [{ type: 'ping' }],
    message_start: ({ message }) => (isObject(message) ? this.#beginMessage(message) : []),
    content_block_start: ({ index, content_block: block }) =>
      isObject(block) ? this.#begin(countOf(index) ?? this.#blocks, block) : [],
    content_block_delta: ({ index, delta }) => (isObject(delta) ? this.#piece(countOf(index), delta) : []),
    content_block_stop: ({ index }) => this.#end(countOf(index)),
    message_delta: (data) => this.#stop(data),
  }

  document(message: JsonObject): readonly Part[] {
    const content = Array.isArray(message['content']) ? message['content'].filter(isObject) : []
    const blocks = content.flatMap((block, index) => [
      ...this.#begin(index, block),
      ...this.#rest(index, block),
      ...this.#end(index),
    ])
    const { stop_reason, stop_sequence } = message
    return [
      ...this.#start(message),
      ...blocks,
      ...this.#stop({ delta: { stop_reason, stop_sequence }, usage: message['usage'] }),
    ]
  }

  /** Ends what a stream left open. */
  close(): readonly Part[] {
    return [...this.#open.keys()].flatMap((index) => this.#end(index))
  }

  /** A message that has only begun commits nobody to its provider: the usage in it is told with what comes next. */
  #beginMessage(message: JsonObject): readonly Part[] {
    const { usage } = message
    if (isObject(usage)) {
      this.#usage = joinUsage(this.#usage, usage)
      this.#usageWaits = true
    }
    return this.#start(message)
  }

  #start(message: JsonObject): readonly Part[] {
    const extra = othersOf(message, messageFields)
    const { id, model } = message
    return [
      {
        type: 'start',
        id: named(id),
        model: named(model),
        createdMs: null,
        ...(extra === undefined ? {} : extraOf({ message: extra })),
      },
    ]
  }

  /** A block that begins where another is open ends that one: some streams are spliced together. */
  #begin(index: number, raw: JsonObject): readonly Part[] {
    return [...this.#end(index), ...this.#beginBlock(index, raw)]
  }

  #beginBlock(index: number, raw: JsonObject): readonly Part[] {
    const type = textOf(raw['type'])
    const kind = (Object.hasOwn(kinds, type) ? kinds[type] : undefined) ?? 'whole'
    const block = this.#blocks
    this.#blocks += 1
    const open: Open = { kind, block, input: raw['input'], said: false, carriers: [] }
    this.#open.set(index, open)
    if (kind === 'whole') return [wholePart(raw, block)]
    const others = othersOf(raw, blockFields)
    const extra = extraOf({
      ...(others === undefined ? {} : { block: others }),
      ...(type === 'mcp_tool_use' ? { type } : {}),
    })
    const at = { choice: 0, block }
    if (kind === 'text') return [{ type: 'text-start', ...at, ...extra }]
    if (kind === 'reasoning') {
      if (type !== 'redacted_thinking') return [{ type: 'reasoning-start', ...at, ...extra }]
      open.carriers.push(redactedCarrier(textOf(raw['data']), carrierFormats.anthropic))
      return [{ type: 'reasoning-start', ...at, redacted: true, ...extra }]
    }
    const executor = type === 'tool_use' ? 'caller' : 'provider'
    const { id, name } = raw
    return [
      { type: 'tool-input-start', ...at, id: textOf(id), name: textOf(name), kind: 'function', executor, ...extra },
    ]
  }

  /** What a block of a whole message holds. */
  #rest(index: number, raw: JsonObject): readonly Part[] {
    const { text, thinking, signature, citations } = raw
    const pieces: JsonObject[] = []
    if (textOf(text) !== '') pieces.push({ type: 'text_delta', text })
    if (textOf(thinking) !== '') pieces.push({ type: 'thinking_delta', thinking })
    if (textOf(signature) !== '') pieces.push({ type: 'signature_delta', signature })
    for (const citation of Array.isArray(citations) ? citations : []) pieces.push({ type: 'citations_delta', citation })
    return pieces.flatMap((piece) => this.#piece(index, piece))
  }

  #piece(index: number | null, delta: JsonObject): readonly Part[] {
    const open = index === null ? undefined : this.#open.get(index)
    if (open === undefined) return []
    const at = { choice: 0, block: open.block }
    const { text, thinking, signature, partial_json: json, citation } = delta
    switch (delta['type']) {
      case 'text_delta':
        return textOf(text) === '' ? [] : [{ type: 'text-delta', ...at, text: textOf(text) }]
      case 'thinking_delta':
        return textOf(thinking) === '' ? [] : [{ type: 'reasoning-delta', ...at, text: textOf(thinking) }]
      case 'signature_delta':
        open.carriers = this.#signed(open, textOf(signature))
        return []
      case 'input_json_delta':
        if (textOf(json) === '') return []
        open.said = true
        return [{ type: 'tool-input-delta', ...at, text: textOf(json) }]
      case 'citations_delta':
        return isObject(citation) ? [citationPart(citation, open.block)] : []
      default:
        return []
    }
  }

  /** A signature comes whole, or in pieces from some servers of this format. */
  #signed(open: Open, piece: string): Carrier[] {
    const [before] = open.carriers
    const value = before?.format === carrierFormats.anthropic ? before.value + piece : piece
    return value === '' ? [] : [openCarrier(value, carrierFormats.anthropic)]
  }

  #end(index: number | null): readonly Part[] {
    const open = index === null ? undefined : this.#open.get(index)
    if (open === undefined || index === null) return []
    this.#open.delete(index)
    const at = { choice: 0, block: open.block }
    if (open.kind === 'whole') return []
    if (open.kind === 'reasoning')
      return [{ type: 'reasoning-end', ...at, ...(open.carriers.length === 0 ? {} : { carriers: open.carriers }) }]
    if (open.kind === 'text') return [{ type: 'text-end', ...at }]
    return [...this.#wholeInput(open), { type: 'tool-input-end', ...at }]
  }

  /** The input of a tool that came with the start of its block, or in a whole message. */
  #wholeInput({ said, input, block }: Open): readonly Part[] {
    if (said || !isObject(input)) return []
    return [{ type: 'tool-input-delta', choice: 0, block, text: JSON.stringify(input) }]
  }

  #stop({ delta, usage, ...rest }: JsonObject): readonly Part[] {
    const told = isObject(delta) ? delta : {}
    const { stop_reason: raw, ...others } = told
    const parts = [...this.#tell(usage)]
    if (typeof raw !== 'string' || this.#stopped) return parts
    this.#stopped = true
    const { type: _type, ...beside } = rest
    const carried = othersOf({ ...beside, ...others }, new Set())
    const extra = carried === undefined ? {} : extraOf({ delta: carried })
    return [...this.close(), ...parts, { type: 'finish', choice: 0, reason: readStopReason(raw), raw, ...extra }]
  }

  #tell(usage: Json | undefined): readonly Part[] {
    if (!isObject(usage)) return []
    this.#usageWaits = false
    this.#usage = joinUsage(this.#usage, usage)
    return [{ type: 'usage', usage: readUsage(this.#usage), raw: this.#usage }]
  }
}

/** The steps of one reply. */
export const messagesSteps = (): ReplySteps => {
  const reading = new MessagesReading()
  return {
    event: (data) => reading.event(data),
    endMarker: () => reading.close(),
    finished: () => reading.finished(),
    document: (document) => reading.document(document),
    members: null,
    readsAlike: true,
  }
}
