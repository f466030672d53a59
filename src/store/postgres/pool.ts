/** A bounded number of connections, each lent to one transaction at a time. */

import type { Clock } from '#base/clock.ts'
import type { Connection } from './connection.ts'
import { LineLost } from './failure.ts'

export type PoolSettings = {
  readonly clock: Clock
  readonly connect: () => Promise<Connection>
  readonly connectionsMax: number
  /** How long somebody waits for a connection before it is given up. */
  readonly waitTimeoutMs: number
  /** A connection that nobody has used for this long is ended. */
  readonly idleTimeoutMs: number
}

export type Pool = {
  readonly use: <T>(work: (connection: Connection) => Promise<T>) => Promise<T>
  /** Ends the connections that nobody uses; the others end when they are given back. */
  readonly close: () => void
}

type Waiting = { readonly give: (connection: Connection) => void; readonly refuse: (error: unknown) => void }
type Idle = { readonly connection: Connection; readonly sinceMs: number }

export const makePool = ({ clock, connect, connectionsMax, waitTimeoutMs, idleTimeoutMs }: PoolSettings): Pool => {
  const idle: Idle[] = []
  const waiting = new Set<Waiting>()
  let count = 0
  let closed = false

  const gone = (): void => {
    count -= 1
    const [next] = waiting
    if (next === undefined) return
    waiting.delete(next)
    open().then(next.give, next.refuse)
  }

  const open = async (): Promise<Connection> => {
    count += 1
    try {
      return await connect()
    } catch (error) {
      gone()
      throw error
    }
  }

  const giveBack = (connection: Connection): void => {
    if (connection.isLost() || closed) {
      connection.end()
      gone()
      return
    }
    const [next] = waiting
    if (next === undefined) {
      idle.push({ connection, sinceMs: clock.monotonicMs() })
      return
    }
    waiting.delete(next)
    next.give(connection)
  }

  const dropOld = (): void => {
    const beforeMs = clock.monotonicMs() - idleTimeoutMs
    while (idle[0] !== undefined && (idle[0].sinceMs < beforeMs || idle[0].connection.isLost())) {
      idle.shift()?.connection.end()
      gone()
    }
  }

  const wait = (): Promise<Connection> =>
    new Promise((resolve, reject) => {
      const one: Waiting = {
        give: (connection) => {
          cancel()
          resolve(connection)
        },
        refuse: (error) => {
          cancel()
          reject(error)
        },
      }
      const cancel = clock.after(waitTimeoutMs, () => {
        if (waiting.delete(one)) reject(new LineLost(`no connection was free within ${waitTimeoutMs} ms`))
      })
      waiting.add(one)
    })

  const take = async (): Promise<Connection> => {
    dropOld()
    // The one that was used last: the others may then grow old.
    for (;;) {
      const last = idle.pop()
      if (last === undefined) break
      if (!last.connection.isLost()) return last.connection
      last.connection.end()
      gone()
    }
    return count < connectionsMax ? open() : wait()
  }

  return {
    use: async (work) => {
      const connection = await take()
      try {
        return await work(connection)
      } finally {
        giveBack(connection)
      }
    },
    close: () => {
      closed = true
      for (const { connection } of idle.splice(0)) {
        connection.end()
        gone()
      }
    },
  }
}
