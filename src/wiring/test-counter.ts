/** A joint counter in memory, which a test can take away. */

import type { Clock } from '#base/clock.ts'
import type { Draw, Drawn, DrawnPart, JointCounter, Ticket } from '#policy/port.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'

export type TestCounter = JointCounter & {
  /** What happens to trips: they are answered, refused, or never answered until this is changed. */
  how: 'answers' | 'refuses' | 'is silent'
  /** Forgets everything, as a server that was restarted. */
  readonly lose: () => void
  readonly trips: () => number
}

const nothing = (ticket: Ticket): Ticket => (ticket.kind === 'rate' ? { ...ticket, amount: 0 } : ticket)
const of = (ticket: Ticket, amount: number): Ticket => (ticket.kind === 'rate' ? { ...ticket, amount } : ticket)

const inTurn = async <T>(works: readonly (() => Promise<T>)[]): Promise<readonly T[]> => {
  const done: T[] = []
  for (const work of works) done.push(await work())
  return done
}

/** Slots in use, by bucket. */
const makeSlots = (): ((ticket: Ticket) => Set<string>) => {
  const slots = new Map<string, Set<string>>()
  return ({ bucket }) => {
    const found = slots.get(bucket) ?? new Set<string>()
    slots.set(bucket, found)
    return found
  }
}

export const makeTestCounter = (clock: Clock): TestCounter => {
  let nowMs = 0
  /** The time at which a trip arrived, however late it is looked at. */
  const arrival: Clock = { ...clock, monotonicMs: () => nowMs }
  let rates = makeMemoryLimiter({ clock: arrival })
  let slotsOf = makeSlots()
  let birth = 1
  let trips = 0
  const silent: (() => void)[] = []

  const prepare = async ({ ticket, correction, birth: known, used, left, kept }: Draw): Promise<void> => {
    if (ticket.kind === 'concurrency') {
      for (const slot of left) slotsOf(ticket).delete(slot)
      for (const slot of kept) slotsOf(ticket).add(slot)
      return
    }
    const lost = known !== null && known !== birth
    await rates.giveBack([{ ticket: nothing(ticket), used: lost ? Math.ceil(used) : correction }])
  }
  const waitOf = async ({ ticket, amount }: Draw): Promise<number | null> => {
    if (amount === null) return 0
    if (ticket.kind === 'concurrency') {
      if (ticket.limit <= 0) return null
      return slotsOf(ticket).size < ticket.limit ? 0 : 1000
    }
    const taken = await rates.take([of(ticket, amount)])
    if (!taken.ok) return taken.retryAfterMs
    await rates.giveBack([{ ticket: of(ticket, amount), used: 0 }])
    return 0
  }
  /** `nodes`: among whom it is shared; `null` = nothing is taken. */
  const takeOne = async (draw: Draw, waitMs: number | null, nodes: number | null): Promise<DrawnPart> => {
    const { ticket, amount } = draw
    const state = async () => {
      if (ticket.kind === 'concurrency') return { remaining: ticket.limit - slotsOf(ticket).size, resetMs: 0 }
      return (await rates.take([nothing(ticket)])).states[0] ?? { remaining: 0, resetMs: 0 }
    }
    const add = async (units: number, from: number): Promise<void> => {
      if (ticket.kind === 'rate') return void (await rates.take([of(ticket, units)]))
      for (const slot of draw.slots.slice(from, from + units)) slotsOf(ticket).add(slot)
    }
    let ahead = 0
    if (nodes !== null && amount !== null) {
      await add(amount, 0)
      ahead = Math.max(0, Math.min(draw.ahead, Math.floor((await state()).remaining / (2 * nodes))))
      await add(ahead, amount)
    }
    const { remaining, resetMs } = await state()
    return { ahead, remaining: Math.max(0, remaining), resetMs, birth, waitMs }
  }

  const answer = async (draws: readonly Draw[], nodes: number): Promise<Drawn> => {
    for (const draw of draws) await prepare(draw)
    const waits = await inTurn(draws.map((draw) => () => waitOf(draw)))
    const ok = waits.every((waitMs) => waitMs === 0)
    const parts = draws.map((draw, place) => () => takeOne(draw, waits[place] ?? null, ok ? nodes : null))
    return { ok, parts: await inTurn(parts) }
  }
  // One trip after the other, as a server does it.
  let last: Promise<unknown> = Promise.resolve()
  const counter: TestCounter = {
    how: 'answers',
    lose: () => {
      rates = makeMemoryLimiter({ clock: arrival })
      slotsOf = makeSlots()
      birth += 1
    },
    trips: () => trips,
    breaks: () => 0,
    draw: async (draws, nodes) => {
      trips += 1
      if (counter.how === 'refuses') throw new Error('connection refused')
      if (counter.how === 'is silent')
        await new Promise<void>((resolve) => {
          silent.push(resolve)
        })
      const arrivedMs = clock.monotonicMs()
      const next = last.then(() => {
        nowMs = arrivedMs
        return answer(draws, nodes)
      })
      last = next
      return next
    },
    ask: async () => {
      if (counter.how !== 'answers') throw new Error('connection refused')
      for (const go of silent.splice(0)) go()
    },
  }
  return counter
}
