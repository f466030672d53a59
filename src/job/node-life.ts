/** This node among the others: it tells that it lives, sees who else does, and leads the common work where nobody else does. */

import type { Clock } from '#base/clock.ts'
import { healthSays } from '#base/health-sentences.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Sentence } from '#base/sentence.ts'
import type { ClusterStore, HeldMandate, NodeBeat, NodeView } from './port.ts'
import { goRound } from './rounds.ts'

const beatEveryMs = 1000
/** A node that was not heard for this long counts as gone until it is heard again. */
export const nodeGoneMs = 5000
const mandateName = 'jobs'
/** The mandate for common work; who holds it stops by its own clock before others may take it. */
const mandateMs = 6000
const mandateSlackMs = 2000

export type NodeLifeOptions = {
  readonly store: Pick<ClusterStore, 'beat' | 'nodes' | 'takeMandate' | 'leave'>
  readonly self: () => NodeBeat
  readonly clock: Clock
  readonly log: Log
}

export type NodeLife = {
  /** Nodes that live, this one among them, whose names begin so; absent = all of them. At least 1. */
  readonly livingCount: (prefix?: string) => number
  /** Whether this node may do now what only one may do. */
  readonly leads: () => boolean
  /** In whose name it does, to be held against what the store says by then. */
  readonly mandate: () => HeldMandate
  /** What of the others does not fit with this node, for people. */
  readonly warnings: () => readonly Sentence[]
  readonly close: () => Promise<void>
}

const differing = (self: NodeBeat, nodes: readonly NodeView[]): readonly Sentence[] =>
  nodes
    .filter(({ node, agoMs, digest }) => node !== self.node && agoMs < nodeGoneMs && digest !== self.digest)
    .map(({ node, url }) => healthSays('node_differs', { node, url }))

/** Resolves after the first beat, so that a node is known before it takes a call. */
export const startNodeLife = async ({ store, self, clock, log }: NodeLifeOptions): Promise<NodeLife> => {
  let nodes: readonly NodeView[] = []
  let leadsUntilMs = Number.NEGATIVE_INFINITY
  let term = 0
  const holder = (): string => `${self().node}.${self().boot}`

  const beat = async (): Promise<void> => {
    await store.beat(self())
    nodes = await store.nodes()
    const askedMs = clock.monotonicMs()
    const taken = await store.takeMandate({ name: mandateName, holder: holder(), lengthMs: mandateMs })
    const led = clock.monotonicMs() < leadsUntilMs
    leadsUntilMs = taken.held ? askedMs + mandateMs - mandateSlackMs : Number.NEGATIVE_INFINITY
    if (taken.held) term = taken.term
    if (taken.held && !led) log.info('this node leads the common work', { node: self().node, term })
  }
  await beat()
  const beating = goRound({
    round: async () => {
      await beat()
      return null
    },
    everyMs: beatEveryMs,
    failure: { level: 'debug', message: 'this node could not tell that it lives' },
    clock,
    log,
  })
  return {
    livingCount: (prefix = '') =>
      Math.max(1, nodes.filter(({ node, agoMs }) => agoMs < nodeGoneMs && node.startsWith(prefix)).length),
    leads: () => clock.monotonicMs() < leadsUntilMs,
    mandate: () => ({ name: mandateName, holder: holder(), term }),
    warnings: () => differing(self(), nodes),
    close: async () => {
      await beating.close()
      try {
        // Who leaves in good order leaves nothing behind that could be waited for.
        await store.leave(self().node)
      } catch (thrown) {
        log.debug('this node could not take its leave', { problem: asProblem(thrown).message })
      }
    },
  }
}
