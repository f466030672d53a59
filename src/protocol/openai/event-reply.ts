/** A reply that is a stream of events: each event one frame, its bytes untouched. */

import { Buffer } from 'node:buffer'
import { parseExactly } from '#base/exact-json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { SseEvent } from '#base/sse.ts'
import { sseSplitter } from '#base/sse.ts'
import type { ErrorPart } from '#protocol/part.ts'
import type { Frame } from '#protocol/protocol.ts'
import { LikeEvents } from './like-events.ts'
import type { BodyReader, ReplySteps } from './reply-steps.ts'
import { isErrorDocument } from './stated-error.ts'
import { notTheProtocol, readInBandProblem, refusesCredential } from './upstream-problem.ts'

const endMarker = '[DONE]'
const nothing = Buffer.alloc(0)

const parse = (text: string, closed: boolean): unknown => {
  try {
    return parseExactly(text)
  } catch (cause) {
    if (closed) throw notTheProtocol('The provider sent an event that is not JSON.', 'protocol', cause)
    throw notTheProtocol('The provider broke off within an event.', 'cut', cause)
  }
}

const errorPart = (document: JsonObject, bytes: Buffer | null): ErrorPart => ({
  type: 'error',
  problem: readInBandProblem(document, bytes),
  raw: document,
})

class EventReader implements BodyReader {
  readonly #steps: ReplySteps
  readonly #splitter = sseSplitter()
  readonly #like: LikeEvents | null
  #marked = false
  /** The provider has told an error, or broken its own protocol: nothing that follows makes the answer whole. */
  #failed = false
  /** Thrown by the next call, so that events before a broken one still go out, however the bytes were cut. */
  #failure: unknown = null

  constructor(steps: ReplySteps) {
    this.#steps = steps
    this.#like = steps.readsAlike === true ? new LikeEvents() : null
  }

  read(bytes: Buffer): readonly Frame[] {
    this.#throwFailure()
    const frame = this.#splitter.isBetween() ? this.#like?.read(bytes) : null
    if (frame) return [frame]
    return this.#frames(this.#splitter.feed(bytes))
  }

  /**
   * The last event may lack its blank line. Where the answer is whole without it, it is given as it is; where it is not, its
   * bytes are kept back, because the error event that follows would run into its line.
   */
  end(): readonly Frame[] {
    this.#throwFailure()
    const rest = this.#splitter.end()
    if (this.complete()) return rest.map((event) => this.#whole(event))
    const frames = this.#frames(rest)
    const torn = rest[0]?.closed === false && !this.complete()
    return torn ? frames.map((frame) => ({ ...frame, raw: nothing })) : frames
  }

  complete(): boolean {
    return !this.#failed && ((this.#marked && this.#steps.markerEnds !== false) || this.#steps.finished())
  }

  /** After the end of the answer a torn event is only bytes. */
  #whole(event: SseEvent): Frame {
    try {
      return this.#frame(event)
    } catch (thrown) {
      if (thrown instanceof Problem) return { raw: event.raw, parts: [], role: 'comment' }
      throw thrown
    }
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure
  }

  #frames(events: readonly SseEvent[]): readonly Frame[] {
    const frames: Frame[] = []
    for (const event of events) {
      try {
        frames.push(this.#frame(event))
      } catch (thrown) {
        this.#failed = true
        this.#failure = thrown
        if (frames.length === 0) throw thrown
        break
      }
    }
    return frames
  }

  #frame(told: SseEvent): Frame {
    const like = this.#like?.read(told.raw)
    if (like) return like
    const frame = this.#readFrame(told)
    this.#like?.note(frame)
    return frame
  }

  #readFrame({ raw, data, event, comment, closed }: SseEvent): Frame {
    const text = comment || data === null ? '' : data.toString('utf8').trim()
    if (text === '') return { raw, parts: [], role: 'comment' }
    if (text === endMarker) {
      this.#marked = true
      return { raw, parts: this.#steps.endMarker(), role: 'end' }
    }
    const value = parse(text, closed)
    if (!isObject(value)) return { raw, parts: [], role: 'content' }
    if (event === 'error' || isErrorDocument(value)) return this.#errorFrame({ raw, data }, value, event)
    const reading = this.#steps.event(value, event)
    if (reading.parts.some(({ type }) => type === 'error')) this.#failed = true
    return { raw, ...reading }
  }

  /** An error may come in an event that also carries content and usage (OpenRouter): those count all the same. */
  #errorFrame({ raw, data }: Pick<SseEvent, 'raw' | 'data'>, value: JsonObject, event: string | null): Frame {
    this.#failed = true
    const carries = Array.isArray(value['choices'])
    const { parts } = carries ? this.#steps.event(value, event) : { parts: [] }
    const part = errorPart(value, carries ? null : data)
    if (refusesCredential(part.problem)) throw part.problem
    return { raw, parts: [...parts, part], role: 'content' }
  }
}

/**
 * Reads one stream.
 * @throws Problem `upstream_error` for an event that is not JSON, or that talks of the operator's credential, after the frames
 * before it.
 */
export const eventReader = (steps: ReplySteps): BodyReader => new EventReader(steps)
