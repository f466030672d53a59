/** The body of an upstream's reply: chunks handed from the parser to one reader, who holds the socket back by not reading. */

import type { Buffer } from 'node:buffer'

export type BodySource = {
  readonly pause: () => void
  readonly resume: () => void
  /** Closes the connection: nobody reads on. */
  readonly abort: () => void
}

type Waiting = {
  readonly resolve: (result: IteratorResult<Buffer, undefined>) => void
  readonly reject: (error: unknown) => void
}

const over: IteratorResult<Buffer, undefined> = { done: true, value: undefined }

/**
 * From this on the socket is paused, also while the reader is busy with as much. Little, as it is kept for each caller who does not read, and a
 * piece of it keeps all that the system gave at once; more than the events of a stream that come together, for which a pause costs more than they do.
 */
const heldBytesMax = 16 * 1024

/** A queue between one writer and one reader, both on this thread. */
export class ReplyBody implements AsyncIterable<Buffer> {
  readonly #source: BodySource
  #chunks: Buffer[] = []
  #heldBytes = 0
  #paused = false
  #waiting: Waiting | null = null
  #end: 'open' | 'ended' | { readonly failure: unknown } = 'open'

  constructor(source: BodySource) {
    this.#source = source
  }

  push(chunk: Buffer): void {
    if (this.#end !== 'open') return
    const waiting = this.#waiting
    if (waiting !== null) {
      this.#waiting = null
      waiting.resolve({ done: false, value: chunk })
      this.#pauseFrom(chunk.length)
      return
    }
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    this.#pauseFrom(this.#heldBytes)
  }

  #pauseFrom(heldBytes: number): void {
    if (heldBytes < heldBytesMax || this.#paused) return
    this.#paused = true
    this.#source.pause()
  }

  /** What was pushed before is still read. */
  finish(): void {
    if (this.#end !== 'open') return
    this.#end = 'ended'
    this.#waiting?.resolve(over)
    this.#waiting = null
  }

  fail(failure: unknown): void {
    if (this.#end !== 'open') return
    this.#end = { failure }
    this.#waiting?.reject(failure)
    this.#waiting = null
  }

  /** Drops what was not read; the reader ends with this failure. */
  discard(failure: unknown): void {
    this.#chunks = []
    this.#heldBytes = 0
    this.fail(failure)
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    return { next: () => this.#next(), return: () => this.#return() }
  }

  #next(): Promise<IteratorResult<Buffer, undefined>> {
    const chunk = this.#chunks.shift()
    if (chunk !== undefined) {
      this.#heldBytes -= chunk.length
      if (this.#chunks.length === 0 && chunk.length < heldBytesMax) this.#resume()
      return Promise.resolve({ done: false, value: chunk })
    }
    if (this.#end === 'ended') return Promise.resolve(over)
    if (this.#end !== 'open') return Promise.reject(this.#end.failure)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#resume()
    })
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#source.resume()
  }

  #return(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#end === 'open') this.#source.abort()
    this.#chunks = []
    return Promise.resolve(over)
  }
}
