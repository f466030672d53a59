/** Worker processes by node:cluster, which hands connections on where each worker cannot have a socket of its own (share-port.ts). */

import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { Machine } from '#wiring/machine.ts'
import type { Child } from '#worker/crew.ts'

/** Gives how a worker is started: this program again, with the same flags. */
export const forkWorkers = ({ root }: Machine): ((number: number) => Child) => {
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('bin/guard.mjs', root)),
    args: process.argv.slice(2),
    // Amounts of money are bigint, which JSON cannot carry.
    serialization: 'advanced',
  })
  return () => {
    const worker = cluster.fork()
    // A line that breaks is told by the end of the process.
    worker.on('error', () => worker.process.kill('SIGKILL'))
    return {
      pid: worker.process.pid ?? 0,
      send: (message) => {
        if (worker.isConnected()) worker.process.send?.(message as object, () => {})
      },
      kill: () => worker.process.kill('SIGKILL'),
      onMessage: (listener) => worker.process.on('message', listener),
      onExit: (listener) => {
        worker.process.once('exit', (code, signal) => listener(signal === null ? `exit code ${code}` : signal))
        // One that never was has no end.
        worker.once('error', (error) => {
          if (worker.process.pid === undefined) listener(`it did not start: ${error.message}`)
        })
      },
    }
  }
}
