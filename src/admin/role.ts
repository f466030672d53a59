/** Roles of admin keys: what each may do beside reading. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Role } from '#identity/role.ts'
import { rankOf } from '#identity/role.ts'

type Rights = {
  /** Nouns that it may not read: records may hold bodies, the trail who did what. */
  readonly hidden: readonly string[]
  /** Nouns that it may change and whose secrets it may be shown; `null` = all. */
  readonly changes: readonly string[] | null
}

const rights: Readonly<Record<Role, Rights>> = {
  owner: { hidden: [], changes: null },
  admin: { hidden: [], changes: null },
  billing: {
    hidden: ['calls', 'trail'],
    changes: ['accounts', 'budgets', 'codes', 'credits', 'fapiao', 'invoices', 'payments', 'signups'],
  },
  developer: { hidden: ['trail'], changes: ['keys', 'projects'] },
  viewer: { hidden: ['calls', 'trail'], changes: [] },
  auditor: { hidden: ['calls'], changes: [] },
}

export const roleWords =
  'owner and admin may do everything, but only an owner makes keys of owners; billing changes accounts, credit, payments and documents; developer changes projects and model keys; viewer and auditor only read, an auditor the trail as well; bodies of calls are for owner, admin and developer.'

/** Whether a role may run an operation. */
export const mayRun = (role: Role, { noun, scope }: { readonly noun: string; readonly scope: string }): boolean => {
  const { hidden, changes } = rights[role]
  if (scope === 'read') return !hidden.includes(noun)
  return changes === null || changes.includes(noun)
}

/**
 * Whoever makes, follows up or ends an admin key must have all the rights that it has.
 * @throws Problem `permission_denied`.
 */
export const checkAdminKey = (actor: { readonly role?: Role }, role: Role): void => {
  const own = actor.role ?? 'owner'
  if (rankOf(own) >= 1 && rankOf(own) >= rankOf(role)) return
  throw new Problem('permission_denied', {
    ...saying('role_admin_key', { own, role }),
  })
}
