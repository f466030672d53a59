/** Parts written as a stream of chat completion chunks. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Warning } from '#protocol/call.ts'
import { heartbeat, writeStreamProblem } from '#protocol/openai/refusal.ts'
import { usageJson } from '#protocol/openai/usage.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import { finishMembers } from './finish-reason.ts'
import { detailsOf } from './reasoning-detail.ts'
import type { PartOf, ReplyIdentity } from './reply-shape.ts'
import { annotationOf, extraContentOf, extraOf, identityOf, imageOf, logprobsOf, lossOf } from './reply-shape.ts'
import type { ChatExtra } from './wire.ts'

/** A delta, or `null` where the part is not seen in a stream of this format. */
type DeltaStep<T extends Part['type']> = (part: PartOf<T>, state: StreamState) => JsonObject | null

class StreamState {
  readonly #tools = new Map<string, number>()
  readonly #custom = new Set<string>()
  readonly #counts = new Map<number, number>()
  readonly #hidden = new Set<string>()
  readonly #thoughts = new Map<string, { text: string; redacted: boolean }>()
  #thoughtCount = 0
  /** Characters of text, and where the open text began. */
  readonly #lengths = new Map<number, { length: number; start: number }>()

  say({ choice, block }: { readonly choice: number; readonly block: number }, text: string): void {
    const thought = this.#thoughts.get(`${choice}/${block}`)
    if (thought !== undefined) thought.text += text
  }

  think(part: PartOf<'reasoning-start'>): void {
    this.#thoughts.set(this.key(part), { text: '', redacted: part.redacted === true })
  }

  /** A thought that has ended, with what must come back. */
  details(part: PartOf<'reasoning-end'>): readonly JsonObject[] {
    const { text, redacted } = this.#thoughts.get(this.key(part)) ?? { text: '', redacted: false }
    this.#thoughts.delete(this.key(part))
    const details = detailsOf({ text, redacted, carriers: part.carriers ?? [] }, this.#thoughtCount)
    if (details.length > 0) this.#thoughtCount += 1
    return details
  }

  #length(choice: number): { length: number; start: number } {
    const known = this.#lengths.get(choice) ?? { length: 0, start: 0 }
    this.#lengths.set(choice, known)
    return known
  }

  beginText(choice: number): void {
    const known = this.#length(choice)
    known.start = known.length
  }

  addText(choice: number, text: string): void {
    this.#length(choice).length += text.length
  }

  span(choice: number): { readonly start: number; readonly end: number } {
    const { start, length } = this.#length(choice)
    return { start, end: length }
  }

  key({ choice, block }: { readonly choice: number; readonly block: number }): string {
    return `${choice}/${block}`
  }

  /** Tool calls are numbered within their choice; `null` = a provider's own tool, which the caller must not run. */
  begin(part: PartOf<'tool-input-start'>): number | null {
    if (part.executor === 'provider') {
      this.#hidden.add(this.key(part))
      return null
    }
    const index = this.#counts.get(part.choice) ?? 0
    this.#counts.set(part.choice, index + 1)
    this.#tools.set(this.key(part), index)
    if (part.kind === 'custom') this.#custom.add(this.key(part))
    return index
  }

  piece(part: PartOf<'tool-input-delta'>): { readonly index: number; readonly custom: boolean } | null {
    const key = this.key(part)
    return this.#hidden.has(key) ? null : { index: this.#tools.get(key) ?? 0, custom: this.#custom.has(key) }
  }
}

const beginTool: DeltaStep<'tool-input-start'> = (part, state) => {
  const index = state.begin(part)
  if (index === null) return null
  const { tool, legacy } = extraOf(part)
  if (legacy === true) return { function_call: { name: part.name, arguments: '' } }
  const body =
    part.kind === 'custom'
      ? { custom: { name: part.name, input: '' } }
      : { function: { name: part.name, arguments: '' } }
  return { tool_calls: [{ index, id: part.id, type: part.kind, ...body, ...extraContentOf(part), ...tool }] }
}

const toolPiece: DeltaStep<'tool-input-delta'> = (part, state) => {
  const piece = state.piece(part)
  if (piece === null) return null
  const body = piece.custom ? { custom: { input: part.text } } : { function: { arguments: part.text } }
  return { tool_calls: [{ index: piece.index, ...body }] }
}

const audioPiece: DeltaStep<'audio-delta'> = ({ data, transcript }) => ({
  audio: { ...(data === null ? {} : { data }), ...(transcript === null ? {} : { transcript }) },
})

const deltaSteps: { readonly [T in Part['type']]?: DeltaStep<T> } = {
  'text-start': ({ choice }, state) => {
    state.beginText(choice)
    return null
  },
  'text-delta': ({ choice, text }, state) => {
    state.addText(choice, text)
    return { content: text }
  },
  'reasoning-start': (part, state) => {
    state.think(part)
    return null
  },
  'reasoning-delta': (part, state) => {
    state.say(part, part.text)
    return { reasoning_content: part.text }
  },
  'reasoning-end': (part, state) => {
    const details = state.details(part)
    return details.length === 0 ? null : { reasoning_details: details }
  },
  'refusal-delta': ({ text }) => ({ refusal: text }),
  'tool-input-start': beginTool,
  'tool-input-delta': toolPiece,
  image: (part) => (part.complete ? { images: [imageOf(part)] } : null),
  'audio-start': ({ id }) => (id === null ? null : { audio: { id } }),
  'audio-delta': audioPiece,
  'audio-end': ({ expiresMs }) => (expiresMs === null ? null : { audio: { expires_at: Math.floor(expiresMs / 1000) } }),
  citation: (part, state) => ({ annotations: [annotationOf(part, state.span(part.choice))] }),
}

const event = (value: JsonObject): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`)

class StreamWriter implements ReplyWriter {
  readonly contentType = 'text/event-stream; charset=utf-8'
  readonly #context: ReplyContext
  readonly #state = new StreamState()
  readonly #begun = new Set<number>()
  #legacy = new Set<string>()
  #identity: ReplyIdentity
  #usage: PartOf<'usage'> | null = null
  #failed = false
  readonly #losses = new Map<string, Warning>()

  constructor(context: ReplyContext) {
    this.#context = context
    this.#identity = identityOf(context, null)
  }

  warnings(): readonly Warning[] {
    return [...this.#losses.values()]
  }

  write(part: Part): Buffer | null {
    if (this.#failed) return null
    const loss = lossOf(part)
    if (loss !== null) this.#losses.set(loss.field, loss)
    if (part.type === 'ping') return heartbeat
    if (part.type === 'usage') {
      this.#usage = part
      return null
    }
    if (part.type === 'error') {
      this.#failed = true
      return writeStreamProblem(part.problem, this.#context.asked)
    }
    if (part.type === 'start') {
      this.#identity = identityOf(this.#context, part)
      return this.#begin(0, extraOf(part))
    }
    const begun = this.#begun.has(part.choice) ? null : this.#begin(part.choice, {})
    const chunk = part.type === 'finish' ? this.#finish(part) : this.#delta(part)
    return begun !== null && chunk !== null ? Buffer.concat([begun, chunk]) : (chunk ?? begun)
  }

  end(): Buffer {
    if (this.#failed) return Buffer.alloc(0)
    const end = Buffer.from('data: [DONE]\n\n')
    const part = this.#usage
    const { inStream, cost } = this.#context.call.usageWish
    if (part === null || !(inStream || cost)) return end
    const usage = usageJson(part.usage, part.raw)
    return usage === null ? end : Buffer.concat([event({ ...this.#head(extraOf(part)), choices: [], usage }), end])
  }

  #head({ reply }: ChatExtra): JsonObject {
    const { id, created, model } = this.#identity
    return { id, object: 'chat.completion.chunk', created, model, ...reply }
  }

  #chunk(index: number, choice: JsonObject, extra: ChatExtra): Buffer {
    const whole = { index, ...choice, ...extra.choice }
    return event({ ...this.#head(extra), choices: [whole] })
  }

  #begin(index: number, extra: ChatExtra): Buffer {
    this.#begun.add(index)
    return this.#chunk(index, { delta: { role: 'assistant', content: '' }, finish_reason: null }, extra)
  }

  #finish(part: PartOf<'finish'>): Buffer {
    const extra = extraOf(part)
    return this.#chunk(part.choice, { delta: { ...extra.message }, ...finishMembers(part.reason, part.raw) }, extra)
  }

  #delta(part: Exclude<Part, { type: 'start' | 'ping' | 'usage' | 'finish' | 'error' }>): Buffer | null {
    const extra = extraOf(part)
    const step = deltaSteps[part.type] as DeltaStep<typeof part.type> | undefined
    const delta = this.#asLegacy(part) ?? step?.(part as never, this.#state) ?? null
    if (delta === null && extra.message === undefined && extra.choice === undefined && extra.reply === undefined)
      return null
    const logprobs =
      part.type === 'text-delta' && isObject(part.logprobs) ? { logprobs: logprobsOf(part.logprobs) } : {}
    return this.#chunk(part.choice, { delta: { ...extra.message, ...delta }, ...logprobs, finish_reason: null }, extra)
  }

  /** Pieces of an old `function_call` belong to its field. */
  #asLegacy(part: Part): JsonObject | null {
    if (part.type === 'tool-input-start' && extraOf(part).legacy === true) this.#legacy.add(this.#state.key(part))
    if (part.type !== 'tool-input-delta' || !this.#legacy.has(this.#state.key(part))) return null
    return { function_call: { arguments: part.text } }
  }
}

/** Writes chunks as parts come; usage goes last, and only to a caller who asked for it. */
export const streamWriter = (context: ReplyContext): ReplyWriter => new StreamWriter(context)
