/** The workers of one machine as nodes, and the mandates among them, in the memory of the process that owns the store. */

import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { ClusterStore, HeldMandate, Mandate, NodeBeat, NodeView } from '#job/port.ts'

export type MemoryNodes = Pick<ClusterStore, 'beat' | 'nodes' | 'leave' | 'takeMandate'> & {
  /** Takes a node off the list; `false` where there is none of that name. */
  readonly forget: (node: string) => boolean
  /** The node's process is gone: what it had a mandate for is anybody's, and it is listed until it is heard again. */
  readonly gone: (node: string) => void
  /**
   * Does something that only the holder of a mandate may; nobody else gets it meanwhile.
   * @throws Problem `conflict` where another has taken it since.
   */
  readonly under: <T>(mandate: HeldMandate, work: () => Promise<T>) => Promise<T>
}

type Seen = {
  readonly beat: NodeBeat
  readonly startedMs: number
  readonly heardMs: number
  readonly heardAtMs: number
}
type Held = { holder: string; term: number; untilMs: number; working: number }

/** Forgets everything with its process, whose end is the end of all nodes in it. */
export const makeMemoryNodes = (clock: Clock): MemoryNodes => {
  const seen = new Map<string, Seen>()
  const mandates = new Map<string, Held>()
  const release = (node: string): void => {
    for (const held of mandates.values())
      if (held.holder.startsWith(`${node}.`)) held.untilMs = Number.NEGATIVE_INFINITY
  }
  const take = (name: string, holder: string, untilMs: number): Mandate => {
    const held = mandates.get(name)
    if (held === undefined) {
      mandates.set(name, { holder, term: 1, untilMs, working: 0 })
      return { held: true, term: 1 }
    }
    const isOthers = held.holder !== holder
    if (isOthers && (held.untilMs > clock.monotonicMs() || held.working > 0)) return { held: false, term: 0 }
    if (isOthers) held.term += 1
    held.holder = holder
    held.untilMs = untilMs
    return { held: true, term: held.term }
  }
  return {
    beat: async (beat) => {
      const known = seen.get(beat.node)
      const nowMs = clock.nowMs()
      const startedMs = known !== undefined && known.beat.boot === beat.boot ? known.startedMs : nowMs
      seen.set(beat.node, { beat, startedMs, heardMs: nowMs, heardAtMs: clock.monotonicMs() })
    },
    nodes: async () =>
      [...seen.values()]
        .map(({ beat: { node, url, version, digest }, startedMs, heardMs, heardAtMs }): NodeView => {
          const agoMs = Math.round(clock.monotonicMs() - heardAtMs)
          return { node, url, version, digest, startedMs, heardMs, agoMs }
        })
        .sort((one, other) => (one.node < other.node ? -1 : 1)),
    leave: async (node) => {
      seen.delete(node)
      release(node)
    },
    forget: (node) => seen.delete(node),
    gone: release,
    takeMandate: async ({ name, holder, lengthMs }) => take(name, holder, clock.monotonicMs() + lengthMs),
    under: async ({ name, holder, term }, work) => {
      const held = mandates.get(name)
      if (held === undefined || held.holder !== holder || held.term !== term)
        throw new Problem('conflict', {
          message: `The mandate "${name}" has passed to another worker since term ${term}.`,
        })
      held.working += 1
      try {
        return await work()
      } finally {
        held.working -= 1
      }
    },
  }
}
