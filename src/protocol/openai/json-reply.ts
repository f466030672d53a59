/** A reply that is one JSON document: held until it is whole, or, when it is large, passed on and read along. */

import { Buffer } from 'node:buffer'
import { parseExactly } from '#base/exact-json.ts'
import type { TopLevelStream } from '#base/json-stream.ts'
import { topLevelStream } from '#base/json-stream.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Part } from '#protocol/part.ts'
import { isUncommitted } from '#protocol/part.ts'
import type { Frame, ReadOptions } from '#protocol/protocol.ts'
import type { BodyReader, ReplySteps } from './reply-steps.ts'
import { isErrorDocument, statedError } from './stated-error.ts'
import { notTheProtocol, readInBandProblem } from './upstream-problem.ts'

/** A document up to this size is one frame, so that its cost can be written into it. */
const heldBytesMax = 8 * 1024 * 1024

/** Read of a document that is not parsed whole. */
const memberNames: readonly string[] = ['error', 'object', 'message', 'usage', 'service_tier']

const byteOrderMark = '\uFEFF'

const cut = (cause?: unknown): Error =>
  notTheProtocol('The provider answered with success, but its JSON is cut off or broken.', 'cut', cause)

const parse = (bytes: Buffer): JsonObject => {
  let value: unknown
  try {
    const text = bytes.toString('utf8')
    value = parseExactly(text.startsWith(byteOrderMark) ? text.slice(1) : text)
  } catch (cause) {
    throw cut(cause)
  }
  if (!isObject(value)) throw notTheProtocol('The provider answered with JSON that is not an object.', 'protocol')
  return value
}

/** What came in one piece, as most answers do, is not copied. */
const wholeOf = (pieces: readonly Buffer[]): Buffer => {
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}

class JsonReader implements BodyReader {
  readonly #steps: ReplySteps
  /** Counts through what is not parsed whole: `null` until that is known. */
  #scan: TopLevelStream | null = null
  #held: Buffer[] = []
  #heldBytes = 0
  #passing = false
  #complete = false
  readonly #heldBytesMax: number

  constructor(steps: ReplySteps, { whole }: ReadOptions) {
    this.#steps = steps
    this.#heldBytesMax = whole ? Number.POSITIVE_INFINITY : heldBytesMax
    if (steps.members !== null) this.#scan = this.#stream()
  }

  #stream(): TopLevelStream {
    return topLevelStream({ members: this.#names(), lists: this.#steps.lists ?? [] })
  }

  #names(): readonly string[] {
    return [...new Set([...memberNames, ...(this.#steps.members ?? [])])]
  }

  read(bytes: Buffer): readonly Frame[] {
    this.#scan?.feed(bytes)
    if (this.#scan?.broken() === true) throw cut()
    if (this.#passing) return [{ raw: bytes, parts: [], role: 'content' }]
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#held.length === 1024) this.#held = [Buffer.concat(this.#held)]
    return this.#heldBytes > this.#heldBytesMax ? this.#pass() : []
  }

  end(): readonly Frame[] {
    if (this.#scan !== null && !this.#scan.complete()) throw cut()
    const raw = wholeOf(this.#held)
    const parts = this.#partsOf(this.#scan === null ? parse(raw) : this.#members(), raw)
    if (raw.length === 0 && parts.length === 0) return []
    return [{ raw, parts, role: 'content' }]
  }

  complete(): boolean {
    return this.#complete
  }

  #pass(): readonly Frame[] {
    const raw = Buffer.concat(this.#held)
    this.#held = []
    this.#passing = true
    if (this.#scan === null) {
      this.#scan = this.#stream()
      this.#scan.feed(raw)
    }
    return [{ raw, parts: [], role: 'content' }]
  }

  #members(): JsonObject {
    const pairs = this.#names().map((name) => [name, this.#scan?.value(name)] as const)
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) as JsonObject
  }

  #partsOf(document: JsonObject, bytes: Buffer): readonly Part[] {
    if (isErrorDocument(document))
      return [{ type: 'error', problem: readInBandProblem(document, bytes), raw: document }]
    const parts = this.#steps.document(document, (list) => this.#scan?.objects(list) ?? null)
    // `{"message": "…"}`, `{"detail": "…"}`: an error in the envelope of some other server, where an answer was due.
    if (this.#scan === null && parts.every(isUncommitted) && statedError(document) !== null)
      return [{ type: 'error', problem: readInBandProblem(document, bytes), raw: document }]
    // Some formats tell a failure at the end of an answer like any other.
    this.#complete = !parts.some(({ type }) => type === 'error')
    return parts
  }
}

/** Reads one document. @throws Problem `upstream_error` where it is cut or broken. */
export const jsonReader = (steps: ReplySteps, options: ReadOptions): BodyReader => new JsonReader(steps, options)
