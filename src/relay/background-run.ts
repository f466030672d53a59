/** A response that this process makes while nobody waits: its events are taken down, and read by whoever asks. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { sseSplitter } from '#base/sse.ts'
import type { Outbound } from '#http/inbound.ts'
import { isOfTest } from './holder.ts'

/** Of one response: past it nobody can read along any more, and the response itself is too large to be kept. */
const eventBytesMax = 8_388_608
const refusalBytesMax = 1_048_576

type Taken = { readonly sequence: number; readonly raw: Buffer }

/** How it ended: whole, refused before it began, or broken off. */
export type RunEnd = {
  readonly kind: 'whole' | 'refused' | 'broken'
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Buffer
}

export type BackgroundRun = {
  readonly id: string
  readonly holder: string
  readonly input: readonly JsonObject[]
  readonly outbound: Outbound
  /** What the response is now. */
  readonly document: () => JsonObject
  /** The error that broke it off, as it was told; `null` = none was. */
  readonly error: () => JsonObject | null
  readonly cancel: () => void
  readonly isCancelled: () => boolean
  /** Events behind this number as they come, until the last; `null` = they are too many to have been kept. */
  readonly follow: (after: number, signal: AbortSignal) => AsyncIterable<Buffer> | null
  readonly ended: Promise<RunEnd>
}

export type RunOrder = {
  readonly id: string
  readonly holder: string
  readonly input: readonly JsonObject[]
  /** As it is before it has begun. */
  readonly document: JsonObject
  readonly controller: AbortController
}

const jsonOf = (data: Buffer | null): JsonObject | null => {
  if (data === null) return null
  try {
    const value: unknown = JSON.parse(data.toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    // No event of this format.
    return null
  }
}

class Run implements BackgroundRun {
  readonly id: string
  readonly holder: string
  readonly input: readonly JsonObject[]
  readonly outbound: Outbound
  readonly ended: Promise<RunEnd>
  readonly #controller: AbortController
  readonly #events: Taken[] = []
  readonly #splitter = sseSplitter()
  #document: JsonObject
  #error: JsonObject | null = null
  #bytes = 0
  #isOver = false
  #cancelled = false
  #waiting: (() => void)[] = []
  #status = 0
  #headers: RunEnd['headers'] = {}
  #refusal: Buffer[] = []

  constructor({ id, holder, input, document, controller }: RunOrder) {
    const { promise, resolve } = Promise.withResolvers<RunEnd>()
    this.id = id
    this.holder = holder
    this.input = input
    this.#document = document
    this.#controller = controller
    this.ended = promise
    const finish = (kind: RunEnd['kind']): void => {
      this.#isOver = true
      this.#wake()
      const told = this.#status >= 300 ? 'refused' : kind
      resolve({ kind: told, status: this.#status, headers: this.#headers, body: Buffer.concat(this.#refusal) })
    }
    this.outbound = {
      head: (status, headers) => {
        this.#status = status
        this.#headers = headers
      },
      headSent: () => this.#status !== 0,
      write: async (bytes) => this.#take(bytes),
      end: async (bytes) => {
        if (bytes !== undefined) this.#take(bytes)
        finish('whole')
      },
      cut: () => finish('broken'),
    }
  }

  readonly document = (): JsonObject => this.#document
  readonly error = (): JsonObject | null => this.#error
  readonly isCancelled = (): boolean => this.#cancelled

  readonly cancel = (): void => {
    this.#cancelled = true
    this.#controller.abort(new DOMException('The response is cancelled.', 'AbortError'))
  }

  readonly follow = (after: number, signal: AbortSignal): AsyncIterable<Buffer> | null =>
    this.#bytes > eventBytesMax ? null : this.#read(after, signal)

  async *#read(after: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    const wake = (): void => this.#wake()
    signal.addEventListener('abort', wake, { once: true })
    try {
      for (let at = 0; !signal.aborted; ) {
        const event = this.#events[at]
        if (event !== undefined) {
          at += 1
          if (event.sequence > after) yield event.raw
        } else if (this.#isOver) return
        else await new Promise<void>((resolve) => this.#waiting.push(resolve))
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #take(bytes: Uint8Array): void {
    if (this.#status >= 300) {
      const sizeBytes = this.#refusal.reduce((sum, piece) => sum + piece.length, 0)
      if (sizeBytes < refusalBytesMax) this.#refusal.push(Buffer.from(bytes))
      return
    }
    for (const { event, data } of this.#splitter.feed(Buffer.from(bytes))) {
      const value = jsonOf(data)
      if (value !== null) this.#note(event, value)
    }
    this.#wake()
  }

  #note(name: string | null, value: JsonObject): void {
    const { response, sequence_number: sequence } = value
    // A provider that has the format, and nothing in the background, gives it another id.
    const told = isObject(response) ? { ...response, id: this.id, background: true } : null
    if (told !== null) this.#document = told
    if (value['type'] === 'error') this.#error = isObject(value['error']) ? value['error'] : value
    const event = told === null ? value : { ...value, response: told }
    const raw = Buffer.from(`event: ${name ?? String(value['type'])}\ndata: ${JSON.stringify(event)}\n\n`)
    this.#bytes += raw.length
    if (this.#bytes > eventBytesMax) this.#events.length = 0
    else this.#events.push({ sequence: typeof sequence === 'number' ? sequence : this.#events.length, raw })
  }
}

/** A run whose call is still to be made. */
export const backgroundRun = (order: RunOrder): BackgroundRun => new Run(order)

export type BackgroundRuns = {
  /** `null` = there is none, or it is somebody else's. */
  readonly find: (named: { readonly id: string; readonly holder: string }) => BackgroundRun | null
  /** Whether one more of this holder's would be too many. */
  readonly isFull: (holder: string) => boolean
  /** Resolves when there is none of this name any more, and what came of it is kept. */
  readonly over: (named: { readonly id: string; readonly holder: string }) => Promise<void>
  readonly add: (run: BackgroundRun, over: Promise<void>) => void
  /** Stops what runs and waits for its books to be closed. */
  readonly close: () => Promise<void>
}

/** Responses of one process at once. */
export const runsMax = 64
/** Of them in the sandbox: they cost nothing, last as long as they are told to, and must keep no room from others. */
const freeRunsMax = 16

/** None runs at first. */
export const backgroundRuns = (): BackgroundRuns => {
  const running = new Map<string, { readonly run: BackgroundRun; readonly over: Promise<void> }>()
  const keyOf = ({ id, holder }: { readonly id: string; readonly holder: string }): string => `${holder} ${id}`
  return {
    find: (named) => running.get(keyOf(named))?.run ?? null,
    over: async (named) => {
      await running.get(keyOf(named))?.over
    },
    isFull: (holder) => {
      const free = [...running.values()].filter(({ run }) => isOfTest(run.holder)).length
      return running.size >= runsMax || (isOfTest(holder) && free >= freeRunsMax)
    },
    add: (run, over) => {
      const key = keyOf(run)
      const done = over.finally(() => running.delete(key))
      running.set(key, { run, over: done })
    },
    close: async () => {
      const all = [...running.values()]
      for (const { run } of all) run.cancel()
      await Promise.all(all.map(({ over }) => over))
    },
  }
}
