/** An answer of Ollama: one document, or one a line; the last one says `done`. */

import { Buffer } from 'node:buffer'
import { parseExactly } from '#base/exact-json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import { jsonReader } from '#protocol/openai/json-reply.ts'
import { isErrorDocument } from '#protocol/openai/stated-error.ts'
import { notTheProtocol, readInBandProblem } from '#protocol/openai/upstream-problem.ts'
import { Choice, PartList } from '#protocol/openai-chat/choice.ts'
import type { FinishReason, Part } from '#protocol/part.ts'
import type { Frame, ReplyReader } from '#protocol/protocol.ts'
import { readUsage } from './usage.ts'

/** A line longer than this is no answer. */
const lineBytesMax = 16_777_216

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** Older servers give calls no id: then it is made from the call's own, so that the next turn can name it. */
const idOf = (given: string, call: Call, index: number): string =>
  given === '' ? `${call.id.replace(/[^A-Za-z0-9]/g, '')}${index}` : given

const reasons: Readonly<Record<string, FinishReason>> = { stop: 'stop', length: 'length' }

class OllamaReading {
  readonly #call: Call
  readonly #choice = new Choice(0)
  #tools = 0
  #started = false
  done = false

  constructor(call: Call) {
    this.#call = call
  }

  read(document: JsonObject): readonly Part[] {
    const list = new PartList()
    this.#start(document, list)
    if (isObject(document['message'])) this.#message(document['message'], document['logprobs'], list)
    if (document['done'] === true) this.#finish(document, list)
    return list.parts
  }

  #start(document: JsonObject, list: PartList): void {
    if (this.#started) return
    this.#started = true
    const createdMs = Date.parse(textOf(document['created_at']))
    list.push({
      type: 'start',
      id: null,
      model: textOf(document['model']) || null,
      createdMs: Number.isNaN(createdMs) || createdMs <= 0 ? null : createdMs,
    })
  }

  /** Probabilities stand beside the message, as Chat Completions has them (https://docs.ollama.com/api/chat, from memory). */
  #message(message: JsonObject, logprobs: Json | undefined, list: PartList): void {
    this.#prose('reasoning', textOf(message['thinking']), list)
    const text = textOf(message['content'])
    if (Array.isArray(logprobs) && text !== '') {
      const block = this.#choice.prose('text', list)
      list.push({ type: 'text-delta', choice: 0, block, text, logprobs: { content: logprobs } })
    } else this.#prose('text', text, list)
    const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'].filter(isObject) : []
    for (const call of calls) this.#tool(call, list)
  }

  #prose(kind: 'text' | 'reasoning', text: string, list: PartList): void {
    if (text === '') return
    const block = this.#choice.prose(kind, list)
    list.push({ type: `${kind}-delta`, choice: 0, block, text })
  }

  /** A call comes whole. */
  #tool(wire: JsonObject, list: PartList): void {
    const called = isObject(wire['function']) ? wire['function'] : {}
    this.#choice.closeProse(list)
    const index = this.#tools
    this.#tools += 1
    const id = idOf(textOf(wire['id']), this.#call, index)
    const at = { choice: 0, block: this.#choice.openTool(index, id) }
    const name = textOf(called['name'])
    list.push({ type: 'tool-input-start', ...at, id, name, kind: 'function', executor: 'caller' })
    const given = called['arguments']
    list.push({
      type: 'tool-input-delta',
      ...at,
      text: typeof given === 'string' ? given : JSON.stringify(given ?? {}),
    })
  }

  #finish(document: JsonObject, list: PartList): void {
    this.#choice.close(list)
    const raw = textOf(document['done_reason'])
    const reason = raw === '' ? 'stop' : (reasons[raw] ?? 'other')
    list.push({ type: 'finish', choice: 0, reason: this.#tools > 0 && reason === 'stop' ? 'tool-calls' : reason, raw })
    const { message: _message, ...figures } = document
    list.push({ type: 'usage', usage: readUsage(document), raw: figures })
    this.done = true
  }
}

/** `null` = it is no object, or no JSON at all. */
const parseLine = (bytes: Buffer): JsonObject | null => {
  try {
    const value: unknown = parseExactly(bytes.toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    // Told as an error of the answer, behind what came before it.
    return null
  }
}

const broken = (): Part => ({
  type: 'error',
  problem: notTheProtocol("A line of Ollama's answer is not a JSON object.", 'protocol'),
  raw: null,
})

const lineFeed = 0x0a

class LineReader implements ReplyReader {
  readonly form = 'events'
  readonly #reading: OllamaReading
  #held: Buffer[] = []
  #heldBytes = 0

  constructor(call: Call) {
    this.#reading = new OllamaReading(call)
  }

  read(bytes: Buffer): readonly Frame[] {
    const frames: Frame[] = []
    let from = 0
    for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, from)) {
      frames.push(this.#line(bytes.subarray(from, at + 1)))
      from = at + 1
    }
    if (from < bytes.length) this.#hold(bytes.subarray(from))
    return frames
  }

  /** A last line needs no end, if it is whole; half a line is a cut answer. */
  end(): readonly Frame[] {
    if (this.#heldBytes === 0) return []
    const raw = this.#take()
    const document = this.#reading.done ? null : parseLine(raw)
    if (document !== null) return [this.#frameOf(raw, document)]
    return this.#reading.done ? [{ raw, parts: [], role: 'comment' }] : []
  }

  complete(): boolean {
    return this.#reading.done
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > lineBytesMax)
      throw notTheProtocol(`A line of Ollama's answer is longer than ${lineBytesMax} bytes.`, 'protocol')
  }

  #take(): Buffer {
    const raw = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    return raw
  }

  #line(rest: Buffer): Frame {
    const raw = this.#heldBytes === 0 ? rest : Buffer.concat([this.#take(), rest])
    if (raw.toString('utf8').trim() === '') return { raw, parts: [], role: 'comment' }
    const document = parseLine(raw)
    return document === null ? { raw, parts: [broken()], role: 'content' } : this.#frameOf(raw, document)
  }

  #frameOf(raw: Buffer, document: JsonObject): Frame {
    if (isErrorDocument(document)) {
      const problem = readInBandProblem(document, null)
      return { raw, parts: [{ type: 'error', problem, raw: document }], role: 'content' }
    }
    const parts = this.#reading.read(document)
    return { raw, parts, role: this.#reading.done ? 'end' : 'content' }
  }
}

/** Reads one answer; a document that was to be a stream is a stream of one line. */
export const ollamaReader = (call: Call): ReplyReader => {
  if (call.stream) return new LineReader(call)
  const reading = new OllamaReading(call)
  const steps = {
    event: () => ({ parts: [], role: 'content' }) as const,
    endMarker: () => [],
    finished: () => false,
    document: (document: JsonObject) => reading.read(document),
    members: null,
  }
  const reader = jsonReader(steps, { whole: true })
  return { form: 'json', read: reader.read.bind(reader), end: reader.end.bind(reader), complete: () => reading.done }
}
