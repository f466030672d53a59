/** Limits without a common counter: each of several nodes enforces its share. */

import type { Limiter, Ticket } from './port.ts'

/**
 * A node's part of a limit, rounded down and at least 1: together the nodes admit no more than the limit, or one each where there are
 * more nodes than that. What is larger than a part, but not than the whole, takes the whole part.
 */
const shareOf = (ticket: Ticket, { own, nodes }: { readonly own: number; readonly nodes: number }): Ticket => {
  const limit = ticket.limit <= 0 ? ticket.limit : Math.max(1, Math.floor((ticket.limit * own) / nodes))
  if (ticket.kind === 'concurrency') return { ...ticket, limit }
  return { ...ticket, limit, amount: ticket.amount > ticket.limit ? ticket.amount : Math.min(ticket.amount, limit) }
}

/**
 * The limiter that counts for `own()` of `nodes()` nodes, for one where it is not said. States and refusals tell of the whole limit, as
 * the caller knows it.
 */
export const shareLimits = (limiter: Limiter, nodes: () => number, own: () => number = () => 1): Limiter => {
  // What was taken under which share: the number of nodes may change before it is given back.
  const taken = new WeakMap<Ticket, Ticket>()
  return {
    take: async (tickets) => {
      const part = { own: own(), nodes: nodes() }
      if (part.nodes <= part.own) return limiter.take(tickets)
      const shares = tickets.map((ticket) => shareOf(ticket, part))
      const whole = new Map(shares.map((share, place) => [share, tickets[place] ?? share]))
      const answer = await limiter.take(shares)
      const states = answer.states.map((state) => ({ ...state, ticket: whole.get(state.ticket) ?? state.ticket }))
      if (!answer.ok) return { ...answer, states, refused: whole.get(answer.refused) ?? answer.refused }
      for (const [share, ticket] of whole) taken.set(ticket, share)
      return { ok: true, states }
    },
    giveBack: (returned) =>
      limiter.giveBack(
        returned.map(({ ticket, used }) => {
          const share = taken.get(ticket)
          taken.delete(ticket)
          return { ticket: share ?? ticket, used }
        }),
      ),
  }
}
