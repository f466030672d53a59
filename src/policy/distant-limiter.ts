/**
 * Limits that one process counts for several: whoever takes does so by a message, and what is under way of one that has died is given
 * back for it.
 */

import type { Limiter, Taken, Ticket } from './port.ts'

/** An answer as it travels: tickets are told by their place among those that were asked for. */
export type TakenAnswer = {
  readonly states: readonly { readonly remaining: number; readonly resetMs: number }[]
  /** `null` = all were taken. */
  readonly refused: { readonly place: number; readonly retryAfterMs: number | null } | null
}

type Returned = Parameters<Limiter['giveBack']>[0]

/** The counter's side. */
export type LimiterDesk = {
  readonly take: (who: number, tickets: readonly Ticket[]) => Promise<TakenAnswer>
  readonly giveBack: (who: number, returned: Returned) => Promise<void>
  /** Gives back what this one had under way. */
  readonly gone: (who: number) => Promise<void>
}

type UnderWay = Map<string, { readonly ticket: Ticket; count: number }>

/** Counts for everybody with this limiter. */
export const limiterDesk = (limiter: Limiter): LimiterDesk => {
  const byTaker = new Map<number, UnderWay>()
  const note = (who: number, ticket: Ticket, change: 1 | -1): void => {
    if (ticket.kind !== 'concurrency') return
    const taken = byTaker.get(who) ?? new Map()
    byTaker.set(who, taken)
    const count = (taken.get(ticket.bucket)?.count ?? 0) + change
    if (count > 0) taken.set(ticket.bucket, { ticket, count })
    else taken.delete(ticket.bucket)
  }
  return {
    take: async (who, tickets) => {
      const taken = await limiter.take(tickets)
      if (taken.ok) for (const ticket of tickets) note(who, ticket, 1)
      const states = taken.states.map(({ remaining, resetMs }) => ({ remaining, resetMs }))
      if (taken.ok) return { states, refused: null }
      return {
        states,
        refused: {
          place: tickets.findIndex(({ bucket }) => bucket === taken.refused.bucket),
          retryAfterMs: taken.retryAfterMs,
        },
      }
    },
    giveBack: async (who, returned) => {
      for (const { ticket } of returned) note(who, ticket, -1)
      await limiter.giveBack(returned)
    },
    gone: async (who) => {
      const taken = byTaker.get(who)
      byTaker.delete(who)
      for (const { ticket, count } of taken?.values() ?? [])
        for (let times = 0; times < count; times += 1) await limiter.giveBack([{ ticket, used: null }])
    },
  }
}

export type CounterLine = {
  /** Brings the question to the counter; `late` hears the answer to one that was given up. */
  readonly take: (tickets: readonly Ticket[], late: (answer: TakenAnswer) => void) => Promise<TakenAnswer>
  readonly giveBack: (returned: Returned) => Promise<void>
  /** The same, for what no call ever had; nobody waits for it. */
  readonly tellBack: (returned: Returned) => void
}

/** The taker's side. What was taken after its call had been refused for want of an answer goes back. */
export const distantLimiter = (ask: CounterLine): Limiter => ({
  take: async (tickets): Promise<Taken> => {
    // Most calls have no limit: they ask nobody.
    if (tickets.length === 0) return { ok: true, states: [] }
    const unused = (): Returned => tickets.map((ticket) => ({ ticket, used: ticket.kind === 'rate' ? 0 : null }))
    const { states: told, refused } = await ask.take(tickets, (late) => {
      if (late.refused === null) ask.tellBack(unused())
    })
    const states = tickets.map((ticket, place) => ({ ticket, remaining: 0, resetMs: 0, ...told[place] }))
    const ticket = refused === null ? undefined : tickets[refused.place]
    return refused === null || ticket === undefined
      ? { ok: true, states }
      : { ok: false, refused: ticket, retryAfterMs: refused.retryAfterMs, states }
  },
  giveBack: async (returned) => {
    const counted = returned.filter(({ ticket, used }) => ticket.kind === 'concurrency' || used !== null)
    if (counted.length > 0) await ask.giveBack(counted)
  },
})
