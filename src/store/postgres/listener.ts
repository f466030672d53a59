/** A connection of its own that hears of changes when they are committed. Behind a pooler it may hear nothing: it is only ever a hint. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { ToldMigration } from '#migration/port.ts'
import { recallChannel } from './cluster-operations.ts'
import type { Connection } from './connection.ts'

const reconnectMs = 1000

/** Where nodes are told that a migration has changed: its id and its phase. */
const migrationChannel = 'drover_migration'

export type Listener = {
  readonly onHint: (listener: () => void) => void
  readonly onRecall: (listener: (account: string) => void) => void
  readonly onMigration: (listener: (told: ToldMigration | null) => void) => void
  readonly close: () => void
}

export type ListenerOptions = { readonly connect: () => Promise<Connection>; readonly clock: Clock; readonly log: Log }

/** Listens until `close`, and again whenever the line is lost. */
export const openListener = ({ connect, clock, log }: ListenerOptions): Listener => {
  const listeners: (() => void)[] = []
  const recallListeners: ((account: string) => void)[] = []
  const migrationListeners: ((told: ToldMigration | null) => void)[] = []
  const tellOfMigration = (told: ToldMigration | null): void => {
    for (const listener of migrationListeners) listener(told)
  }
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
      else if (channel === migrationChannel) {
        const [id = '', phase = ''] = payload.split(' ')
        tellOfMigration({ id, phase })
      } else tell()
    })
    await made.query(`listen drover_trail; listen ${recallChannel}; listen ${migrationChannel}`)
    made.onLost(later)
    // What was committed while nobody listened.
    tell()
    tellOfMigration(null)
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
    onMigration: (listener) => {
      migrationListeners.push(listener)
    },
    close: () => {
      closed = true
      cancel()
      connection?.end()
    },
  }
}
