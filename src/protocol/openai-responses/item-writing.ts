/** Items of a response while they are written: each tells its own events, and what it is at last. */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { carrierFormats, sealCarrier } from '#protocol/carrier.ts'
import type { Carrier } from '#protocol/part.ts'
import { annotationOf } from './response-shape.ts'
import type { PartOf } from './wire.ts'
import { extraOf } from './wire.ts'

/** Where events go: the stream gives them a number and writes them; a whole response needs none. */
export type Tell = (type: string, members: JsonObject) => void

export type Item = {
  readonly index: number
  /** What it is so far: `in_progress` until it is ended. */
  readonly json: () => JsonObject
  readonly end: () => void
  readonly ended: () => boolean
}

type Place = { readonly index: number; readonly id: string; readonly tell: Tell }

/** The first and the last event of every item. */
abstract class Told implements Item {
  readonly index: number
  readonly id: string
  protected readonly tell: Tell
  #ended = false

  constructor({ index, id, tell }: Place) {
    this.index = index
    this.id = id
    this.tell = tell
  }

  protected get status(): 'in_progress' | 'completed' {
    return this.#ended ? 'completed' : 'in_progress'
  }

  protected get at(): { readonly item_id: string; readonly output_index: number } {
    return { item_id: this.id, output_index: this.index }
  }

  protected added(): void {
    this.tell('response.output_item.added', { output_index: this.index, item: this.json() })
  }

  ended(): boolean {
    return this.#ended
  }

  end(): void {
    if (this.#ended) return
    this.beforeEnd()
    this.#ended = true
    this.tell('response.output_item.done', { output_index: this.index, item: this.json() })
  }

  abstract json(): JsonObject
  protected abstract beforeEnd(): void
}

type Content = {
  readonly kind: 'text' | 'refusal'
  readonly block: number
  text: string
  readonly annotations: JsonObject[]
  readonly logprobs: Json[]
  over: boolean
}

/** The bytes of a token are always told here; those that its provider left out are those of its text. */
const withBytes = (one: Json): Json => {
  if (!isObject(one)) return one
  const { bytes, token, top_logprobs: top } = one
  return {
    ...one,
    bytes: Array.isArray(bytes) ? bytes : [...Buffer.from(typeof token === 'string' ? token : '')],
    ...(Array.isArray(top) ? { top_logprobs: top.map(withBytes) } : {}),
  }
}

const contentJson = ({ kind, text, annotations, logprobs }: Content): JsonObject =>
  kind === 'text'
    ? { type: 'output_text', text, annotations: [...annotations], logprobs: [...logprobs] }
    : { type: 'refusal', refusal: text }

/** A message: texts and refusals, one after the other. */
export class MessageItem extends Told {
  readonly #content: Content[] = []
  readonly #extra: JsonObject

  constructor(place: Place, extra: JsonObject) {
    super(place)
    this.#extra = extra
    this.added()
  }

  json(): JsonObject {
    const content = this.#content.map(contentJson)
    return { id: this.id, type: 'message', status: this.status, role: 'assistant', content, ...this.#extra }
  }

  /** Whether all its texts are said, so that something else can follow. */
  get idle(): boolean {
    return this.#content.every(({ over }) => over)
  }

  begin(kind: Content['kind'], block: number): void {
    this.#closeContent()
    const content: Content = { kind, block, text: '', annotations: [], logprobs: [], over: false }
    this.#content.push(content)
    this.tell('response.content_part.added', { ...this.#place(), part: contentJson(content) })
  }

  say(text: string, logprobs: readonly Json[]): void {
    const content = this.#content.at(-1)
    if (content === undefined) return
    content.text += text
    const told = logprobs.map(withBytes)
    content.logprobs.push(...told)
    const delta = content.kind === 'text' ? { delta: text, logprobs: told } : { delta: text }
    this.tell(`response.${content.kind === 'text' ? 'output_text' : 'refusal'}.delta`, { ...this.#place(), ...delta })
  }

  /** Whether there was a text that it belongs to. */
  cite(part: PartOf<'citation'>): boolean {
    const content = this.#content.findLast(({ kind }) => kind === 'text')
    if (content === undefined || content !== this.#content.at(-1) || this.ended()) return false
    const annotation = annotationOf(part, content.text.length)
    content.annotations.push(annotation)
    this.tell('response.output_text.annotation.added', {
      ...this.#place(),
      annotation_index: content.annotations.length - 1,
      annotation,
    })
    return true
  }

  /** The text is said; its end is told with what comes next, because its sources may still come. */
  rest(block: number): void {
    for (const content of this.#content) if (content.block === block) content.over = true
  }

  #place(): JsonObject {
    return { ...this.at, content_index: this.#content.length - 1 }
  }

  #closeContent(): void {
    const content = this.#content.at(-1)
    if (content === undefined) return
    content.over = true
    const { kind, text, logprobs } = content
    if (kind === 'text') this.tell('response.output_text.done', { ...this.#place(), text, logprobs: [...logprobs] })
    else this.tell('response.refusal.done', { ...this.#place(), refusal: text })
    this.tell('response.content_part.done', { ...this.#place(), part: contentJson(content) })
  }

  protected beforeEnd(): void {
    this.#closeContent()
  }
}

/** A thought: its text as a summary, which is what clients of this format show, and the secret that must come back. */
export class ReasoningItem extends Told {
  #text: string | null = null
  #secret: string | null = null
  readonly #extra: JsonObject

  constructor(place: Place, extra: JsonObject) {
    super(place)
    this.#extra = extra
    this.added()
  }

  json(): JsonObject {
    return {
      id: this.id,
      type: 'reasoning',
      summary: this.#text === null || !this.ended() ? [] : [this.#part(this.#text)],
      ...(this.#secret === null ? {} : { encrypted_content: this.#secret }),
      ...this.#extra,
    }
  }

  say(text: string): void {
    if (this.#text === null) {
      this.#text = ''
      this.tell('response.reasoning_summary_part.added', { ...this.#place(), part: this.#part('') })
    }
    this.#text += text
    this.tell('response.reasoning_summary_text.delta', { ...this.#place(), delta: text })
  }

  keep(carrier: Carrier): void {
    this.#secret = sealCarrier(carrier, carrierFormats.openaiResponses)
  }

  #place(): JsonObject {
    return { ...this.at, summary_index: 0 }
  }

  #part(text: string): JsonObject {
    return { type: 'summary_text', text }
  }

  protected beforeEnd(): void {
    if (this.#text === null) return
    this.tell('response.reasoning_summary_text.done', { ...this.#place(), text: this.#text })
    this.tell('response.reasoning_summary_part.done', { ...this.#place(), part: this.#part(this.#text) })
  }
}

/** A call that the caller runs. */
export class CallItem extends Told {
  readonly #part: PartOf<'tool-input-start'>
  #text = ''

  constructor(place: Place, part: PartOf<'tool-input-start'>) {
    super(place)
    this.#part = part
    this.added()
  }

  json(): JsonObject {
    const { id: callId, name, kind } = this.#part
    const { id: _id, ...extra } = extraOf(this.#part).item ?? {}
    // A call that came without an id gets one: its result must name it.
    const call = { id: this.id, status: this.status, call_id: callId === '' ? this.id : callId, name }
    return kind === 'custom'
      ? { type: 'custom_tool_call', ...call, input: this.#text, ...extra }
      : { type: 'function_call', ...call, arguments: this.#text, ...extra }
  }

  say(text: string): void {
    this.#text += text
    this.tell(`${this.#events}.delta`, { ...this.at, delta: text })
  }

  get #events(): string {
    return this.#part.kind === 'custom' ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
  }

  protected beforeEnd(): void {
    const told = this.#part.kind === 'custom' ? { input: this.#text } : { name: this.#part.name, arguments: this.#text }
    this.tell(`${this.#events}.done`, { ...this.at, ...told })
  }
}

/** An item that comes in one piece. */
export class WholeItem extends Told {
  readonly #item: JsonObject

  constructor(place: Place, item: JsonObject) {
    super(place)
    this.#item = item
    this.added()
    this.end()
  }

  json(): JsonObject {
    return this.#item
  }

  protected beforeEnd(): void {}
}
