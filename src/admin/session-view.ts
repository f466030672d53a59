/** A session as it is told to whoever has it. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import type { FoundSession, Membership } from '#identity/port.ts'
import { roles } from '#identity/role.ts'
import { endsMs } from '#identity/session.ts'
import type { OperationContext } from './operation.ts'

const moment = (what: string) => z.string().describe(`${what} RFC 3339, UTC.`)

export const sessionView = z.object({
  id: z.string(),
  person: z
    .object({
      id: z.string(),
      email: z.string(),
      name: z.string().nullable(),
      verified: z.boolean().describe('Whether the mail address was proven to be theirs.'),
      password: z.boolean().describe('Whether there is one.'),
      totp: z.boolean().describe('Whether a code is asked for at sign-in.'),
    })
    .nullable()
    .describe('null = an admin key stands for itself.'),
  organisations: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      account: z.string(),
      role: z.enum(roles),
      operator: z.boolean().describe('Whether it runs this server.'),
    }),
  ),
  organisation: z.string().nullable().describe('The one that the session acts in; null = none.'),
  account: z.string().nullable().describe('The account of that organisation.'),
  role: z.enum(roles).nullable().describe('There; null = none.'),
  operator: z.boolean().describe('Whether the session works on every organisation.'),
  method: z.enum(['password', 'passkey', 'oidc', 'link', 'key']).describe('How it was signed in.'),
  ends: moment('When it is over unless it is used.'),
  expires: moment('When it is over in any case.'),
})

export type SessionView = z.input<typeof sessionView>

/** The operator's, else the oldest. */
export const firstOf = (memberships: readonly Membership[]): Membership | null =>
  memberships.find(({ operator }) => operator) ?? memberships[0] ?? null

/**
 * The membership that a session acts by; `null` = none. Where the one it was opened for or moved to has ended it acts by no other
 * until its person moves it: what a page still shows must not be done to another organisation.
 */
export const actingOf = ({ session, memberships }: FoundSession): Membership | null =>
  session.organisation === null
    ? firstOf(memberships)
    : (memberships.find(({ organisation }) => organisation === session.organisation) ?? null)

export const viewOfSession = (found: FoundSession): SessionView => {
  const { session, person, memberships } = found
  const acting = actingOf(found)
  return {
    id: session.id,
    person: person && {
      id: person.id,
      email: person.mail,
      name: person.name,
      verified: person.verifiedMs !== null,
      password: person.password !== null,
      totp: person.totpMs !== null,
    },
    organisations: memberships.map(({ organisation, name, account, role, operator }) => ({
      id: organisation,
      name,
      account,
      role,
      operator,
    })),
    organisation: acting?.organisation ?? null,
    account: acting?.account ?? null,
    role: acting?.role ?? null,
    operator: acting?.operator ?? false,
    method: session.method,
    ends: rfc3339(endsMs(found)),
    expires: rfc3339(session.expiresMs),
  }
}

/** An admin key is a member of its organisation, as it were. `null` where it has ended. */
const keyMembership = async (id: string, { ports, clock }: Pick<OperationContext, 'ports' | 'clock'>) => {
  const key = await ports.store.key(id)
  const nowMs = clock.nowMs()
  if (key === null || key.purpose !== 'admin') return null
  if ((key.revokedMs ?? nowMs + 1) <= nowMs || (key.expiresMs ?? nowMs + 1) <= nowMs) return null
  const organisation = await ports.identity.store.organisation(key.organisation)
  if (organisation === null) return null
  const { name, operator } = organisation
  const role = key.role ?? 'owner'
  return { organisation: key.organisation, name, operator, account: key.account, member: key.id, role }
}

/** The session of a token's digest, as long as it holds; `null` = it has ended. */
export const liveSession = async (
  digest: string,
  context: Pick<OperationContext, 'ports' | 'clock'>,
): Promise<FoundSession | null> => {
  const found = await context.ports.identity.store.session(digest)
  if (found === null) return null
  const { key } = found.session
  const membership = key === null ? null : await keyMembership(key, context)
  if (key !== null && membership === null) return null
  const whole = membership === null ? found : { ...found, memberships: [membership] }
  return endsMs(whole) > context.clock.nowMs() ? whole : null
}
