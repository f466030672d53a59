/** What this process is to be: a server alone, the primary of several workers, or one of those. */

import { carried } from '#base/carried-problem.ts'
import { asProblem } from '#base/problem.ts'
import type { ServeRequest } from '#cli/ports.ts'
import type { Config, Loaded } from '#config/config.ts'
import { startSqliteThread } from '#store/sqlite/thread.ts'
import type { Machine } from '#wiring/machine.ts'
import type { Ports } from './messages.ts'
import { isWorker, takeSeat } from './seat.ts'

/** What the file says, with the ports that were chosen where it leaves them to the system. */
const onPorts = (config: Config, { main, admin }: Ports): Config => {
  const { server } = config
  const ownAdmin = server.admin === null ? null : { ...server.admin, port: admin ?? server.admin.port }
  return { ...config, server: { ...server, port: main, admin: ownAdmin } }
}

const serveWorker = async (machine: Machine, request: ServeRequest): Promise<number> => {
  const seat = await takeSeat(machine.clock)
  const stopping = AbortSignal.any([machine.stopping, seat.stopping])
  try {
    const { serve } = await import('#wiring/serve.ts')
    const config = onPorts(request.config, seat.ports)
    const load = async (): Promise<Loaded> => {
      const loaded = await request.load()
      const { port } = request.config.server
      // A port that the file changes is one that only a restart brings into force: it must be seen.
      return loaded.ok && loaded.config.server.port === port
        ? { ...loaded, config: onPorts(loaded.config, seat.ports) }
        : loaded
    }
    return await serve({ ...machine, stopping }, { ...request, config, load }, { seat })
  } catch (thrown) {
    // The primary tells it, once for all workers.
    seat.failed(carried(asProblem(thrown)))
    return 1
  } finally {
    seat.leave()
  }
}

/** The store's thread loads what it runs while this one loads the rest of the server. */
const serveAlone = async (machine: Machine, request: ServeRequest): Promise<number> => {
  const thread = request.config.store.postgres === null ? startSqliteThread() : null
  const { serve } = await import('#wiring/serve.ts')
  return serve(machine, request, thread === null ? {} : { thread })
}

/** Serves until `machine.stopping`; gives the exit code. @throws Problem when it cannot start. */
export const start = async (machine: Machine, request: ServeRequest): Promise<number> => {
  if (isWorker()) return serveWorker(machine, request)
  if (request.config.server.workers > 1) return (await import('./primary.ts')).servePrimary(machine, request)
  return serveAlone(machine, request)
}
