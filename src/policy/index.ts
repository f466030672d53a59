/** The policies of admission in the order in which they are asked. That the key is good is known before: it is checked before the body is read. */

import type { Policy } from './admission.ts'
import { limitTickets } from './limit.ts'
import { planTickets } from './plan.ts'
import { ticketsFor } from './rate.ts'

export const policies: readonly Policy[] = [
  { name: 'rate', refusal: () => null, tickets: ({ key, estimate }) => ticketsFor(key, estimate) },
  {
    name: 'plan',
    refusal: () => null,
    tickets: ({ plan, estimate }) => (plan === null ? [] : planTickets(plan, estimate)),
  },
  {
    name: 'limit',
    refusal: () => null,
    tickets: ({ key, plan, models, limits, estimate }) =>
      limits.length === 0 ? [] : limitTickets(limits, { key, plan: plan?.plan.name ?? null, models }, estimate),
  },
]
