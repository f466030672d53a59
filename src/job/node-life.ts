/** This node among the others: it tells that it lives, sees who else does, and leads the common work where nobody else does. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { ClusterStore, NodeBeat, NodeView } from './port.ts'

const beatEveryMs = 1000
/** A node that was not heard for this long counts as gone until it is heard again. */
export const nodeGoneMs = 5000
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
  /** Nodes that live, this one among them; at least 1. */
  readonly livingCount: () => number
  /** Whether this node may do now what only one may do. */
  readonly leads: () => boolean
  /** What of the others does not fit with this node, for people. */
  readonly warnings: () => readonly string[]
  readonly close: () => Promise<void>
}

const differing = (self: NodeBeat, nodes: readonly NodeView[]): readonly string[] =>
  nodes
    .filter(({ node, agoMs, digest }) => node !== self.node && agoMs < nodeGoneMs && digest !== self.digest)
    .map(
      ({ node, url }) =>
        `the configuration file of node ${node}${url === null ? '' : ` (${url})`} differs from this node's`,
    )

/** Resolves after the first beat, so that a node is known before it takes a call. */
export const startNodeLife = async ({ store, self, clock, log }: NodeLifeOptions): Promise<NodeLife> => {
  let nodes: readonly NodeView[] = []
  let leadsUntilMs = Number.NEGATIVE_INFINITY
  let closed = false
  let cancel = (): void => {}
  let running: Promise<void> = Promise.resolve()

  const beat = async (): Promise<void> => {
    const me = self()
    await store.beat(me)
    nodes = await store.nodes()
    const askedMs = clock.monotonicMs()
    const { held, term } = await store.takeMandate({
      name: 'jobs',
      holder: `${me.node}.${me.boot}`,
      lengthMs: mandateMs,
    })
    const led = clock.monotonicMs() < leadsUntilMs
    leadsUntilMs = held ? askedMs + mandateMs - mandateSlackMs : Number.NEGATIVE_INFINITY
    if (held && !led) log.info('this node leads the common work', { term })
  }
  const round = async (): Promise<void> => {
    try {
      await beat()
    } catch (thrown) {
      log.debug('this node could not tell that it lives', { problem: asProblem(thrown).message })
    }
    wait()
  }
  const wait = (): void => {
    if (closed) return
    cancel = clock.after(beatEveryMs, () => {
      running = round()
    })
  }
  await beat()
  wait()
  return {
    livingCount: () => Math.max(1, nodes.filter(({ agoMs }) => agoMs < nodeGoneMs).length),
    leads: () => clock.monotonicMs() < leadsUntilMs,
    warnings: () => differing(self(), nodes),
    close: async () => {
      closed = true
      cancel()
      await running
      try {
        // Who leaves in good order leaves nothing behind that could be waited for.
        await store.leave(self().node)
      } catch (thrown) {
        log.debug('this node could not take its leave', { problem: asProblem(thrown).message })
      }
    },
  }
}
