/** The bytes of a request body, counted and timed: one place where uploads can be too large, too slow or broken off. */

import type { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'

export type ReadBounds = {
  readonly limitBytes: number
  /** The setting that gives the limit: what an operator would change. */
  readonly limitName: string
  /** The whole body must have come within this time. */
  readonly totalTimeoutMs: number
  /** The longest silence within the body. */
  readonly idleTimeoutMs: number
  readonly clock: Clock
  /** Aborts when the caller leaves; its reason is what a broken-off reading rejects with. */
  readonly signal: AbortSignal
}

/** Takes one chunk; a promise holds the socket back until it has resolved. */
export type TakeChunk = (chunk: Buffer) => Promise<void> | undefined

const sizeText = (bytes: number): string =>
  bytes >= 1024 * 1024 && bytes % (1024 * 1024) === 0
    ? `${bytes / (1024 * 1024)} MiB (${bytes} bytes)`
    : `${bytes} bytes`

/** The refusal of a body over its limit, in the words of the setting. */
export const bodyTooLarge = ({ limitBytes, limitName }: Pick<ReadBounds, 'limitBytes' | 'limitName'>): Problem =>
  new Problem('body_too_large', {
    message: `The body is over the limit of ${sizeText(limitBytes)}, "${limitName}". Send less, or ask the operator to raise it.`,
    facts: { limit_bytes: limitBytes, setting: limitName },
  })

const tooSlow = (message: string): Problem =>
  new Problem('request_timeout', { message: `${message} Send it again.`, headers: { connection: 'close' } })

/** One reading: listens, counts, and ends exactly once. */
class Reading {
  readonly #request: IncomingMessage
  readonly #bounds: ReadBounds
  readonly #take: TakeChunk
  readonly #settle: (failure: unknown) => void
  readonly #cleanUp: (() => void)[] = []
  #sizeBytes = 0
  #lastMs: number
  #waiting = false
  #over = false

  constructor(
    request: IncomingMessage,
    bounds: ReadBounds,
    handlers: { take: TakeChunk; settle: (failure: unknown) => void },
  ) {
    this.#request = request
    this.#bounds = bounds
    this.#take = handlers.take
    this.#settle = handlers.settle
    this.#lastMs = bounds.clock.monotonicMs()
  }

  begin(): void {
    const { clock, signal, totalTimeoutMs } = this.#bounds
    if (signal.aborted) {
      this.#end(signal.reason)
      return
    }
    // It was closed before anybody listened, and says so no second time.
    if (this.#request.destroyed) {
      this.#end(brokenOff(undefined))
      return
    }
    this.#on('data', (chunk) => this.#onData(chunk as Buffer))
    this.#on('end', () => this.#end(null))
    this.#on('error', (error) => this.#end(signal.aborted ? signal.reason : brokenOff(error)))
    this.#on('close', () => this.#end(signal.aborted ? signal.reason : brokenOff(undefined)))
    const onAbort = (): void => this.#end(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const seconds = Math.round(totalTimeoutMs / 1000)
    const late = (): void => this.#end(tooSlow(`The body did not arrive within ${seconds} seconds.`))
    this.#cleanUp.push(() => signal.removeEventListener('abort', onAbort), clock.after(totalTimeoutMs, late))
    this.#watchSilence(this.#bounds.idleTimeoutMs)
  }

  #on(event: string, listener: (value: unknown) => void): void {
    this.#request.on(event, listener)
    this.#cleanUp.push(() => this.#request.off(event, listener))
  }

  /** Time in which the taker held the socket back is not the caller's silence. */
  #watchSilence(delayMs: number): void {
    const { clock, idleTimeoutMs } = this.#bounds
    const cancel = clock.after(delayMs, () => {
      const silentMs = this.#waiting ? 0 : clock.monotonicMs() - this.#lastMs
      if (silentMs < idleTimeoutMs) this.#watchSilence(idleTimeoutMs - silentMs)
      else this.#end(tooSlow(`The body stopped arriving for ${Math.round(idleTimeoutMs / 1000)} seconds.`))
    })
    this.#cleanUp.push(cancel)
  }

  #onData(chunk: Buffer): void {
    this.#lastMs = this.#bounds.clock.monotonicMs()
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes > this.#bounds.limitBytes) {
      this.#end(bodyTooLarge(this.#bounds))
      return
    }
    const taken = this.#take(chunk)
    if (taken === undefined) return
    this.#waiting = true
    this.#request.pause()
    taken.then(
      () => {
        this.#waiting = false
        this.#lastMs = this.#bounds.clock.monotonicMs()
        if (!this.#over) this.#request.resume()
      },
      (failure: unknown) => this.#end(failure),
    )
  }

  #end(failure: unknown): void {
    if (this.#over) return
    this.#over = true
    for (const undo of this.#cleanUp) undo()
    this.#request.pause()
    this.#settle(failure)
  }
}

const brokenOff = (cause: unknown): Problem =>
  new Problem('invalid_request_error', { message: 'The body broke off before its end. Send it again.', cause })

/**
 * The bytes of a body that has come whole with its head, as most do: there is nothing to wait for, so nothing is watched. `null` = more is
 * to come, or how much there is was not announced. Throws Problem `body_too_large`; the signal's reason when the caller has left.
 */
export const readArrived = (request: IncomingMessage, bounds: ReadBounds): Buffer | null => {
  const announced = Number(request.headers['content-length'] ?? 0)
  // Once someone listens for data, the stream hands out what it holds by itself.
  if (announced === 0 || request.readableLength !== announced || request.readableFlowing !== null) return null
  bounds.signal.throwIfAborted()
  if (announced > bounds.limitBytes) throw bodyTooLarge(bounds)
  // Said how much: else Node 26 gives out the first of several pieces that it holds.
  const bytes = request.read(announced) as Buffer | null
  // The parser has yet to say that this was the end, and nobody else waits for that.
  request.resume()
  return bytes
}

/**
 * Reads a body to its end, chunk by chunk. Where it fails the rest is left unread on the socket.
 * @throws Problem `body_too_large`, also before any byte when the announced length is over the limit; `request_timeout`;
 * `invalid_request_error` where the body breaks off; the signal's reason when the caller has left.
 */
export const readChunks = (request: IncomingMessage, bounds: ReadBounds, take: TakeChunk): Promise<void> =>
  new Promise((resolve, reject) => {
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > bounds.limitBytes) {
      reject(bodyTooLarge(bounds))
      return
    }
    const settle = (failure: unknown): void => (failure === null ? resolve() : reject(failure))
    new Reading(request, bounds, { take, settle }).begin()
  })
