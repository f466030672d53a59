/** Limits that the operator sets beside those of keys and plans: for models, projects, accounts or everybody together. */

import type { KeyFacts } from './key-facts.ts'
import { keyNamesOf, lineOf } from './key-facts.ts'
import type { Limits, TokenEstimate } from './rate.ts'
import { ticketsOf } from './rate.ts'
import { isNamedIn } from './scope.ts'
import type { Ticket } from './ticket.ts'

export type LimitFacts = Limits & {
  readonly name: string
  /** Whose calls count together: all that it holds for, or those of each account, project or key. */
  readonly per: 'all' | 'account' | 'project' | 'key'
  /** Whose calls it holds for; `null` = everybody's. Keys go by id or name. */
  readonly scope: Readonly<Record<'keys' | 'projects' | 'accounts' | 'plans' | 'models', readonly string[] | null>>
}

export type LimitedCall = {
  readonly key: KeyFacts
  readonly plan: string | null
  /** The names that the caller wrote and the ids that they stand for. */
  readonly models: readonly string[]
}

const holdsFor = ({ scope }: LimitFacts, { key, plan, models }: LimitedCall): boolean =>
  isNamedIn(scope.keys, keyNamesOf(key)) &&
  isNamedIn(scope.projects, [key.project]) &&
  isNamedIn(scope.accounts, [key.account]) &&
  isNamedIn(scope.plans, [plan]) &&
  isNamedIn(scope.models, models)

/** Keys without a project count together, apart from all projects. */
const counted = ({ per }: LimitFacts, key: KeyFacts): string => {
  if (per === 'account') return `:${key.account}`
  if (per === 'project') return `:${key.project ?? `none-of-${key.organisation}`}`
  return per === 'key' ? `:${lineOf(key)}` : ''
}

/** The tickets of every limit that holds for the call; those of the sandbox are counted apart. */
export const limitTickets = (
  limits: readonly LimitFacts[],
  call: LimitedCall,
  estimate: TokenEstimate,
): readonly Ticket[] =>
  limits
    .filter((limit) => holdsFor(limit, call))
    .flatMap((limit) => {
      const bucket = `limit:${limit.name}${call.key.test ? ':test' : ''}${counted(limit, call.key)}`
      const owner = `limit "${limit.name}"${limit.per === 'all' ? '' : ` of this ${limit.per}`}`
      const group = limit.per === 'all' ? `limit:${limit.name}` : call.key.account
      return ticketsOf(limit, { bucket, group, owner }, estimate)
    })
