/** The listeners: one for callers, and one of its own for administration where the configuration says so. */

import { join } from 'node:path'
import type { Log } from '#base/log.ts'
import type { Config } from '#config/config.ts'
import type { Endpoint } from '#http/endpoint.ts'
import { endpointTable } from '#http/endpoint.ts'
import type { Handle } from '#http/exchange.ts'
import type { HttpServer } from '#http/server.ts'
import { createHttpServer } from '#http/server.ts'
import type { HandleSocket } from '#http/upgrade.ts'
import type { Machine } from './machine.ts'
import { writeRefusal } from './write-refusal.ts'

export type ListenRequest<T> = {
  readonly config: Config
  readonly folder: string
  readonly log: Log
  /** The ports are those of the other workers as well. */
  readonly reusePort: boolean
  readonly endpoints: {
    readonly calls: readonly Endpoint<T>[]
    readonly watching: readonly Endpoint<T>[]
    readonly administration: readonly Endpoint<T>[]
    readonly handle: Handle<T>
    readonly handleSocket: HandleSocket<T>
  }
}

export type Listeners = {
  readonly url: string
  /** Where commands on this machine reach the admin API. */
  readonly adminUrl: string
  readonly openExchanges: () => number
  /** How many exchanges have begun so far. */
  readonly begunExchanges: () => number
  /** Calls are still taken, and told to close their connections. */
  readonly announceEnd: () => void
  /** Gives the number of exchanges that were cut. */
  readonly drain: (timeoutMs: number) => Promise<number>
}

const serverFor = <T>(
  { clock, ids }: Machine,
  { config, folder, log, reusePort, endpoints: { handle, handleSocket } }: ListenRequest<T>,
  at: { readonly host: string; readonly port: number; readonly endpoints: readonly Endpoint<T>[] },
): HttpServer => {
  const { server } = config
  const tls = server.tls && { cert: server.tls.certificate.reveal(), key: server.tls.key.reveal() }
  return createHttpServer({
    host: at.host,
    port: at.port,
    reusePort,
    endpoints: endpointTable(at.endpoints),
    handle,
    handleSocket,
    writeProblem: writeRefusal,
    bodyLimitBytes: server.bodyBytesMax,
    uploadLimitBytes: server.uploadBytesMax,
    spoolDir: join(folder, 'spool'),
    trustedProxies: server.trustedProxies,
    publicOrigin: server.publicUrl,
    corsOrigins: server.corsOrigins,
    tls,
    log,
    clock,
    ids,
  })
}

/** @throws Problem `conflict` where an address cannot be had. */
export const listen = async <T>(machine: Machine, request: ListenRequest<T>): Promise<Listeners> => {
  const { config, endpoints } = request
  const { host, port, admin } = config.server
  const { calls, watching, administration } = endpoints
  const main = serverFor(machine, request, {
    host,
    port,
    endpoints: [...calls, ...watching, ...(admin === null ? administration : [])],
  })
  const { url } = await main.listen()
  if (admin === null) return { ...main, url, adminUrl: url }
  const own = serverFor(machine, request, { ...admin, endpoints: [...administration, ...watching] })
  try {
    const { url: adminUrl } = await own.listen()
    const drain = async (timeoutMs: number): Promise<number> =>
      (await Promise.all([main.drain(timeoutMs), own.drain(timeoutMs)])).reduce((sum, count) => sum + count, 0)
    const openExchanges = (): number => main.openExchanges() + own.openExchanges()
    const begunExchanges = (): number => main.begunExchanges() + own.begunExchanges()
    const announceEnd = (): void => {
      main.announceEnd()
      own.announceEnd()
    }
    return { url, adminUrl, openExchanges, begunExchanges, announceEnd, drain }
  } catch (problem) {
    await main.drain(0)
    throw problem
  }
}
