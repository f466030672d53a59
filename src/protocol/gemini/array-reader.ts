/** A stream that is one JSON array, element by element: each element one frame, its bytes untouched. */

import { Buffer } from 'node:buffer'
import { parseExactly } from '#base/exact-json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { ReplySteps } from '#protocol/openai/reply-steps.ts'
import { isErrorDocument } from '#protocol/openai/stated-error.ts'
import { notTheProtocol, readInBandProblem } from '#protocol/openai/upstream-problem.ts'
import type { Part } from '#protocol/part.ts'
import type { Frame, ReplyReader } from '#protocol/protocol.ts'

/** An element larger than this is no piece of a stream. */
const elementBytesMax = 67_108_864

const quote = 0x22
const backslash = 0x5c
const openers = new Set([0x7b, 0x5b])
const closers = new Set([0x7d, 0x5d])

/** Finds where elements end: behind the bracket that closes one, and behind the array's own. */
class Depth {
  #depth = 0
  #inText = false
  #escaped = false

  /** What the byte does: ends an element, ends the array, or neither. */
  take(byte: number): 'element' | 'array' | null {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) this.#inText = false
      return null
    }
    if (byte === quote) this.#inText = true
    else if (openers.has(byte)) this.#depth += 1
    else if (closers.has(byte)) {
      this.#depth -= 1
      return this.#depth === 1 ? 'element' : this.#depth === 0 ? 'array' : null
    }
    return null
  }
}

const parse = (bytes: Buffer): JsonObject | null => {
  try {
    const value: unknown = parseExactly(bytes.toString('utf8').replace(/^[\s,[]+/, ''))
    return isObject(value) ? value : null
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null
    throw thrown
  }
}

class ArrayReader implements ReplyReader {
  readonly form = 'events'
  readonly #steps: ReplySteps
  readonly #depth = new Depth()
  #held: Buffer[] = []
  #heldBytes = 0
  #closed = false
  #failed = false

  constructor(steps: ReplySteps) {
    this.#steps = steps
  }

  read(bytes: Buffer): readonly Frame[] {
    const frames: Frame[] = []
    let from = 0
    for (let at = 0; at < bytes.length && !this.#closed; at += 1) {
      const ends = this.#depth.take(bytes[at] as number)
      if (ends === null) continue
      frames.push(this.#frame(bytes.subarray(from, at + 1), ends))
      from = at + 1
    }
    if (from < bytes.length) this.#hold(bytes.subarray(from))
    return frames
  }

  end(): readonly Frame[] {
    if (!this.#closed || this.#heldBytes === 0) return []
    return [{ raw: this.#take(), parts: [], role: 'comment' }]
  }

  complete(): boolean {
    return !this.#failed && this.#closed && this.#steps.finished()
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > elementBytesMax)
      throw notTheProtocol(`A piece of the provider's answer is larger than ${elementBytesMax} bytes.`, 'protocol')
  }

  #take(): Buffer {
    const raw = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    return raw
  }

  #frame(rest: Buffer, ends: 'element' | 'array'): Frame {
    const raw = this.#heldBytes === 0 ? rest : Buffer.concat([this.#take(), rest])
    if (ends === 'array') {
      this.#closed = true
      return { raw, parts: this.#steps.endMarker(), role: 'end' }
    }
    const document = parse(raw)
    if (document !== null && !isErrorDocument(document)) return { raw, ...this.#steps.event(document, null) }
    this.#failed = true
    const problem =
      document === null
        ? notTheProtocol("A piece of the provider's answer is not a JSON object.", 'protocol')
        : readInBandProblem(document, null)
    const error: Part = { type: 'error', problem, raw: document }
    return { raw, parts: [error], role: 'content' }
  }
}

/** A reader for one such stream. */
export const arrayReader = (steps: ReplySteps): ReplyReader => new ArrayReader(steps)
