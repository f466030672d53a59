/** The link that proves a mail address, and what follows when it is proven. */

import type { PersonRow } from '#identity/port.ts'
import { linkOf, newToken, write } from './link.ts'
import type { OperationContext } from './operation.ts'
import { trailRowOf } from './trail-row.ts'

/** Sends one; those that were sent before go on working until they end. */
export const sendVerification = async (person: PersonRow, context: OperationContext): Promise<void> => {
  const { token, row } = newToken({ kind: 'verify', person: person.id }, context)
  await context.ports.identity.store.keepToken(row, null)
  write({ kind: 'verify', to: person.mail, link: linkOf('verify', token, context) }, context)
}

/** The address that somebody signed up with is proven: what they own is given its sign-up credit, within the rules. */
export const releaseSignups = async (person: string, context: OperationContext): Promise<void> => {
  const { clock, ports } = context
  for (const { account, role } of await ports.identity.store.memberships(person)) {
    const signup = role === 'owner' ? await ports.customers.signupOf(account) : null
    if (signup === null || signup.state !== 'unverified') continue
    const change = { operation: 'signups.verify' as const, object: signup.id, before: null, after: { verified: true } }
    const request = { id: signup.id, nowMs: clock.nowMs(), rules: ports.signup().rules }
    await ports.customers.verifySignup(request, trailRowOf(change, context))
  }
}
