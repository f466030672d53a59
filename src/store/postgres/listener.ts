/** A connection of its own that hears of changes when they are committed. Behind a pooler it may hear nothing: it is only ever a hint. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { recallChannel } from './cluster-operations.ts'
import type { Connection } from './connection.ts'

const reconnectMs = 1000

export type Listener = {
  readonly onHint: (listener: () => void) => void
  readonly onRecall: (listener: (account: string) => void) => void
  readonly close: () => void
}

export type ListenerOptions = { readonly connect: () => Promise<Connection>; readonly clock: Clock; readonly log: Log }

/** Listens until `close`, and again whenever the line is lost. */
export const openListener = ({ connect, clock, log }: ListenerOptions): Listener => {
  const listeners: (() => void)[] = []
  const recallListeners: ((account: string) => void)[] = []
  const tell = (): void => {
    for (const listener of listeners) listener()
  }
  let connection: Connection | null = null
  let closed = false
  let cancel = (): void => {}

  const later = (): void => {
    if (!closed) cancel = clock.after(reconnectMs, begin)
  }
  const listen = async (): Promise<void> => {
    const made = await connect()
    if (closed) {
      made.end()
      return
    }
    connection = made
    made.onNotice((channel, payload) => {
      if (channel === recallChannel) for (const listener of recallListeners) listener(payload)
      else tell()
    })
    await made.query(`listen drover_trail; listen ${recallChannel}`)
    made.onLost(later)
    // What was committed while nobody listened.
    tell()
  }
  const begin = (): void => {
    listen().catch((error: unknown) => {
      log.debug('changes are not heard as they come, only when asked for', { why: String(error) })
      connection?.end()
      later()
    })
  }
  begin()
  return {
    onHint: (listener) => {
      listeners.push(listener)
    },
    onRecall: (listener) => {
      recallListeners.push(listener)
    },
    close: () => {
      closed = true
      cancel()
      connection?.end()
    },
  }
}
