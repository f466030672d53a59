/** One request to the endpoint that is probed, and everything that came back: what a judgement is made of. */

import type { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'

/** The own key, none, one that cannot be right, or one of another region of the same vendor. */
export type KeyChoice = 'own' | 'none' | 'wrong' | 'other'

/** What is to be sent. */
export type Ask = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Behind the base URL, without a leading slash; may have a query. */
  readonly path: string
  readonly body?: JsonObject
  /** Instead of `body`: bytes as they are. */
  readonly raw?: { readonly bytes: Buffer; readonly contentType: string }
  readonly headers?: Readonly<Record<string, string>>
  readonly key?: KeyChoice
  /** `reference`: the endpoint that the target is compared with. */
  readonly to?: 'reference'
  /** The client closes the connection after this many pieces of the body. */
  readonly leaveAfterPieces?: number
  readonly over?: 'http2'
  /** Asks for `100 Continue` before it sends the body. */
  readonly expectContinue?: true
  /** What the call may put out at most, where no field of the body says it. */
  readonly outputTokensMax?: number
}

/**
 * How an exchange ended: whole; cut (the connection broke within the answer); left (by the probe, as planned); timed out; or
 * without any answer, because no connection came about.
 */
export type ExchangeEnd = 'complete' | 'cut' | 'left' | 'timeout' | 'unreachable'

export type Piece = { readonly atMs: number; readonly bytes: Buffer }

export type Exchange = {
  readonly ask: Ask
  readonly url: string
  /** As sent, with credentials already blacked out. */
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly requestBytes: number
  /** 0 = none came. */
  readonly status: number
  /** Lower-case names; repeated ones joined. */
  readonly headers: Readonly<Record<string, string>>
  /** As they arrived, milliseconds after the request was sent. */
  readonly pieces: readonly Piece[]
  /** Decompressed. */
  readonly body: Buffer
  readonly end: ExchangeEnd
  /** The fault of the network, where there was one. */
  readonly fault: string | null
  readonly headMs: number | null
  readonly endMs: number
  /** Whether the server answered `100 Continue`. */
  readonly continued: boolean
}

/** Sends one request and gives what came back; never rejects. */
export type Send = (ask: Ask) => Promise<Exchange>
