/** The way to an upstream, as a port: undici towards the network, or a provider that lives in the process. */

import type { Buffer } from 'node:buffer'
import type { Channel } from './channel.ts'

export type UpstreamBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** `lengthBytes` `null` = chunked. `open` gives a fresh reading for each attempt. */
  | { readonly kind: 'stream'; readonly open: () => AsyncIterable<Buffer>; readonly lengthBytes: number | null }

export type UpstreamRequest = {
  readonly method: string
  /** Absolute; host and credential come from configuration, never from a caller's field. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: UpstreamBody
  readonly signal: AbortSignal
  readonly connectTimeoutMs: number
  /** Infinity = whoever sends it keeps the time. */
  readonly headersTimeoutMs: number
}

export type UpstreamReply = {
  readonly status: number
  /** Lower-case names; a repeated header is a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Chunks as they arrive, decompressed. Reading is pulled: not reading holds the upstream back. */
  readonly body: AsyncIterable<Buffer>
  /** Drops the rest and closes the connection; no-op after the end. */
  readonly abort: () => void
}

export type ChannelRequest = {
  /** `http:` or `https:`; host and credential come from configuration. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Offered to the upstream, in this order. */
  readonly protocols: readonly string[]
  readonly signal: AbortSignal
  /** For the connection and the handshake together. */
  readonly connectTimeoutMs: number
}

/** A connection that is open, or the answer of an upstream that did not open one. */
export type Dialled =
  | {
      readonly kind: 'open'
      readonly channel: Channel
      readonly headers: Readonly<Record<string, string | readonly string[]>>
    }
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly headers: Readonly<Record<string, string | readonly string[]>>
      readonly body: Buffer
    }

/**
 * Sends one request. Rejects with a Problem: `upstream_timeout` (facts.deadline = connect | headers),
 * `upstream_error` (facts.fault = dns | connect | tls | refused_address | reset | protocol), or with the signal's reason when aborted.
 */
export type Transport = {
  readonly send: (request: UpstreamRequest) => Promise<UpstreamReply>
  /** Opens a WebSocket; rejects as `send` does. Absent: this way has none. */
  readonly connect?: (request: ChannelRequest) => Promise<Dialled>
  /** Closes idle connections and, after open ones have ended, all. */
  readonly close: () => Promise<void>
}
