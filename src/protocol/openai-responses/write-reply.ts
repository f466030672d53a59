/** Parts written as a response: as the events of a stream, or as the document that its last event would hold. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { errorJson } from '#http/problem-answer.ts'
import type { Warning } from '#protocol/call.ts'
import { plainThought } from '#protocol/carrier.ts'
import { heartbeat } from '#protocol/openai/refusal.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import { incompleteReason } from './finish.ts'
import type { Item, Tell } from './item-writing.ts'
import { CallItem, MessageItem, ReasoningItem, WholeItem } from './item-writing.ts'
import { errorEvent, eventBytes } from './problem.ts'
import { headOf, lossReason, usageJson } from './response-shape.ts'
import type { PartOf } from './wire.ts'
import { extraOf } from './wire.ts'

type Placed = Extract<Part, { readonly block: number }>

const nothing = Buffer.alloc(0)

class ResponseWriter implements ReplyWriter {
  readonly contentType: string
  readonly #context: ReplyContext
  /** The caller keeps the conversation itself: OpenAI never tells such a caller a thought without its secret. */
  readonly #wantsSecrets: boolean
  readonly #stream: boolean
  #events: Buffer[] = []
  #sequence = 0
  #head: JsonObject | null = null
  #error: PartOf<'error'> | null = null
  readonly #items: Item[] = []
  /** The items of the blocks that are open. */
  readonly #open = new Map<number, MessageItem | ReasoningItem | CallItem>()
  /** The message that the next text would belong to. */
  #message: MessageItem | null = null
  /** Sources that were told before their text. */
  #sources: PartOf<'citation'>[] = []
  #refused = false
  #usage: PartOf<'usage'> | null = null
  #finish: PartOf<'finish'> | null = null
  readonly #warnings = new Map<string, Warning>()

  constructor(context: ReplyContext) {
    this.#context = context
    const { include } = context.call.body()
    this.#wantsSecrets = Array.isArray(include) && include.includes('reasoning.encrypted_content')
    this.#stream = context.call.stream
    this.contentType = this.#stream ? 'text/event-stream; charset=utf-8' : 'application/json'
  }

  warnings(): readonly Warning[] {
    return [...this.#warnings.values()]
  }

  write(part: Part): Buffer | null {
    if (this.#error !== null) return null
    if (part.type === 'ping') return this.#stream ? heartbeat : null
    if (part.type === 'error') return this.#fail(part)
    if (part.type === 'usage') this.#usage = part
    else if (part.type === 'finish') this.#finish ??= part
    else if (part.type === 'start') this.#begin(part)
    else this.#place(part)
    return this.#flush()
  }

  end(): Buffer {
    if (this.#error !== null)
      return this.#stream
        ? nothing
        : Buffer.from(JSON.stringify({ error: errorJson(this.#error.problem, this.#context.asked) }))
    this.#begin(null)
    for (const item of this.#items) item.end()
    if (this.#sources.length > 0) this.#warn('reply.citations', 'sources that belong to no text are left out')
    const response = this.#response()
    if (!this.#stream) return Buffer.from(JSON.stringify(response))
    this.#tell(`response.${response['status']}`, { response })
    return this.#flush() ?? nothing
  }

  #warn(field: string, reason: string): void {
    this.#warnings.set(`${field}:${reason}`, { field, reason })
  }

  readonly #tell: Tell = (type, members) => {
    if (this.#stream) this.#events.push(eventBytes({ type, sequence_number: this.#sequence, ...members }))
    this.#sequence += 1
  }

  #flush(): Buffer | null {
    const events = this.#events
    this.#events = []
    return events.length === 0 ? null : Buffer.concat(events)
  }

  #begin(start: PartOf<'start'> | null): void {
    if (this.#head !== null) return
    this.#head = headOf(this.#context, start)
    this.#tell('response.created', { response: this.#head })
    this.#tell('response.in_progress', { response: this.#head })
  }

  /** Both events, as OpenAI's servers send them: some clients look only for the second. */
  #fail(part: PartOf<'error'>): Buffer | null {
    this.#error = part
    if (!this.#stream) return null
    this.#begin(null)
    const error = errorEvent(part.problem, this.#context.asked, this.#sequence)
    this.#events.push(eventBytes(error))
    this.#sequence += 1
    const { code, message } = error
    const output = this.#items.map((item) => item.json())
    this.#tell('response.failed', { response: { ...this.#head, status: 'failed', error: { code, message }, output } })
    return this.#flush()
  }

  #response(): JsonObject {
    const reason = this.#finish === null ? null : incompleteReason(this.#finish.reason, this.#refused)
    const usage = this.#usage === null ? null : usageJson(this.#usage.usage, this.#usage.raw)
    return {
      ...this.#head,
      status: reason === null ? 'completed' : 'incomplete',
      completed_at: reason === null ? Math.floor(this.#context.nowMs / 1000) : null,
      incomplete_details: reason === null ? null : { reason },
      output: this.#items.map((item) => item.json()),
      usage,
    }
  }

  #at(prefix: string, own?: JsonObject): { index: number; id: string; tell: Tell } {
    const index = this.#items.length
    const id = typeof own?.['id'] === 'string' ? own['id'] : `${prefix}_${this.#context.asked.id}_${index}`
    return { index, id, tell: this.#tell }
  }

  #place(part: Placed): void {
    if (part.choice !== 0) {
      this.#warn('choices', 'only the first answer can be told')
      return
    }
    this.#begin(null)
    this.#step(part)
  }

  #step(part: Placed): void {
    switch (part.type) {
      case 'text-start':
      case 'refusal-start':
        this.#beginProse(part)
        break
      case 'reasoning-start':
        this.#beginThought(part)
        break
      case 'tool-input-start':
        this.#beginCall(part)
        break
      case 'text-delta':
      case 'refusal-delta':
      case 'reasoning-delta':
      case 'tool-input-delta':
        this.#say(part)
        break
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-input-end':
        this.#endBlock(part)
        break
      case 'citation':
        if (this.#message?.cite(part) !== true) this.#sources.push(part)
        break
      default:
        this.#whole(part)
    }
  }

  /** A text belongs to the message before it, unless something else came between. */
  #beginProse(part: PartOf<'text-start'> | PartOf<'refusal-start'>): void {
    const kind = part.type === 'refusal-start' ? 'refusal' : 'text'
    if (kind === 'refusal') this.#refused = true
    const { id, ...extra } = extraOf(part).item ?? {}
    if (this.#message !== null && (id !== undefined || !this.#message.idle)) this.#closeMessage()
    if (this.#message === null) {
      this.#message = new MessageItem(this.#at('msg', { id }), extra)
      this.#items.push(this.#message)
    }
    this.#open.set(part.block, this.#message)
    this.#message.begin(kind, part.block)
    if (kind === 'text') for (const source of this.#sources.splice(0)) this.#message.cite(source)
  }

  /** Where text is still to come its message stays open beside what begins now. */
  #closeMessage(): void {
    if (this.#message?.idle === true) this.#message.end()
    this.#message = null
  }

  #beginThought(part: PartOf<'reasoning-start'>): void {
    this.#closeMessage()
    const { id, ...extra } = extraOf(part).item ?? {}
    const item = new ReasoningItem(this.#at('rs', { id }), extra)
    this.#items.push(item)
    this.#open.set(part.block, item)
  }

  #beginCall(part: PartOf<'tool-input-start'>): void {
    if (part.executor === 'provider') {
      this.#warn(`reply.${part.name}`, lossReason(part))
      return
    }
    this.#closeMessage()
    for (const carrier of part.carriers ?? []) this.#secret(carrier)
    const item = new CallItem(this.#at(part.kind === 'custom' ? 'ctc' : 'fc', extraOf(part).item), part)
    this.#items.push(item)
    this.#open.set(part.block, item)
  }

  /** An item of thought that holds only what must come back. */
  #secret(carrier: NonNullable<PartOf<'tool-input-start'>['carriers']>[number]): void {
    const item = new ReasoningItem(this.#at('rs'), {})
    item.keep(carrier)
    this.#items.push(item)
    item.end()
  }

  #say(part: Extract<Placed, { readonly text: string }>): void {
    const item = this.#open.get(part.block)
    if (item === undefined || part.text === '') return
    const list = part.type === 'text-delta' && isObject(part.logprobs) ? part.logprobs['content'] : null
    if (item instanceof MessageItem) item.say(part.text, Array.isArray(list) ? list : [])
    else item.say(part.text)
  }

  #endBlock(part: PartOf<'text-end' | 'refusal-end' | 'reasoning-end' | 'tool-input-end'>): void {
    const item = this.#open.get(part.block)
    this.#open.delete(part.block)
    if (item === undefined) return
    if (item instanceof MessageItem) {
      item.rest(part.block)
      if (item !== this.#message) item.end()
      return
    }
    const [first, ...others] = part.type === 'reasoning-end' ? (part.carriers ?? []) : []
    if (item instanceof ReasoningItem) {
      if (first !== undefined) item.keep(first)
      else if (this.#wantsSecrets) item.keep(plainThought)
    }
    item.end()
    for (const carrier of others) this.#secret(carrier)
  }

  #whole(part: Placed): void {
    const item = this.#wholeItem(part)
    if (item === null) {
      if (part.type !== 'audio-delta' && part.type !== 'audio-end' && !(part.type === 'image' && !part.complete))
        this.#warn(`reply.${'name' in part ? part.name : part.type}`, lossReason(part))
      return
    }
    this.#closeMessage()
    this.#items.push(new WholeItem(this.#at('ig', item), item))
  }

  #wholeItem(part: Placed): JsonObject | null {
    if (part.type === 'other') return part.format === 'openai-responses' ? part.raw : null
    if (part.type !== 'image' || !part.complete || part.data === undefined) return null
    const format = part.mediaType.replace(/^image\//, '')
    const { id } = this.#at('ig', extraOf(part).item)
    return {
      id,
      type: 'image_generation_call',
      status: 'completed',
      result: part.data,
      output_format: format,
      ...extraOf(part).item,
    }
  }
}

/** Writes events as parts come, or gathers them into one document that `end` gives. */
export const writeReply = (context: ReplyContext): ReplyWriter => new ResponseWriter(context)
