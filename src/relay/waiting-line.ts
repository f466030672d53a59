/** A queue that is fair between flows: one of each in turn, first come first served within one. */

export type Waiter = {
  readonly flow: string
  readonly fail: (thrown: unknown) => void
}

export type Line<W extends Waiter> = {
  /**
   * Takes its place at the end of its flow. In a full line the last of the longest flow makes room for a shorter flow; gives who has no
   * place then: that one, the one that came, or `null`.
   */
  readonly join: (waiter: W, waitersMax: number) => W | null
  /** Whose turn it is; `null` = nobody waits. */
  readonly first: () => W | null
  /** Takes out the one whose turn it was: its flow comes last now. */
  readonly serve: (waiter: W) => void
  readonly remove: (waiter: W) => void
  readonly has: (waiter: W) => boolean
  readonly all: () => readonly W[]
  readonly size: () => number
}

export const makeLine = <W extends Waiter>(): Line<W> => {
  /** In the order of their turns. */
  const flows = new Map<string, W[]>()
  let size = 0

  const longest = (): W[] => {
    let found: W[] = []
    for (const flow of flows.values()) if (flow.length > found.length) found = flow
    return found
  }
  const remove = (waiter: W): void => {
    const flow = flows.get(waiter.flow)
    const at = flow?.indexOf(waiter) ?? -1
    if (flow === undefined || at < 0) return
    flow.splice(at, 1)
    size -= 1
    if (flow.length === 0) flows.delete(waiter.flow)
  }
  const add = (waiter: W): void => {
    const flow = flows.get(waiter.flow)
    if (flow === undefined) flows.set(waiter.flow, [waiter])
    else flow.push(waiter)
    size += 1
  }

  return {
    join: (waiter, waitersMax) => {
      const own = flows.get(waiter.flow)?.length ?? 0
      const most = longest()
      const last = most.at(-1)
      const isFull = size >= waitersMax
      // One more of its own must still be fewer than the longest flow has.
      if (isFull && (last === undefined || own + 1 >= most.length)) return waiter
      if (isFull && last !== undefined) remove(last)
      add(waiter)
      return isFull ? (last ?? null) : null
    },
    first: () => {
      for (const flow of flows.values()) return flow[0] ?? null
      return null
    },
    serve: (waiter) => {
      remove(waiter)
      const flow = flows.get(waiter.flow)
      if (flow === undefined) return
      flows.delete(waiter.flow)
      flows.set(waiter.flow, flow)
    },
    remove,
    has: (waiter) => flows.get(waiter.flow)?.includes(waiter) ?? false,
    all: () => [...flows.values()].flat(),
    size: () => size,
  }
}
