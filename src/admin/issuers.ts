/** Sign-in by OpenID Connect. An issuer leads to a person only after that person, signed in, has linked it. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Arrived, Going } from '#identity/oidc.ts'
import type { PersonRow } from '#identity/port.ts'
import { tokenDigest } from '#identity/session.ts'
import type { IssuerConfig } from '#identity/settings.ts'
import { withFreeName } from './free-name.ts'
import { dataOf, newToken, tokenField, write } from './link.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { personOf } from './person.ts'
import type { SignupRow } from './port.ts'
import type { Codes } from './second-factor.ts'
import { checkSecondFactor, codeFields } from './second-factor.ts'
import { checkVerified, openSession, ownPerson } from './session.ts'
import { sessionView } from './session-view.ts'
import { signupRowsOf } from './signups.ts'
import { trailRowOf } from './trail-row.ts'
import { takeSignInTry } from './tries.ts'
import { takeBeginning } from './turn.ts'
import { visitOf } from './visit.ts'

const issuerField = () => z.string().min(1).max(64).describe('The issuer, by its id.')

const issuerNamed = (id: string, { ports }: OperationContext): IssuerConfig => {
  const found = ports.identity.issuers().find((one) => one.id === id)
  if (found !== undefined) return found
  throw new Problem('not_found', { ...saying('no_issuer', { id }), param: 'issuer' })
}

const beginView = z.object({
  url: z.string().describe('Where the browser goes.'),
  ticket: z.string().describe('The page keeps it (sessionStorage), and sends it with what the issuer sent back.'),
})

/** The ticket stays in the browser that began: whoever is lured to the end of somebody else's sign-in has none. */
const beginAt = async (issuer: IssuerConfig, person: string | null, context: OperationContext) => {
  const { identity } = context.ports
  const { url, going } = await identity.oidc.go(issuer)
  const { token, row } = newToken({ kind: 'oidc', data: going, ...(person === null ? {} : { person }) }, context)
  await identity.store.keepToken(row, null)
  return { url, ticket: token }
}

const cameBack = z.strictObject({
  ticket: tokenField(),
  query: z.string().min(1).max(8000).describe('The query of the address that the issuer sent the browser back to.'),
})

/** `arrived`: it came back before, and only the code is missing. */
type Kept = Going & { readonly arrived?: Arrived }

/** `person`: who must have begun; `null` = nobody who was signed in. */
const arrive = async (
  input: Pick<z.output<typeof cameBack>, 'ticket' | 'query'>,
  person: string | null,
  context: OperationContext,
) => {
  const { identity } = context.ports
  const row = await identity.store.takeToken(tokenDigest(input.ticket), 'oidc', context.clock.nowMs())
  if (row === null || row.person !== person)
    throw new Problem('not_found', {
      ...saying('sign_in_late'),
      param: 'ticket',
    })
  const going = dataOf(row) as Kept
  const issuer = issuerNamed(going.issuer, context)
  const arrived = going.arrived ?? (await identity.oidc.arrive(issuer, going, input.query))
  /** The same ticket leads here again, until its time is over: an issuer's answer is good once. */
  const keep = (): Promise<void> =>
    identity.store.keepToken({ ...row, data: JSON.stringify({ ...going, arrived } satisfies Kept) }, null)
  return { issuer, arrived, keep }
}

const begin = operation({
  noun: 'session',
  verb: 'oidc-begin',
  summary: 'Begin to sign in with an issuer of OpenID Connect.',
  method: 'POST',
  path: '/session/oidc/begin',
  scope: 'write',
  input: z.strictObject({ issuer: issuerField() }),
  output: beginView,
  flags: [],
  run: async ({ issuer }, context) => {
    await takeBeginning('issuer from', context)
    return beginAt(issuerNamed(issuer, context), null, context)
  },
})

type Linking = { readonly issuer: IssuerConfig; readonly arrived: Arrived; readonly person: string }

const linkedTo = ({ issuer, arrived, person }: Linking, context: OperationContext) => ({
  link: { issuer: issuer.issuer, subject: arrived.subject, person, createdMs: context.clock.nowMs() },
  change: { operation: 'issuers.link' as const, object: person, before: null, after: { issuer: issuer.id } },
})

/** Somebody new, where anybody may sign up: the issuer has proven the mail address. */
const signUp = async (issuer: IssuerConfig, arrived: Arrived, context: OperationContext): Promise<PersonRow> => {
  const { ports, clock } = context
  const { mail } = arrived
  const known = mail === null ? null : await ports.identity.store.person(mail)
  if (mail === null || known !== null || !ports.signup().open)
    throw new Problem('permission_denied', {
      ...(known === null
        ? saying('issuer_unlinked', { issuer: issuer.title })
        : saying('issuer_to_link', { issuer: issuer.title })),
    })
  const { address } = visitOf(context)
  const person = { ...personOf({ mail, name: arrived.name ?? undefined }, context), verifiedMs: clock.nowMs() }
  const author = { ...context, actor: { name: `person:${person.id}`, scopes: [] } }
  const makeCustomer = (name: string): Promise<SignupRow> => {
    const rows = signupRowsOf({ name, mail, verified: true, address }, context)
    const after = { account: rows.signup.account, name, plan: rows.signup.plan, mail, issuer: issuer.id }
    const change = { operation: 'sign-up.create' as const, object: rows.signup.id, before: null, after }
    const request = { ...rows, owner: { ...rows.owner, person: person.id }, person }
    return ports.customers.signUp(request, trailRowOf(change, author))
  }
  const signup = await withFreeName(mail, makeCustomer, context)
  await ports.accountsChanged([{ id: signup.account, billing: 'prepaid', state: 'open', plan: signup.plan }])
  const linked = linkedTo({ issuer, arrived, person: person.id }, context)
  await ports.identity.store.addIssuerLink(linked.link, trailRowOf(linked.change, author))
  return person
}

/** The person that an issuer leads to; `null` = it leads to nobody. */
const linkedPerson = async (issuer: IssuerConfig, subject: string, context: OperationContext) => {
  const { store } = context.ports.identity
  const link = await store.issuerLink(issuer.issuer, subject)
  const person = link === null ? null : await store.person(link.person)
  // Once more after the person was read: what takes links away changes the person as well, and is seen by one or the other.
  return person !== null && (await store.issuerLink(issuer.issuer, subject))?.person === person.id ? person : null
}

/** Whoever has an authenticator app is asked for its code, unless the issuer is trusted to have asked for as much. */
const checkCode = async (
  { person, codes, keep }: { readonly person: PersonRow; readonly codes: Codes; readonly keep: () => Promise<void> },
  context: OperationContext,
): Promise<void> => {
  try {
    if (codes.totp === undefined && codes.recovery_code === undefined)
      return await checkSecondFactor(person, codes, context)
    const counted = await takeSignInTry(person.mail, context)
    await checkSecondFactor(person, codes, context)
    await counted.passed()
  } catch (thrown) {
    await keep()
    throw thrown
  }
}

const signIn = operation({
  noun: 'session',
  verb: 'oidc',
  summary:
    'Sign in with what an issuer of OpenID Connect sent back. Where a code is asked for, the same is sent once more with the code.',
  method: 'POST',
  path: '/session/oidc',
  scope: 'write',
  bodyBytesMax: 16 * 1024,
  input: cameBack.extend({
    ...codeFields(),
  }),
  output: sessionView,
  flags: [],
  run: async ({ ticket, query, ...codes }, context) => {
    const { issuer, arrived, keep } = await arrive({ ticket, query }, null, context)
    const linked = await linkedPerson(issuer, arrived.subject, context)
    if (linked !== null && !arrived.hasSecondFactor) await checkCode({ person: linked, codes, keep }, context)
    const person = linked ?? (await signUp(issuer, arrived, context))
    await checkVerified(person, context)
    return openSession({ person, key: null, organisation: null, method: 'oidc' }, context)
  },
})

const beginLink = operation({
  noun: 'issuers',
  verb: 'begin',
  summary: 'Begin to link an issuer to whoever is signed in.',
  method: 'POST',
  path: '/issuers/begin',
  scope: 'write',
  input: z.strictObject({ issuer: issuerField() }),
  output: beginView,
  flags: [],
  run: async ({ issuer }, context) => beginAt(issuerNamed(issuer, context), ownPerson(context).id, context),
})

const linkView = z.object({ issuer: z.string(), title: z.string(), created: z.string().describe('RFC 3339, UTC.') })

const link = operation({
  noun: 'issuers',
  verb: 'link',
  summary: 'Link the issuer with what it sent back.',
  method: 'POST',
  path: '/issuers',
  scope: 'write',
  bodyBytesMax: 16 * 1024,
  input: cameBack,
  output: linkView,
  flags: [],
  run: async (input, context) => {
    const person = ownPerson(context)
    const { issuer, arrived } = await arrive(input, person.id, context)
    const linked = linkedTo({ issuer, arrived, person: person.id }, context)
    await context.ports.identity.store.addIssuerLink(linked.link, trailRowOf(linked.change, context))
    write({ kind: 'changed', to: person.mail, about: `sign-in with ${issuer.title} added` }, context)
    return { issuer: issuer.id, title: issuer.title, created: rfc3339(linked.link.createdMs) }
  },
})

export const listLinks = operation({
  noun: 'issuers',
  verb: 'list',
  summary: 'Issuers that the person who asks is linked to.',
  method: 'GET',
  path: '/issuers',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(linkView) }),
  flags: [],
  run: async (_input, context) => {
    const { identity } = context.ports
    const links = await identity.store.issuerLinks(ownPerson(context).id)
    return {
      data: links.map(({ issuer, createdMs }) => {
        const found = identity.issuers().find((one) => one.issuer === issuer)
        return { issuer: found?.id ?? issuer, title: found?.title ?? issuer, created: rfc3339(createdMs) }
      }),
    }
  },
})

const unlink = operation({
  noun: 'issuers',
  verb: 'unlink',
  summary: 'Sign in with an issuer no more.',
  method: 'DELETE',
  path: '/issuers/{issuer}',
  scope: 'write',
  input: z.strictObject({ issuer: issuerField() }),
  output: z.object({ issuer: z.string() }),
  flags: [],
  run: async ({ issuer: id }, context) => {
    const { store } = context.ports.identity
    const person = ownPerson(context)
    const { issuer } = issuerNamed(id, context)
    const means = [person.password !== null, (await store.passkeys(person.id)).length > 0]
    if (!means.includes(true))
      throw new Problem('conflict', {
        ...saying('nothing_left_to_sign_in'),
      })
    const change = { operation: 'issuers.unlink' as const, object: person.id, before: { issuer: id }, after: null }
    if (!(await store.removeIssuerLink({ issuer, person: person.id }, trailRowOf(change, context))))
      throw new Problem('not_found', { ...saying('not_linked', { id }), param: 'issuer' })
    write({ kind: 'changed', to: person.mail, about: `sign-in with ${id} removed` }, context)
    return { issuer: id }
  },
})

export const issuerOperations = [begin, signIn, beginLink, link, listLinks, unlink] as const
