/** A request as it came off the socket, with its body read within the limit; and the way back to the caller. */

import type { Buffer } from 'node:buffer'

/** Header names are lower-case; a repeated header is joined by `, `, and listed in `duplicates`. */
/** What a refusal must know of the request that it answers. */
export type Asked = {
  /** `x-request-id` of the answer. */
  readonly id: string
  /** Scheme and host as the caller wrote them, `https://relay.example.com`; empty where they could not be read. */
  readonly origin: string
}

export type Inbound = Asked & {
  readonly method: string
  /** Path without query, percent-decoding left alone, forgiven slashes already mended. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  /** Every value of a header that came more than once; of a header that may stand only once `headers` has the first. */
  readonly duplicates?: Readonly<Record<string, readonly string[]>>
  /** The caller's address, after trusted proxies. */
  readonly remoteAddress: string
  /** Whether the socket's own peer is a loopback address and no proxy spoke for somebody else. */
  readonly fromLoopback: boolean
  /** Monotonic milliseconds at which the head had been read. */
  readonly arrivedMs: number
  /** Aborts when the caller leaves before the answer is complete, also before its first byte. */
  readonly signal: AbortSignal
  readonly body: InboundBody
}

export type InboundBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly contentType: string }
  | { readonly kind: 'form'; readonly form: Form }

/** A multipart form in order of arrival. Small parts are in memory, large ones in the spool. */
export type Form = {
  readonly parts: readonly FormPart[]
  readonly sizeBytes: number
  /** Deletes what was spooled. Called exactly once, by the server, when the exchange is over. */
  readonly dispose: () => Promise<void>
}

export type FormPart =
  | { readonly kind: 'field'; readonly name: string; readonly value: string; readonly contentType: string | null }
  | {
      readonly kind: 'file'
      readonly name: string
      readonly filename: string | null
      readonly contentType: string
      readonly sizeBytes: number
      /** A fresh reading of the bytes, from memory or from the spool; may be called once per attempt. */
      readonly open: () => AsyncIterable<Buffer>
    }

/** The way back. `head` once, then `write`, then `end`; asserted. */
export type Outbound = {
  readonly head: (status: number, headers: Readonly<Record<string, string | readonly string[]>>) => void
  readonly headSent: () => boolean
  /**
   * Resolves when the socket can take more (backpressure); `null` = it can now, as for nearly every event of a stream. Throws, or
   * rejects with, AbortError when the caller has left; rejects with the `slow reader` problem after `stallTimeoutMs` without progress.
   */
  readonly write: (bytes: Uint8Array) => Promise<void> | null
  /** Ends the answer as complete. */
  readonly end: (bytes?: Uint8Array) => Promise<void>
  /** Ends the answer as cut: the connection is closed so that no client can take it for complete. */
  readonly cut: () => void
}

export type Exchange = {
  /** With `body` of kind `none` until `read` has been called. */
  readonly inbound: Inbound
  readonly outbound: Outbound
  /**
   * Reads the body, once: so that a caller is known before its bytes are taken. Throws Problem `body_too_large`,
   * `unsupported_media_type`, `request_timeout`, `invalid_request_error`.
   */
  readonly read: () => Promise<Inbound>
  /** Told when the call is let in and held for: from then on its answer may be waited for elsewhere. Absent: nobody listens. */
  readonly admitted?: () => void
}

/** An answer that is whole: errors, model lists, health. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}
