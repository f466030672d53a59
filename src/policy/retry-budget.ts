/** How much repeating is allowed: a share of the calls of the last 10 s, so that a storm is not made worse by its victims. */

const slotMs = 1_000
const slotsMax = 10
export const retryShare = 0.2
/** A quiet process may repeat this often in 10 s, whatever the share says. */
export const retriesFloor = 3

type Slot = { readonly second: number; calls: number; retries: number }

export type RetryBudget = {
  readonly callBegan: (nowMs: number) => void
  /** Takes one repeat; `false` = the budget is spent. */
  readonly take: (nowMs: number) => boolean
  readonly spent: (nowMs: number) => { readonly calls: number; readonly retries: number; readonly allowed: number }
}

/** The budget of one process, over a sliding window of 10 s. */
export const retryBudget = (): RetryBudget => {
  let slots: Slot[] = []
  const slotAt = (nowMs: number): Slot => {
    const second = Math.floor(nowMs / slotMs)
    const last = slots.at(-1)
    if (last?.second === second) return last
    slots = slots.filter((slot) => second - slot.second < slotsMax)
    const slot = { second, calls: 0, retries: 0 }
    slots.push(slot)
    return slot
  }
  const sums = (nowMs: number) => {
    slotAt(nowMs)
    const calls = slots.reduce((sum, slot) => sum + slot.calls, 0)
    const retries = slots.reduce((sum, slot) => sum + slot.retries, 0)
    return { calls, retries, allowed: Math.max(retriesFloor, Math.floor(calls * retryShare)) }
  }
  return {
    callBegan: (nowMs) => {
      slotAt(nowMs).calls += 1
    },
    take: (nowMs) => {
      const { retries, allowed } = sums(nowMs)
      if (retries >= allowed) return false
      slotAt(nowMs).retries += 1
      return true
    },
    spent: sums,
  }
}
