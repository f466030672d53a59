/**
 * Sockets that listen on one address, and why it cannot be had. libuv takes one connection of each at a turn of its loop: who is busy with a
 * few hundred connections has some ten turns a second, and whoever calls anew waited for seconds behind those that were there already.
 */

import type { AddressInfo, Server } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Problem } from '#base/problem.ts'

/** Whether the system spreads connections over sockets that share an address (SO_REUSEPORT). */
export const spreadsConnections: boolean = process.platform === 'linux' || process.platform === 'freebsd'

/** Why an address cannot be listened on, for whoever chose it. */
export const listenProblem = (error: NodeJS.ErrnoException, host: string, port: number): Problem => {
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} of ${host} is in use by another program, perhaps another Drover. Stop that one, or choose another port with --port.`,
    EACCES: `Port ${port} may not be opened by this user (ports under 1024 are protected). Choose one above with --port.`,
    EADDRNOTAVAIL: `${host} is no address of this machine. Choose one with --host: 127.0.0.1 for this machine only, 0.0.0.0 for all.`,
    ENOTFOUND: `The host name ${host} is not known here. Choose an address with --host, such as 127.0.0.1.`,
  }
  const message = words[error.code ?? ''] ?? `Cannot listen on ${host} port ${port} (${error.code ?? error.message}).`
  return new Problem('conflict', { message, facts: { fault: error.code ?? null, host, port }, cause: error })
}

export type Address = { readonly host: string; readonly port: number }

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

type Share = { readonly reusePort: boolean; readonly exclusive?: true }

const listenOn = (server: Server, at: Address & Share): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenProblem(error, at.host, at.port))
    server.once('error', onError)
    server.listen({ ...at }, () => {
      server.off('error', onError)
      resolve(server.address() as AddressInfo)
    })
  })

/**
 * Listens for an instant, alone: gives the port, which the system chooses for 0.
 * @throws Problem `conflict` where another program has it, a Drover that shares it with sockets or workers of its own too.
 */
export const probePort = async ({ host, port }: Address): Promise<number> => {
  const server = createServer()
  const { port: bound } = await listenOn(server, { host, port, reusePort: false, exclusive: true })
  await closed(server)
  return bound
}

/** Workers that load their program on a busy machine take many seconds of it. */
const [turnTriesMax, turnPauseMs] = [3000, 20]

/** Linux gives such a name to one socket at a time, and takes it back when that is closed, or its process has gone. */
export const turnName = (port: number): string => `\0drover looks whether port ${port} is free`

/**
 * One after the other: of two that look at the same instant whether a port is free, both would find it so, and share it. Gives what ends the turn,
 * which ends with the process too. Whoever has waited for a minute goes on, and so does a system without such names: it is no worse off than without turns.
 */
export const takeTurn = async (port: number): Promise<() => Promise<void>> => {
  for (let tries = 0; tries < turnTriesMax; tries += 1) {
    const turn = createServer((socket) => socket.destroy())
    const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | null>()
    turn.once('error', resolve).listen({ path: turnName(port), exclusive: true }, () => resolve(null))
    const fault = await promise
    if (fault === null) return () => closed(turn)
    if (fault.code !== 'EADDRINUSE') break
    await wait(turnPauseMs)
  }
  return async () => {}
}

export type ListenWish = Address & {
  /** Other processes of this user may listen there as well. */
  readonly reusePort: boolean
  /** The first of them; the others are made. */
  readonly servers: readonly [Server, ...(readonly Server[])]
}

const listenShared = async ({ host, port, reusePort, servers }: ListenWish): Promise<number> => {
  const [first, ...others] = servers
  const isShared = spreadsConnections && others.length > 0
  const bound = await listenOn(first, { host, port, reusePort: reusePort || isShared })
  if (!isShared) return bound.port
  const at = { host: bound.address, port: bound.port, reusePort: true }
  const outcomes = await Promise.allSettled(others.map((server) => listenOn(server, at)))
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure === undefined) return bound.port
  for (const server of servers) server.close()
  throw failure.reason
}

/**
 * Has all servers listen on one address; where the system does not spread connections, only the first. Gives the port.
 * @throws Problem `conflict` where the address cannot be had; none of them listens then.
 */
export const listenTogether = async (wish: ListenWish): Promise<number> => {
  const { host, port, reusePort, servers } = wish
  // Of sockets that all share an address no system refuses one, whatever program it is of.
  if (!spreadsConnections || servers.length === 1 || reusePort || port === 0) return listenShared(wish)
  const endTurn = await takeTurn(port)
  try {
    await probePort({ host, port })
    return await listenShared(wish)
  } finally {
    await endTurn()
  }
}
