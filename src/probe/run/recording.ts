/** One exchange while it runs: what has come, and how it ended. */

import { Buffer } from 'node:buffer'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { Clock } from '#base/clock.ts'
import type { Ask, Exchange, ExchangeEnd, Piece } from '#probe/exchange.ts'
import type { Target } from './target.ts'

export type SenderOptions = {
  readonly target: Target
  readonly clock: Clock
  /** Of one exchange, from the first byte sent to the last one read. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Drover's version, for the user agent. */
  readonly version: string
}

export type Prepared = {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
}

/** No answer that is probed is larger. */
export const bodyBytesMax = 16 * 1024 * 1024

const credentialNames = new Set(['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie'])

/** Headers as they may be shown. */
const shownHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, credentialNames.has(name) ? 'REDACTED' : value]),
  )

const inflaters: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

/** One exchange while it runs. It settles once, whichever way it ends. */
export class Recording {
  readonly #ask: Ask
  readonly #prepared: Prepared
  readonly #clock: Clock
  readonly #startedMs: number
  readonly #settle: (exchange: Exchange) => void
  readonly #pieces: Piece[] = []
  #sizeBytes = 0
  #status = 0
  #headers: Record<string, string> = {}
  #headMs: number | null = null
  #over = false
  connected = false
  continued = false

  constructor(
    ask: Ask,
    prepared: Prepared,
    rest: { readonly clock: Clock; readonly settle: (exchange: Exchange) => void },
  ) {
    this.#ask = ask
    this.#prepared = prepared
    this.#clock = rest.clock
    this.#settle = rest.settle
    this.#startedMs = rest.clock.monotonicMs()
  }

  get over(): boolean {
    return this.#over
  }

  get begun(): boolean {
    return this.#headMs !== null
  }

  #nowMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs
  }

  head(status: number, headers: Record<string, string>): void {
    this.#status = status
    this.#headers = headers
    this.#headMs = this.#nowMs()
  }

  /** Gives why the rest is not wanted; `null` = go on. */
  piece(bytes: Buffer): ExchangeEnd | null {
    this.#pieces.push({ atMs: this.#nowMs(), bytes })
    this.#sizeBytes += bytes.length
    if (this.#sizeBytes > bodyBytesMax) return 'cut'
    return this.#ask.leaveAfterPieces !== undefined && this.#pieces.length >= this.#ask.leaveAfterPieces ? 'left' : null
  }

  end(end: ExchangeEnd, fault: string | null = null): void {
    if (this.#over) return
    this.#over = true
    const endMs = this.#nowMs()
    const encoding = this.#headers['content-encoding']
    const raw = Buffer.concat(this.#pieces.map(({ bytes }) => bytes))
    const { body, broken } = plain(raw, encoding)
    this.#settle({
      ask: this.#ask,
      url: this.#prepared.url.href,
      requestHeaders: shownHeaders(this.#prepared.headers),
      requestBytes: this.#prepared.body?.length ?? 0,
      status: this.#status,
      headers: encoding === undefined ? this.#headers : { ...this.#headers, 'x-probe-encoding': encoding },
      pieces: encoding === undefined ? this.#pieces : [{ atMs: endMs, bytes: body }],
      body,
      end: broken === null || end !== 'complete' ? end : 'cut',
      fault: broken ?? fault,
      headMs: this.#headMs,
      endMs,
      continued: this.continued,
    })
  }
}

const plain = (
  raw: Buffer,
  encoding: string | undefined,
): { readonly body: Buffer; readonly broken: string | null } => {
  const inflate = encoding === undefined ? undefined : inflaters[encoding.trim().toLowerCase()]
  if (inflate === undefined || raw.length === 0) return { body: raw, broken: null }
  try {
    return { body: inflate(raw), broken: null }
  } catch (thrown) {
    return { body: raw, broken: `the ${encoding} cannot be undone: ${(thrown as Error).message}` }
  }
}
