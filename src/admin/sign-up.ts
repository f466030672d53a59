/** Sign-up by the people themselves, where the operator allows it: a link in a mail proves the address before anybody is let in. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { subscriberOf } from '#identity/network.ts'
import type { PersonRow } from '#identity/port.ts'
import { tokenDigest } from '#identity/session.ts'
import { nameField } from './field.ts'
import { withFreeName } from './free-name.ts'
import { linkOf, newToken, tokenField, write } from './link.ts'
import { mailField } from './members.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { resetByMail } from './password.ts'
import { hashOf, passwordField, personOf } from './person.ts'
import { openSession } from './session.ts'
import { sessionView } from './session-view.ts'
import { signupRowsOf } from './signups.ts'
import { trailRowOf } from './trail-row.ts'
import { takeTurn } from './turn.ts'
import { releaseSignups, sendVerification } from './verification.ts'
import { visitOf } from './visit.ts'

const hourMs = 3_600_000

const show = operation({
  noun: 'sign-up',
  verb: 'show',
  summary: 'What a page for signing in and up has to offer.',
  method: 'GET',
  path: '/sign-up',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({
    open: z.boolean().describe('Whether anybody may sign up.'),
    verify_email: z.boolean().describe('Whether a link in a mail comes before the first sign-in.'),
    reset: z.boolean().describe('Whether a forgotten password can be reset by mail.'),
    credit_usd: z.string().nullable().describe('What new customers are given; null = nothing.'),
    credit_expires_ms: z.int().nullable(),
    issuers: z.array(z.object({ id: z.string(), title: z.string() })).describe('Sign-in by OpenID Connect.'),
  }),
  flags: [],
  run: async (_input, { ports }) => {
    const { open, plan: name, rules } = ports.signup()
    const plan = open && name !== null ? ports.plans().get(name) : undefined
    const credit = plan?.signupCreditNanoUsd ?? null
    return {
      open,
      verify_email: rules.verifyMail,
      reset: ports.identity.mails(),
      credit_usd: credit === null ? null : decimalOf(credit),
      credit_expires_ms: plan?.signupCreditExpiresMs ?? null,
      issuers: ports.identity.issuers().map(({ id, title }) => ({ id, title })),
    }
  },
})

const checkOpen = ({ ports }: OperationContext): void => {
  const { open, rules } = ports.signup()
  if (!open) throw new Problem('permission_denied', { ...saying('no_sign_up') })
  if (rules.verifyMail && !ports.identity.mails())
    throw new Problem('permission_denied', {
      ...saying('sign_up_needs_mail'),
    })
}

/** To whoever has the address already; the page says the same as for anybody else. */
const tellKnown = async (person: PersonRow, context: OperationContext): Promise<void> => {
  const { token, row } = newToken({ ...resetByMail, person: person.id }, context)
  const { store, identity } = context.ports
  const author = { ...context, actor: { name: 'visitor', scopes: [] } }
  const change = { operation: 'sign-up.known' as const, object: person.id, before: null, after: { mail: person.mail } }
  // Two writes, as for somebody new.
  await store.noteChange(trailRowOf(change, author))
  await identity.store.keepToken(row, null)
  write({ kind: 'known', to: person.mail, link: linkOf('reset', token, context) }, context)
}

const createInput = z.strictObject({
  email: mailField().describe('The mail address to sign in with.'),
  password: passwordField(),
  organisation: nameField().describe('What the organisation is called.'),
  name: nameField().optional().describe('What the person is called.'),
})

type Making = { readonly input: z.output<typeof createInput>; readonly password: string }

const makeCustomer = async ({ input, password }: Making, organisation: string, context: OperationContext) => {
  const { ports } = context
  const { address } = visitOf(context)
  const person = { ...personOf({ mail: input.email, name: input.name }, context), password }
  const wanted = { name: organisation, mail: input.email, verified: false, address }
  const rows = signupRowsOf(wanted, context)
  const request = { ...rows, owner: { ...rows.owner, person: person.id }, person }
  const actor = { name: `person:${person.id}`, scopes: [] }
  const after = { account: request.signup.account, name: organisation, plan: request.signup.plan, mail: input.email }
  const change = { operation: 'sign-up.create' as const, object: request.signup.id, before: null, after }
  const signup = await ports.customers.signUp(request, trailRowOf(change, { ...context, actor }))
  await ports.accountsChanged([{ id: signup.account, billing: 'prepaid', state: 'open', plan: signup.plan }])
  return person
}

/** `null` = somebody came with the same address at the same moment. */
const makeNamed = async (making: Making, context: OperationContext): Promise<PersonRow | null> => {
  try {
    return await withFreeName(making.input.organisation, (name) => makeCustomer(making, name, context), context)
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.code === 'conflict' && thrown.detail.param === 'mail') return null
    throw thrown
  }
}

/** The same answer after the same work, whether somebody has the address or not. */
const beginByMail = async (making: Making, context: OperationContext): Promise<void> => {
  const { store } = context.ports.identity
  const { email } = making.input
  const known = await store.person(email)
  const person = known === null ? await makeNamed(making, context) : null
  if (person !== null) return sendVerification(person, context)
  const other = known ?? (await store.person(email))
  if (other !== null) await tellKnown(other, context)
}

const create = operation({
  noun: 'sign-up',
  verb: 'create',
  summary:
    'Sign up: an organisation with its account, and the person who owns it. A link in a mail comes before anything else.',
  method: 'POST',
  path: '/sign-up',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: createInput,
  output: z.object({
    state: z.enum(['mail_sent', 'signed_in']).describe('`mail_sent`: go on with the link in it.'),
    session: sessionView.nullable(),
  }),
  flags: [],
  run: async (input, context) => {
    const { ports } = context
    checkOpen(context)
    const from = subscriberOf(visitOf(context).address)
    await takeTurn({ what: 'sign-up', of: from, max: 10, windowMs: hourMs }, context)
    // Each try sends a letter to the address, whoever asks for it.
    await takeTurn({ what: 'sign-up for', of: input.email, max: 5, windowMs: hourMs }, context)
    const password = await hashOf(input.password, input.email, context)
    const making = { input, password }
    if (ports.signup().rules.verifyMail) {
      await beginByMail(making, context)
      return { state: 'mail_sent' as const, session: null }
    }
    const person = await makeNamed(making, context)
    if (person === null)
      throw new Problem('conflict', {
        ...saying('mail_taken'),
        param: 'email',
      })
    const opening = { person, key: null, organisation: null, method: 'password' } as const
    return { state: 'signed_in' as const, session: await openSession(opening, context) }
  },
})

const verify = operation({
  noun: 'sign-up',
  verb: 'verify',
  summary: 'Prove the mail address by the link that was sent; sign-up credit follows, and the person is signed in.',
  method: 'POST',
  path: '/sign-up/verify',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({ token: tokenField() }),
  output: sessionView,
  flags: [],
  run: async ({ token }, context) => {
    visitOf(context).checkKeep()
    const { clock, ports } = context
    const { store } = ports.identity
    const nowMs = clock.nowMs()
    const row = await store.takeToken(tokenDigest(token), 'verify', nowMs)
    if (row === null || row.person === null)
      throw new Problem('not_found', {
        ...saying('sign_up_link_over'),
        param: 'token',
      })
    const actor = { name: `person:${row.person}`, scopes: [] }
    const author = { ...context, actor }
    const change = { operation: 'people.verify' as const, object: row.person, before: null, after: { verified: true } }
    const { row: person } = await store.changePerson(
      { person: row.person, verifiedMs: nowMs },
      nowMs,
      trailRowOf(change, author),
    )
    await releaseSignups(person.id, author)
    return openSession({ person, key: null, organisation: null, method: 'link' }, context)
  },
})

export const signUpOperations = [show, create, verify] as const
