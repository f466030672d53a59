/** What administration needs of nodes that share a store. */

import type { TrailRow } from './rows.ts'

/** A server that shares the store with others, as it was last heard. Times are the store's clock. */
export type NodeFacts = {
  readonly node: string
  readonly url: string | null
  readonly version: string
  /** Of its configuration file; `null` = it has none. */
  readonly digest: string | null
  readonly startedMs: number
  readonly heardMs: number
  readonly agoMs: number
}

export type NodePorts = {
  readonly nodes: () => Promise<readonly NodeFacts[]>
  /** Removes a node that does not come back; `false` where there is none of that name. */
  readonly forgetNode: (node: string, trail: TrailRow | null) => Promise<boolean>
}
