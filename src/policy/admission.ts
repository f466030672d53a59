/** What the policies of admission see and say. */

import type { Problem } from '#base/problem.ts'
import type { KeyFacts } from './key-facts.ts'
import type { LimitFacts } from './limit.ts'
import type { AccountPlan } from './plan.ts'
import type { TokenEstimate } from './rate.ts'
import type { Ticket } from './ticket.ts'

/** Facts about a call whose key has been checked. */
export type AdmissionFacts = {
  readonly key: KeyFacts
  /** `null` = the account has no plan. */
  readonly plan: AccountPlan | null
  /** The operator's own limits, whoever they hold for. */
  readonly limits: readonly LimitFacts[]
  /** The names that the caller wrote and the ids that they stand for. */
  readonly models: readonly string[]
  readonly estimate: TokenEstimate
}

/** One concern of admission: it refuses, or asks for tickets, or both. Pure. */
export type Policy = {
  readonly name: string
  readonly refusal: (facts: AdmissionFacts) => Problem | null
  readonly tickets: (facts: AdmissionFacts) => readonly Ticket[]
}

/** What the policies say together: the first refusal in their order, else the tickets of all, to be taken all or none. */
export const decideAdmission = (
  policies: readonly Policy[],
  facts: AdmissionFacts,
): { readonly refusal: Problem } | { readonly refusal: null; readonly tickets: readonly Ticket[] } => {
  for (const policy of policies) {
    const refusal = policy.refusal(facts)
    if (refusal !== null) return { refusal }
  }
  return { refusal: null, tickets: policies.flatMap((policy) => policy.tickets(facts)) }
}
