/** The body of an upstream's reply: chunks handed from the parser to one reader, who holds the socket back by not reading. */

import { Buffer } from 'node:buffer'

export type BodySource = {
  readonly pause: () => void
  readonly resume: () => void
  /** Closes the connection: nobody reads on. */
  readonly abort: () => void
}

const over: IteratorResult<Buffer, undefined> = { done: true, value: undefined }

/**
 * From this on the socket is paused, also while the reader is busy with as much. Little, as it is kept for each caller who does not read, and a
 * piece of it keeps all that the system gave at once; more than the events of a stream that come together, for which a pause costs more than they do.
 */
const heldBytesMax = 16 * 1024

/**
 * A queue between one writer and one reader, both on this thread. What has come by the time that the reader looks is one piece, up to 16 KiB: a
 * parser gives each chunk of what it has read by itself, and every piece costs its way to the caller.
 */
export class ReplyBody implements AsyncIterable<Buffer> {
  readonly #source: BodySource
  #chunks: Buffer[] = []
  #heldBytes = 0
  #paused = false
  #wake: (() => void) | null = null
  #end: 'open' | 'ended' | { readonly failure: unknown } = 'open'

  constructor(source: BodySource) {
    this.#source = source
  }

  push(chunk: Buffer): void {
    if (this.#end !== 'open') return
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes >= heldBytesMax && !this.#paused) {
      this.#paused = true
      this.#source.pause()
    }
    this.#wakeReader()
  }

  #wakeReader(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  /** What was pushed before is still read. */
  finish(): void {
    if (this.#end !== 'open') return
    this.#end = 'ended'
    this.#wakeReader()
  }

  fail(failure: unknown): void {
    if (this.#end !== 'open') return
    this.#end = { failure }
    this.#wakeReader()
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

  async #next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#chunks.length === 0 && this.#end === 'open')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#resume()
      })
    const piece = this.#take()
    if (piece !== null) return { done: false, value: piece }
    if (this.#end !== 'open' && this.#end !== 'ended') throw this.#end.failure
    return over
  }

  /** What has come, joined as far as it is small. */
  #take(): Buffer | null {
    const chunks = this.#chunks
    const [first] = chunks
    if (first === undefined) return null
    let count = 0
    let bytes = 0
    for (const { length } of chunks) {
      if (count > 0 && bytes + length > heldBytesMax) break
      count += 1
      bytes += length
    }
    const piece = count === 1 ? first : Buffer.concat(chunks.slice(0, count), bytes)
    this.#chunks = count === chunks.length ? [] : chunks.slice(count)
    this.#heldBytes -= bytes
    if (this.#chunks.length === 0 && bytes < heldBytesMax) this.#resume()
    return piece
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
