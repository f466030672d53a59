/** Roles of people and of admin keys, and who stands above whom. */

export const roles = ['owner', 'admin', 'billing', 'developer', 'viewer', 'auditor'] as const
export type Role = (typeof roles)[number]

/** An owner stands above an admin, and an admin above the others, who are equals. */
export const rankOf = (role: Role): number => (role === 'owner' ? 2 : role === 'admin' ? 1 : 0)
