/** Two ends of a connection within the process: what one sends the other receives. Bounded as a socket is. */

import type { Channel, ChannelEnd, Message } from './channel.ts'
import { shortReason } from './channel.ts'

/** Bytes that were sent and are not received: past it the sender waits. */
const sentBytesMax = 1_048_576

class Lane {
  readonly #queue: Message[] = []
  #queuedBytes = 0
  #reader: ((message: Message | null) => void) | null = null
  #senders: (() => void)[] = []
  #isOver = false

  receive(): Promise<Message | null> {
    const next = this.#queue.shift()
    if (next !== undefined) {
      this.#queuedBytes -= next.data.length
      if (this.#queuedBytes <= sentBytesMax) this.#release()
      return Promise.resolve(next)
    }
    if (this.#isOver) return Promise.resolve(null)
    return new Promise((resolve) => {
      this.#reader = resolve
    })
  }

  send(message: Message): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    if (this.#reader !== null) {
      this.#reader(message)
      this.#reader = null
      return Promise.resolve()
    }
    this.#queue.push(message)
    this.#queuedBytes += message.data.length
    if (this.#queuedBytes <= sentBytesMax) return Promise.resolve()
    return new Promise((resolve) => this.#senders.push(resolve))
  }

  end(): void {
    this.#isOver = true
    this.#reader?.(null)
    this.#reader = null
    this.#release()
  }

  #release(): void {
    for (const resolve of this.#senders) resolve()
    this.#senders = []
  }
}

/** Both ends; closing one ends the other with the same code. */
export const channelPair = (): readonly [Channel, Channel] => {
  const lanes = [new Lane(), new Lane()] as const
  const { promise: ended, resolve } = Promise.withResolvers<ChannelEnd>()
  const close = ({ code, reason }: ChannelEnd): void => {
    for (const lane of lanes) lane.end()
    resolve({ code, reason: shortReason(reason) })
  }
  const end = (own: Lane, other: Lane): Channel => ({
    receive: () => own.receive(),
    send: (message) => other.send(message),
    close,
    ended,
  })
  return [end(lanes[0], lanes[1]), end(lanes[1], lanes[0])]
}
