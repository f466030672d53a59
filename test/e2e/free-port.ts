import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below those that systems choose for outgoing connections (from 32,768 on, on Linux): no such connection gets the port between this look and the
 * server's start, nor while its server is being restarted. That of a cluster's node, 10,000 above its own, is below them as well.
 */
const firstPort = 11_000
const portCount = 11_000
const triesMax = 100

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

/** A port of this machine that nobody listened on a moment ago, for programs that can't choose one themselves. Throws after 100 that are taken. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = firstPort + randomInt(portCount)
    if (await isFree(port)) return port
  }
  throw new Error(`${triesMax} ports from ${firstPort} on are taken`)
}
