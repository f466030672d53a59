/** A WebSocket as a channel: bounded in both directions, pinged, ended when the other side takes nothing. */

import type { Buffer } from 'node:buffer'
import type { WebSocket } from 'ws'
import type { Clock } from '#base/clock.ts'
import type { Channel, ChannelEnd, Message } from './channel.ts'
import { isSendable, lostEnd, shortReason } from './channel.ts'

/** Bytes that have come and are not read: past it the socket is not read from. Beside them, what one reading of the socket gave. */
const receivedBytesMax = 1_048_576
/** Bytes that were sent and the other side has not taken: past it the sender waits. */
const sentBytesMax = 1_048_576
/** A message that is not taken for this long ends the connection. */
const stallTimeoutMs = 60_000
/** Silence after which it is asked whether the other side is there, and after which it is not. */
const pingEveryMs = 30_000
/** The other side's answer to a goodbye is waited for no longer. */
const closeTimeoutMs = 5_000

class SocketChannel implements Channel {
  readonly ended: Promise<ChannelEnd>
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #queue: Message[] = []
  #queuedBytes = 0
  #waiting: ((message: Message | null) => void) | null = null
  #isOver = false
  #isAlive = true
  #fault: ChannelEnd | null = null
  #cancelPing = (): void => {}

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
    const { promise, resolve } = Promise.withResolvers<ChannelEnd>()
    this.ended = promise
    socket.on('message', (data: Buffer, binary: boolean) => this.#take({ data, binary }))
    const alive = (): void => {
      this.#isAlive = true
    }
    socket.on('ping', alive).on('pong', alive)
    socket.on('error', (error: Error & { code?: string }) => {
      // The end follows; of what was wrong only a message over the limit has a code of its own.
      const isLarge = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
      this.#fault ??= isLarge ? { code: 1009, reason: 'A message was over the limit.' } : lostEnd
    })
    socket.once('close', (code: number, reason: Buffer) => {
      this.#isOver = true
      this.#cancelPing()
      resolve(this.#fault ?? { code, reason: reason.toString('utf8') })
      if (this.#queue.length === 0) this.#waiting?.(null)
      this.#waiting = null
    })
    this.#planPing()
  }

  receive(): Promise<Message | null> {
    const next = this.#queue.shift()
    if (next !== undefined) {
      this.#queuedBytes -= next.data.length
      if (this.#socket.isPaused && this.#queuedBytes < receivedBytesMax / 2) this.#socket.resume()
      return Promise.resolve(next)
    }
    if (this.#isOver) return Promise.resolve(null)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  send({ data, binary }: Message): Promise<void> {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return Promise.resolve()
    return new Promise((resolve) => {
      let cancel = (): void => {}
      // A failed write is the end of the connection, which is told by itself.
      socket.send(data, { binary }, () => {
        cancel()
        resolve()
      })
      if (socket.bufferedAmount <= sentBytesMax) resolve()
      else cancel = this.#clock.after(stallTimeoutMs, () => this.#giveUp('The other side took nothing.'))
    })
  }

  close({ code, reason }: ChannelEnd): void {
    const socket = this.#socket
    if (this.#isOver || socket.readyState !== socket.OPEN) return
    // Whoever is held back could not hear the answer to its goodbye.
    if (socket.isPaused) socket.resume()
    socket.close(isSendable(code) ? code : 1011, shortReason(reason))
    const cancel = this.#clock.after(closeTimeoutMs, () => socket.terminate())
    socket.once('close', cancel)
  }

  #take(message: Message): void {
    this.#isAlive = true
    const { readyState, OPEN } = this.#socket
    // After a goodbye nobody reads on.
    if (readyState !== OPEN && this.#waiting === null) return
    if (this.#waiting !== null) {
      this.#waiting(message)
      this.#waiting = null
      return
    }
    this.#queue.push(message)
    this.#queuedBytes += message.data.length
    if (this.#queuedBytes > receivedBytesMax && !this.#socket.isPaused) this.#socket.pause()
  }

  #giveUp(reason: string): void {
    this.#fault ??= { code: 1006, reason }
    this.#socket.terminate()
  }

  #planPing(): void {
    this.#cancelPing = this.#clock.after(pingEveryMs, () => {
      const socket = this.#socket
      if (this.#isOver || socket.readyState !== socket.OPEN) return
      // Of one that is held back here no answer can be heard.
      if (!this.#isAlive && !socket.isPaused) return this.#giveUp('The other side does not answer any more.')
      this.#isAlive = socket.isPaused
      socket.ping()
      this.#planPing()
    })
  }
}

/** The largest message that is taken from either side, in bytes: a minute of sound in base64 has 4 MB, a picture up to 20 MB. */
export const messageBytesMax = 33_554_432

/** A WebSocket that is open, as a channel. It must have `maxPayload`, and nobody else may read from it. */
export const socketChannel = (socket: WebSocket, clock: Clock): Channel => new SocketChannel(socket, clock)
