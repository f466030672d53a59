/** The way back to a caller who asked over a WebSocket: an answer's events as messages, a refusal as an `error` event. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { SseSplitter } from '#base/sse.ts'
import { sseSplitter } from '#base/sse.ts'
import type { Channel } from '#http/channel.ts'
import type { Outbound } from '#http/inbound.ts'

/** A refusal is no larger than this. */
const refusalBytesMax = 1_048_576

export type SocketOutbound = {
  readonly channel: Channel
  /** Members that every event of this answer carries: the lane. */
  readonly mark: JsonObject
  /** Sees every event, and may give another in its place. */
  readonly see: (event: JsonObject) => JsonObject
  /** Told the status of a refusal. */
  readonly refused: (status: number) => void
}

const jsonOf = (bytes: Buffer): JsonObject | null => {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    // No event: an end marker, or what a provider put where none belongs.
    return null
  }
}

/** `{type: error, status, error: {type, code, message, param}}` (OpenAPI document of OpenAI, ResponseWsError). */
export const socketError = (status: number, error: Json | undefined): JsonObject => ({
  type: 'error',
  status,
  error: isObject(error)
    ? error
    : { type: 'server_error', code: 'server_error', message: 'The call failed.', param: null },
})

class MessageWriter implements Outbound {
  readonly #options: SocketOutbound
  readonly #events: SseSplitter = sseSplitter()
  #status: number | null = null
  #refusal: Buffer[] = []
  #refusalBytes = 0

  constructor(options: SocketOutbound) {
    this.#options = options
  }

  readonly head: Outbound['head'] = (status) => {
    assert(this.#status === null, 'an answer has one head')
    this.#status = status
  }
  readonly headSent = (): boolean => this.#status !== null

  readonly write: Outbound['write'] = async (bytes) => {
    if ((this.#status ?? 200) >= 300) {
      this.#refusalBytes += bytes.length
      if (this.#refusalBytes <= refusalBytesMax) this.#refusal.push(Buffer.from(bytes))
      return
    }
    for (const { data } of this.#events.feed(Buffer.from(bytes))) await this.#say(data)
  }

  readonly end: Outbound['end'] = async (bytes) => {
    if (bytes !== undefined) await this.write(bytes)
    const status = this.#status ?? 200
    if (status < 300) return
    const said = jsonOf(Buffer.concat(this.#refusal))
    this.#options.refused(status)
    await this.#send(socketError(status, said?.['error']))
  }

  /** What was cut has said so in an event of its own. */
  readonly cut = (): void => {
    this.#refusal = []
  }

  async #say(data: Buffer | null): Promise<void> {
    const event = data === null ? null : jsonOf(data)
    if (event !== null) await this.#send(event)
  }

  #send(event: JsonObject): Promise<void> {
    const { channel, mark, see } = this.#options
    return channel.send({ data: Buffer.from(JSON.stringify({ ...see(event), ...mark })), binary: false })
  }
}

/** One answer. */
export const socketOutbound = (options: SocketOutbound): Outbound => new MessageWriter(options)
