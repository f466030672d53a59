/** Parts written as answers of Gemini: events, an array that grows, or one document. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Warning } from '#protocol/call.ts'
import { carrierFormats, sealCarrier } from '#protocol/carrier.ts'
import { given } from '#protocol/field-reading.ts'
import type { Carrier, Part } from '#protocol/part.ts'
import type { ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import { objectArguments } from '#protocol/tool-arguments.ts'
import { finishMembers } from './finish-reason.ts'
import { tokensOf, writeLogprobs } from './logprobs.ts'
import { envelope, heartbeat } from './problem.ts'
import { streamOfArray } from './request.ts'
import { usageJson } from './usage-json.ts'

type PartOf<T extends Part['type']> = Extract<Part, { readonly type: T }>

type Tool = { readonly start: PartOf<'tool-input-start'>; text: string }

/** Gemini's own signature first; one of another maker travels in its place, sealed. */
const signatureOf = (carriers: readonly Carrier[] | undefined): JsonObject => {
  const carrier = carriers?.find(({ format }) => format === carrierFormats.gemini) ?? carriers?.[0]
  return carrier === undefined ? {} : { thoughtSignature: sealCarrier(carrier, carrierFormats.gemini) }
}

/** What each part adds to an answer's content; state is kept for what is told piece by piece and is one here. */
class Pieces {
  readonly #tools = new Map<string, Tool>()
  readonly #losses = new Map<string, Warning>()
  /** Sources, told with the end of their answer. */
  readonly #citations = new Map<number, JsonObject[]>()
  /** Tokens with their probabilities, told there too. */
  readonly #tokens = new Map<number, JsonObject[]>()

  warnings(): readonly Warning[] {
    return [...this.#losses.values()]
  }

  #lost(field: string, reason: string): readonly JsonObject[] {
    this.#losses.set(field, { field, reason })
    return []
  }

  of(part: Part): readonly JsonObject[] {
    switch (part.type) {
      case 'text-delta':
        this.#weigh(part)
        return [{ text: part.text }]
      case 'refusal-delta':
        return [{ text: part.text }]
      case 'reasoning-delta':
        return [{ text: part.text, thought: true }]
      case 'reasoning-end':
        return part.carriers === undefined ? [] : [{ text: '', thought: true, ...signatureOf(part.carriers) }]
      case 'image':
        return part.complete ? this.#image(part) : []
      case 'audio-delta':
        if (part.data === null) return this.#lost('audio.transcript', 'Gemini has no field for it')
        return [{ inlineData: { mimeType: 'audio/L16', data: part.data } }]
      case 'citation':
        return this.#cite(part)
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-input-end':
        return this.#tool(part)
      case 'tool-result':
        return part.name === 'code_execution'
          ? [{ codeExecutionResult: part.output }]
          : this.#lost('tool-result', "results of another provider's own tools have no place in Gemini's answer")
      case 'other':
        return part.format === 'gemini' ? [part.raw] : this.#lost(part.name, "unknown to Gemini's format")
      default:
        return []
    }
  }

  /** What an answer is told of at its end. */
  sourcesOf(choice: number): JsonObject {
    const chunks = this.#citations.get(choice)
    return {
      ...(chunks === undefined ? {} : { groundingMetadata: { groundingChunks: chunks } }),
      ...writeLogprobs(this.#tokens.get(choice) ?? []),
    }
  }

  #weigh({ choice, logprobs }: PartOf<'text-delta'>): void {
    const tokens = this.#tokens.get(choice) ?? []
    this.#tokens.set(choice, tokens)
    tokens.push(...tokensOf(logprobs))
  }

  #image({ mediaType, data, url }: PartOf<'image'>): readonly JsonObject[] {
    if (data !== undefined) return [{ inlineData: { mimeType: mediaType, data } }]
    return url === undefined ? [] : [{ fileData: { mimeType: mediaType, fileUri: url } }]
  }

  #cite({ choice, url, title, raw }: PartOf<'citation'>): readonly JsonObject[] {
    const chunks = this.#citations.get(choice) ?? []
    this.#citations.set(choice, chunks)
    if (url !== null || title !== null) chunks.push({ web: given({ uri: url, title }) })
    else if (isObject(raw['web'])) chunks.push(raw)
    return []
  }

  #tool(part: PartOf<'tool-input-start' | 'tool-input-delta' | 'tool-input-end'>): readonly JsonObject[] {
    const key = `${part.choice}/${part.block}`
    if (part.type === 'tool-input-start') {
      this.#tools.set(key, { start: part, text: '' })
      return []
    }
    const tool = this.#tools.get(key)
    if (tool === undefined) return []
    if (part.type === 'tool-input-delta') {
      tool.text += part.text
      return []
    }
    this.#tools.delete(key)
    return this.#call(tool)
  }

  /** A call is told whole. */
  #call({ start, text }: Tool): readonly JsonObject[] {
    const { id, name, kind, executor, carriers } = start
    if (executor === 'provider')
      return name === 'code_execution'
        ? [{ executableCode: objectArguments(text).input }]
        : this.#lost(name, "calls of another provider's own tools have no place in Gemini's answer")
    const { input, broken } = kind === 'custom' ? { input: { input: text }, broken: false } : objectArguments(text)
    if (broken) this.#lost('functionCall', 'its arguments are no JSON object: they stand in "input" as a text')
    return [{ functionCall: { ...given({ id: id === '' ? null : id }), name, args: input }, ...signatureOf(carriers) }]
  }
}

/** What all documents of one answer begin with. */
const headOf = ({ call, asked }: ReplyContext, start: PartOf<'start'> | null): JsonObject => ({
  modelVersion: start?.model ?? call.model,
  responseId: start?.id ?? asked.id,
  ...((start?.extra?.['response'] as JsonObject | undefined) ?? {}),
})

const candidateExtra = (part: PartOf<'finish'>): JsonObject =>
  (part.extra?.['candidate'] as JsonObject | undefined) ?? {}

class StreamWriter implements ReplyWriter {
  readonly contentType: string
  readonly #context: ReplyContext
  readonly #pieces = new Pieces()
  readonly #array: boolean
  #head: JsonObject
  #usage: JsonObject | null = null
  #finishes: JsonObject[] = []
  #documents = 0
  #failed = false

  constructor(context: ReplyContext) {
    this.#context = context
    this.#head = headOf(context, null)
    this.#array = context.call.endpoint === streamOfArray
    this.contentType = this.#array ? 'application/json; charset=UTF-8' : 'text/event-stream; charset=utf-8'
  }

  warnings(): readonly Warning[] {
    return this.#pieces.warnings()
  }

  write(part: Part): Buffer | null {
    if (this.#failed) return null
    switch (part.type) {
      case 'ping':
        return heartbeat
      case 'start':
        this.#head = headOf(this.#context, part)
        return null
      case 'usage':
        this.#usage = usageJson(part.usage)
        return null
      case 'finish':
        this.#finish(part)
        return null
      case 'error':
        this.#failed = true
        return this.#document(envelope(part.problem, this.#context.asked))
      default: {
        const parts = this.#pieces.of(part)
        return parts.length === 0 ? null : this.#content(parts, part.choice)
      }
    }
  }

  end(): Buffer {
    if (this.#failed) return Buffer.alloc(0)
    const candidates = this.#finishes.length === 0 ? [{ finishReason: 'OTHER', index: 0 }] : this.#finishes
    const last = this.#document({ candidates, ...given({ usageMetadata: this.#usage }), ...this.#head })
    return this.#array ? Buffer.concat([last, Buffer.from(']')]) : last
  }

  #content(parts: readonly JsonObject[], index: number): Buffer {
    return this.#document({ candidates: [{ content: { parts, role: 'model' }, index }], ...this.#head })
  }

  /** The end of an answer is told with its usage, in the last document. */
  #finish(part: PartOf<'finish'>): void {
    const { choice, reason, raw } = part
    this.#finishes.push({
      content: { parts: [{ text: '' }], role: 'model' },
      ...finishMembers(reason, raw),
      index: choice,
      ...this.#pieces.sourcesOf(choice),
      ...candidateExtra(part),
    })
  }

  #document(value: JsonObject): Buffer {
    this.#documents += 1
    const text = JSON.stringify(value)
    if (!this.#array) return Buffer.from(`data: ${text}\n\n`)
    return Buffer.from(`${this.#documents === 1 ? '[' : ',\n'}${text}`)
  }
}

type Answer = { readonly parts: JsonObject[]; finish: JsonObject }

/** Pieces of one text are one piece of a whole answer; a signature ends it. */
const append = (parts: JsonObject[], piece: JsonObject): void => {
  const last = parts.at(-1)
  const joins =
    last !== undefined &&
    typeof last['text'] === 'string' &&
    typeof piece['text'] === 'string' &&
    last['thought'] === piece['thought'] &&
    last['thoughtSignature'] === undefined
  if (!joins) parts.push({ ...piece })
  else parts[parts.length - 1] = { ...last, ...piece, text: `${last['text']}${piece['text']}` }
}

class WholeWriter implements ReplyWriter {
  readonly contentType = 'application/json; charset=UTF-8'
  readonly #context: ReplyContext
  readonly #pieces = new Pieces()
  readonly #answers = new Map<number, Answer>()
  #head: JsonObject
  #usage: JsonObject | null = null
  #error: JsonObject | null = null

  constructor(context: ReplyContext) {
    this.#context = context
    this.#head = headOf(context, null)
  }

  warnings(): readonly Warning[] {
    return this.#pieces.warnings()
  }

  write(part: Part): Buffer | null {
    if (part.type === 'start') this.#head = headOf(this.#context, part)
    else if (part.type === 'usage') this.#usage = usageJson(part.usage)
    else if (part.type === 'error') this.#error ??= envelope(part.problem, this.#context.asked)
    else if (part.type === 'finish') {
      const { choice, reason, raw } = part
      const told = { ...finishMembers(reason, raw), ...this.#pieces.sourcesOf(choice) }
      this.#answer(choice).finish = { ...told, ...candidateExtra(part) }
    } else if (part.type !== 'ping')
      for (const piece of this.#pieces.of(part)) append(this.#answer(part.choice).parts, piece)
    return null
  }

  end(): Buffer {
    if (this.#error !== null) return Buffer.from(JSON.stringify(this.#error))
    const candidates = [...this.#answers]
      .sort(([a], [b]) => a - b)
      .map(([index, { parts, finish }]) => ({ content: { parts, role: 'model' }, ...finish, index }))
    return Buffer.from(JSON.stringify({ candidates, ...given({ usageMetadata: this.#usage }), ...this.#head }))
  }

  #answer(choice: number): Answer {
    const known = this.#answers.get(choice) ?? { parts: [], finish: {} }
    this.#answers.set(choice, known)
    return known
  }
}

/** A writer for one answer, in the form that the caller asked for. */
export const writeReply = (context: ReplyContext): ReplyWriter =>
  context.call.stream ? new StreamWriter(context) : new WholeWriter(context)
