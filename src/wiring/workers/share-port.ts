/**
 * How workers share a port. Where the system spreads connections over sockets of their own (SO_REUSEPORT: Linux, FreeBSD) each worker has
 * one: nothing stands between a caller and its worker, a worker that is killed takes only its own connections with it, and their callers
 * hear it at once. node:cluster, which accepts in the primary and hands each connection on, would leave the one open for ever that was on its
 * way to a worker when that was killed (seen with Node 26.10: its handle is never closed), and costs a message for each. One socket for all
 * of them gives a burst of connections to whoever wakes first. macOS does not spread at all, so there node:cluster does it.
 */

import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { ServerConfig } from '#config/config.ts'
import type { Address } from '#http/listening.ts'
import { probePort, takeTurn } from '#http/listening.ts'
import type { Machine } from '#wiring/machine.ts'
import type { Ports } from './messages.ts'

/** Workers of a primary that was killed just now end within this time. */
const patienceMs = 5000
const againMs = 100

const free = async (clock: Clock, { host, port }: Address): Promise<number> => {
  const deadlineMs = clock.monotonicMs() + patienceMs
  for (;;) {
    try {
      return await probePort({ host, port })
    } catch (thrown) {
      const isTaken = thrown instanceof Problem && thrown.detail.facts?.['fault'] === 'EADDRINUSE'
      if (!isTaken || clock.monotonicMs() >= deadlineMs) throw thrown
      await new Promise<void>((resolve) => clock.after(againMs, resolve))
    }
  }
}

/**
 * The ports on which all workers listen, found free, and chosen where the system is to choose. Until `turns` are disposed of, which is for when
 * the workers listen, nobody else finds them free.
 * @throws Problem `conflict` where one cannot be had.
 */
export const choosePorts = async (
  { clock }: Machine,
  { host, port, admin }: ServerConfig,
  turns: AsyncDisposableStack,
): Promise<Ports> => {
  // In an order that all keep, and each once: an address of its own may have the same port.
  const fixed = [...new Set([port, admin?.port ?? 0])].filter((one) => one !== 0).toSorted((a, b) => a - b)
  for (const one of fixed) turns.defer(await takeTurn(one))
  return {
    main: await free(clock, { host, port }),
    admin: admin === null ? null : await free(clock, admin),
  }
}
