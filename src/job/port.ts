/** What the work of several nodes on one store needs kept. Times are the store's own clock, which all nodes share. */

import type { AccountFacts } from '#ledger/port.ts'
import type { ToldMigration } from '#migration/port.ts'
import type { Delivery } from '#notify/port.ts'
import type { KeyFacts } from '#policy/key-facts.ts'

/** What a node tells of itself. */
export type NodeBeat = {
  /** The node's name: the same after a restart on the same data folder. */
  readonly node: string
  /** Tells this process from the node's earlier ones. */
  readonly boot: string
  readonly url: string | null
  readonly version: string
  /** Of its configuration file; `null` = it has none. */
  readonly digest: string | null
}

export type NodeView = {
  readonly node: string
  readonly url: string | null
  readonly version: string
  readonly digest: string | null
  readonly startedMs: number
  readonly heardMs: number
  /** Since it was last heard, by the store's clock. */
  readonly agoMs: number
}

/** A right that one node has at a time; what it writes under it names the term, and an older term is refused. */
export type Mandate = { readonly held: boolean; readonly term: number }

/** Under which something is written. */
export type HeldMandate = { readonly name: string; readonly holder: string; readonly term: number }

/** What has changed behind a place of the trail. */
export type StoreChanges = {
  readonly position: number
  readonly keys: readonly (KeyFacts & { readonly digest: string })[]
  readonly accounts: readonly AccountFacts[]
  /** Anything but keys and accounts: budgets, plans, credentials, prices. */
  readonly others: boolean
  /** More than can be told one by one: everything is to be read anew. */
  readonly everything: boolean
}

export type ClusterStore = {
  readonly beat: (beat: NodeBeat) => Promise<void>
  /** The end of the trail: it moves with every change that others have to know of. */
  readonly trailEnd: () => Promise<number>
  readonly changesAfter: (position: number) => Promise<StoreChanges>
  readonly nodes: () => Promise<readonly NodeView[]>
  /** Takes this node off the list, and its mandates from it: it has ended in good order. */
  readonly leave: (node: string) => Promise<void>
  /** Takes or keeps the mandate of this name for `lengthMs`, where nobody else has it. */
  readonly takeMandate: (request: {
    readonly name: string
    readonly holder: string
    readonly lengthMs: number
  }) => Promise<Mandate>
  /**
   * Notes how a delivery ended, in the name of whoever leads.
   * @throws Problem `conflict` where another has taken the mandate since: what was written by a leader is not undone by one before.
   */
  readonly noteDeliveryUnder: (delivery: Delivery, mandate: HeldMandate) => Promise<void>
  /** Calls back when another node may have changed something; a hint, which may be missing. */
  readonly onHint: (listener: () => void) => void
  /** Calls back when a migration has changed; a hint as well. `null` = one may have, while nobody listened. */
  readonly onMigration: (listener: (told: ToldMigration | null) => void) => void
}

/** The months that the log of calls lies in, where the store has them; each is named by its year and month. */
export type CallMonths = {
  /** Makes the present month and those after it, where they are not there; gives what was made. */
  readonly makeMonths: (nowMs: number) => Promise<readonly string[]>
  /** Drops months whose every call is older, and in the figures of usage; gives what was dropped. */
  readonly dropMonths: (olderThanMs: number) => Promise<readonly string[]>
}
