/** An answer of Converse, whole or event by event, read into parts. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, read 2026-11-28. */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { countOf } from '#base/usage.ts'
import type { Call } from '#protocol/call.ts'
import { carrierFormats, openCarrier, redactedCarrier } from '#protocol/carrier.ts'
import { jsonReader } from '#protocol/openai/json-reply.ts'
import type { Carrier, FinishReason, Part } from '#protocol/part.ts'
import type { Frame, ReplyHead, ReplyReader } from '#protocol/protocol.ts'
import type { StreamMessage } from './event-stream.ts'
import { StreamMessages } from './event-stream.ts'
import { streamProblem } from './problem.ts'
import { readUsageOf } from './usage.ts'

type Kind = 'text' | 'reasoning' | 'tool-input'
type Open = { readonly kind: Kind; readonly block: number; signature: string; readonly carriers: Carrier[] }

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const reasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  guardrail_intervened: 'content-filter',
  content_filtered: 'content-filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
}

const objectIn = (object: JsonObject, name: string): JsonObject | null => {
  const value = object[name]
  return isObject(value) ? value : null
}

/** A picture or other block that comes in one piece. */
const wholeBlock = (raw: JsonObject, at: { readonly choice: number; readonly block: number }): Part => {
  const image = objectIn(raw, 'image')
  const data = textOf(objectIn(image ?? {}, 'source')?.['bytes'])
  if (image !== null && data !== '')
    return { type: 'image', ...at, mediaType: `image/${textOf(image['format'])}`, data, complete: true }
  const result = objectIn(raw, 'toolResult')
  if (result !== null)
    return { type: 'tool-result', ...at, id: textOf(result['toolUseId']), name: textOf(result['type']), output: result }
  return { type: 'other', ...at, format: 'bedrock-converse', name: Object.keys(raw)[0] ?? '', raw }
}

/** The thought that may not be read is bytes here; Anthropic's own API has their text. */
const redacted = (value: string): Carrier =>
  redactedCarrier(Buffer.from(value, 'base64').toString('utf8'), carrierFormats.anthropic)

class ConverseReading {
  readonly #open = new Map<number, Open>()
  #blocks = 0
  stopped = false

  event(name: string, body: JsonObject): readonly Part[] {
    const index = countOf(body['contentBlockIndex']) ?? 0
    switch (name) {
      case 'messageStart':
        return [{ type: 'start', id: null, model: null, createdMs: null }]
      case 'contentBlockStart':
        return this.#start(index, objectIn(body, 'start') ?? {})
      case 'contentBlockDelta':
        return this.#delta(index, objectIn(body, 'delta') ?? {})
      case 'contentBlockStop':
        return this.#end(index)
      case 'messageStop':
        return this.#stop(body)
      case 'metadata':
        return this.#metadata(body)
      default:
        return []
    }
  }

  document(document: JsonObject): readonly Part[] {
    const message = objectIn(objectIn(document, 'output') ?? {}, 'message') ?? {}
    const content = Array.isArray(message['content']) ? message['content'].filter(isObject) : []
    return [
      ...this.event('messageStart', {}),
      ...content.flatMap((block, index) => [...this.#whole(index, block), ...this.#end(index)]),
      ...(typeof document['stopReason'] === 'string' ? this.#stop(document) : []),
      ...this.#metadata(document),
    ]
  }

  #next(): { readonly choice: number; readonly block: number } {
    this.#blocks += 1
    return { choice: 0, block: this.#blocks - 1 }
  }

  /** Only tools are begun by an event of their own; text and thought begin with their first piece. */
  #start(index: number, start: JsonObject): readonly Part[] {
    const tool = objectIn(start, 'toolUse')
    if (tool !== null) return this.#tool(index, tool)
    return Object.keys(start).length === 0 ? [] : [...this.#end(index), wholeBlock(start, this.#next())]
  }

  #tool(index: number, tool: JsonObject): readonly Part[] {
    const before = this.#end(index)
    const at = this.#next()
    this.#open.set(index, { kind: 'tool-input', block: at.block, signature: '', carriers: [] })
    const executor = tool['type'] === 'server_tool_use' ? 'provider' : 'caller'
    const id = textOf(tool['toolUseId'])
    const begun = {
      type: 'tool-input-start',
      ...at,
      id,
      name: textOf(tool['name']),
      kind: 'function',
      executor,
    } as const
    return [...before, begun, ...this.#input(index, tool['input'])]
  }

  #input(index: number, input: Json | undefined): readonly Part[] {
    const open = this.#open.get(index)
    const text = isObject(input) ? JSON.stringify(input) : textOf(input)
    if (open?.kind !== 'tool-input' || text === '') return []
    return [{ type: 'tool-input-delta', choice: 0, block: open.block, text }]
  }

  #prose(index: number, kind: 'text' | 'reasoning', isRedacted = false): { open: Open; begun: readonly Part[] } {
    const known = this.#open.get(index)
    if (known?.kind === kind) return { open: known, begun: [] }
    const before = this.#end(index)
    const at = this.#next()
    const open: Open = { kind, block: at.block, signature: '', carriers: [] }
    this.#open.set(index, open)
    const hidden = isRedacted ? { redacted: true } : {}
    return { open, begun: [...before, { type: `${kind}-start`, ...at, ...(kind === 'text' ? {} : hidden) } as Part] }
  }

  #delta(index: number, delta: JsonObject): readonly Part[] {
    const { text, reasoningContent: thought, toolUse, citation } = delta
    if (typeof text === 'string') return text === '' ? [] : this.#text(index, text)
    if (isObject(thought)) return this.#thought(index, thought)
    if (isObject(toolUse)) return this.#input(index, toolUse['input'])
    if (isObject(citation)) return this.#citation(index, citation)
    // What a block of an unknown kind says, in pieces that no word names.
    return Object.keys(delta).length === 0 ? [] : [wholeBlock(delta, this.#next())]
  }

  #text(index: number, text: string): readonly Part[] {
    const { open, begun } = this.#prose(index, 'text')
    return [...begun, { type: 'text-delta', choice: 0, block: open.block, text }]
  }

  #thought(index: number, thought: JsonObject): readonly Part[] {
    const hidden = textOf(thought['redactedContent'])
    const { open, begun } = this.#prose(index, 'reasoning', hidden !== '')
    if (hidden !== '') open.carriers.push(redacted(hidden))
    open.signature += textOf(thought['signature'])
    const text = textOf(thought['text'])
    return text === '' ? begun : [...begun, { type: 'reasoning-delta', choice: 0, block: open.block, text }]
  }

  #citation(index: number, raw: JsonObject): readonly Part[] {
    const { open, begun } = this.#prose(index, 'text')
    const url = textOf(objectIn(objectIn(raw, 'location') ?? {}, 'web')?.['url']) || null
    const title = textOf(raw['title']) || null
    return [...begun, { type: 'citation', choice: 0, block: open.block, url, title, start: null, end: null, raw }]
  }

  #whole(index: number, block: JsonObject): readonly Part[] {
    const { text, reasoningContent, toolUse, citationsContent } = block
    if (typeof text === 'string') return this.#delta(index, { text })
    if (isObject(toolUse)) return this.#tool(index, toolUse)
    if (isObject(reasoningContent)) {
      const { reasoningText } = reasoningContent
      return this.#thought(index, isObject(reasoningText) ? reasoningText : reasoningContent)
    }
    if (!isObject(citationsContent)) return [wholeBlock(block, this.#next())]
    const { content, citations } = citationsContent
    const said = Array.isArray(content) ? content.filter(isObject) : []
    const cited = Array.isArray(citations) ? citations.filter(isObject) : []
    return [
      ...said.flatMap((piece) => this.#delta(index, { text: textOf(piece['text']) })),
      ...cited.flatMap((citation) => this.#citation(index, citation)),
    ]
  }

  #end(index: number): readonly Part[] {
    const open = this.#open.get(index)
    if (open === undefined) return []
    this.#open.delete(index)
    const at = { choice: 0, block: open.block }
    if (open.kind !== 'reasoning') return [{ type: `${open.kind}-end`, ...at }]
    const signed = open.signature === '' ? [] : [openCarrier(open.signature, carrierFormats.anthropic)]
    const carriers = [...open.carriers, ...signed]
    return [{ type: 'reasoning-end', ...at, ...(carriers.length === 0 ? {} : { carriers }) }]
  }

  #stop(body: JsonObject): readonly Part[] {
    if (this.stopped) return []
    this.stopped = true
    const raw = textOf(body['stopReason'])
    const left = [...this.#open.keys()].flatMap((index) => this.#end(index))
    return [
      ...left,
      { type: 'finish', choice: 0, reason: (Object.hasOwn(reasons, raw) ? reasons[raw] : undefined) ?? 'other', raw },
    ]
  }

  #metadata(body: JsonObject): readonly Part[] {
    const usage = readUsageOf(body)
    return usage === null ? [] : [{ type: 'usage', usage, raw: body['usage'] as JsonObject }]
  }
}

class EventReader implements ReplyReader {
  readonly form = 'events'
  readonly #messages = new StreamMessages()
  readonly #reading = new ConverseReading()
  #failed = false

  /** Broken bytes are told as an error of the answer, behind what came before them; nothing is read after. */
  read(bytes: Buffer): readonly Frame[] {
    if (this.#failed) return []
    const frames: Frame[] = []
    try {
      for (const message of this.#messages.read(bytes)) frames.push(this.#frameOf(message))
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      this.#failed = true
      frames.push({ raw: Buffer.alloc(0), parts: [{ type: 'error', problem: thrown, raw: null }], role: 'content' })
    }
    return frames
  }

  /** What is left is half a message, which means nothing. */
  end(): readonly Frame[] {
    return []
  }

  complete(): boolean {
    return this.#reading.stopped && !this.#failed
  }

  #frameOf({ raw, type, name, body }: StreamMessage): Frame {
    if (type !== 'event') {
      this.#failed = true
      return { raw, parts: [{ type: 'error', problem: streamProblem(name, body), raw: body }], role: 'content' }
    }
    const parts = this.#reading.event(name, body)
    // The figures come behind the end; nothing comes behind them.
    return { raw, parts, role: name === 'metadata' && this.#reading.stopped ? 'end' : 'content' }
  }
}

const isDocument = ({ headers }: ReplyHead): boolean =>
  /^application\/json\b/.test(String(headers['content-type'] ?? ''))

/** Reads one answer; a document in the place of a stream is read as what it is. */
export const converseReader = (call: Call, head: ReplyHead): ReplyReader => {
  if (call.stream && !isDocument(head)) return new EventReader()
  const reading = new ConverseReading()
  const steps = {
    event: () => ({ parts: [], role: 'content' }) as const,
    endMarker: () => [],
    finished: () => false,
    document: (document: JsonObject) => reading.document(document),
    members: null,
  }
  const reader = jsonReader(steps, { whole: true })
  return {
    form: 'json',
    read: reader.read.bind(reader),
    end: reader.end.bind(reader),
    complete: () => reading.stopped,
  }
}
