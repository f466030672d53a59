/** What the primary process and its workers ask and tell each other. */

import type { CarriedProblem } from '#base/carried-problem.ts'
import type { StoreHealth } from '#store/face.ts'

/** Where all workers listen; `null` = there is no listener of its own for administration. */
export type Ports = { readonly main: number; readonly admin: number | null }

/** What a worker is told when it has begun. */
export type SeatFacts = {
  /** From 1. */
  readonly number: number
  /** How many there are. */
  readonly count: number
  readonly localToken: string
  /** The name of the machine among the nodes of its store; a worker's is this with its number. */
  readonly machine: string
  readonly ports: Ports
  /** Each worker has a socket of its own on them. */
  readonly reusePort: boolean
  /** How the primary's store does; `null` = each worker has the store for itself. */
  readonly store: StoreHealth | null
}

/** What a worker tells when it listens. */
export type WorkerListens = {
  readonly pid: number
  readonly url: string
  readonly adminUrl: string
  /** For a person; empty = nothing. */
  readonly greeting: string
}

export type WorkerFailed = CarriedProblem

/** The name of a worker among the nodes of its store; without a number, how those of all workers begin. */
export const workerNode = (machine: string, number: number | ''): string => `${machine}-${number}`

/** Where a worker keeps what is its own, in the data folder. */
export const workerFolder = (number: number): string => `worker-${number}`

/** The number of the worker that such a folder is of; `null` = of none. */
export const workerOf = (folder: string): number | null => {
  const found = /^worker-([1-9]\d{0,3})$/.exec(folder)
  return found === null ? null : Number(found[1])
}
