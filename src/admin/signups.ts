/** Sign-up: an account at once, its credit when mail address, caps and time allow. What a public door calls. */

import { isIP } from 'node:net'
import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { subscriberOf } from '#identity/network.ts'
import { domainOf, isSharedDomain, normalMail } from '#ledger/signup.ts'
import { handleField, nameField, pageFields, pageOf } from './field.ts'
import { mailField } from './members.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { planNamed } from './plans.ts'
import type { NewSignup, SignupRow } from './port.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

const signupView = z.object({
  id: z.string(),
  account: z.string(),
  state: z
    .enum(['unverified', 'waiting', 'released', 'refused'])
    .describe('Of the credit: the mail address is not verified, it waits for its time, it was given, it is not given.'),
  reason: z.string().nullable(),
  plan: z.string().nullable(),
  credit_usd: z.string(),
  created: z.string().describe('RFC 3339, UTC.'),
  verified: z.string().nullable().describe('RFC 3339, UTC.'),
  release: z.string().nullable().describe('When the credit is given. RFC 3339, UTC.'),
  lot: z.string().nullable(),
})

const timeOf = (timeMs: number | null): string | null => (timeMs === null ? null : rfc3339(timeMs))

const viewOf = (row: SignupRow): z.input<typeof signupView> => ({
  id: row.id,
  account: row.account,
  state: row.state,
  reason: row.reason,
  plan: row.plan,
  credit_usd: decimalOf(row.creditNanoUsd),
  created: rfc3339(row.createdMs),
  verified: timeOf(row.verifiedMs),
  release: timeOf(row.releaseMs),
  lot: row.lot,
})

const createInput = z.strictObject({
  name: nameField().describe('The name of the organisation and its account.'),
  mail: mailField().describe('The mail address of its first owner.'),
  verified: z.boolean().default(false).describe('Whether the address is known to be theirs already.'),
  address: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an IP address')
    .optional()
    .describe('The network address that they sign up from.'),
  payment: z.string().min(1).max(500).optional().describe('The fingerprint of their means of payment.'),
})

/** An address as sign-ups keep it. */
export const signupMailOf = (mail: string, { ports }: Pick<OperationContext, 'ports'>): string =>
  ports.digestKey(`signup mail ${normalMail(mail)}`)

/** What is compared and never shown is kept as a digest, with the name of its kind in it. */
const signupOf = (input: z.output<typeof createInput>, account: string, context: OperationContext): SignupRow => {
  const { clock, ids, ports } = context
  const { plan: name } = ports.signup()
  const plan = name === null ? null : planNamed(name, ports)
  const digest = (kind: string, text: string): string => ports.digestKey(`signup ${kind} ${text}`)
  const domain = domainOf(input.mail)
  const createdMs = clock.nowMs()
  return {
    id: ids.next('sgn'),
    account,
    state: 'unverified',
    reason: null,
    plan: plan?.name ?? null,
    creditNanoUsd: plan?.signupCreditNanoUsd ?? 0n,
    creditLastsMs: plan?.signupCreditExpiresMs ?? null,
    mail: signupMailOf(input.mail, context),
    domain: isSharedDomain(domain) ? '' : domain,
    address: input.address === undefined ? null : digest('address', subscriberOf(input.address)),
    fingerprint: input.payment === undefined ? null : digest('payment', input.payment),
    createdMs,
    verifiedMs: input.verified ? createdMs : null,
    releaseMs: null,
    lot: null,
  }
}

/** What the input asks for, as rows. */
export const signupRowsOf = (input: z.output<typeof createInput>, context: OperationContext): NewSignup => {
  const { clock, ids, ports } = context
  const createdMs = clock.nowMs()
  const organisation = { id: ids.next('org'), name: input.name, createdMs }
  const of = { organisation: organisation.id, createdMs }
  const signup = signupOf(input, ids.next('acc'), context)
  const account = { ...of, id: signup.account, name: input.name, billing: 'prepaid', plan: signup.plan } as const
  return {
    rows: { organisation, project: { ...of, id: ids.next('prj'), name: 'default', archivedMs: null }, account },
    owner: { ...of, id: ids.next('mem'), mail: input.mail, role: 'owner', removedMs: null },
    signup,
    rules: ports.signup().rules,
  }
}

const create = operation({
  noun: 'signups',
  verb: 'create',
  summary: 'Sign somebody up: a prepaid account, its owner, and sign-up credit within the rules of `signup`.',
  method: 'POST',
  path: '/signups',
  scope: 'write',
  input: createInput,
  output: signupView,
  flags: [],
  render: (signup) =>
    `${signup.account}: credit ${signup.state}${signup.reason === null ? '' : `, ${signup.reason}`}\n`,
  run: async (input, context) => {
    const { ports } = context
    if (!ports.signup().open)
      throw new Problem('permission_denied', {
        message:
          "Nobody may sign up here: 'signup.open' is not set. Operators make accounts with 'drover accounts create'.",
      })
    const request = signupRowsOf(input, context)
    const after = { account: request.signup.account, name: input.name, plan: request.signup.plan }
    const change = { operation: 'signups.create' as const, object: request.signup.id, before: null, after }
    const row = await ports.customers.signUp(request, trailRowOf(change, context))
    await ports.accountsChanged([{ id: row.account, billing: 'prepaid', state: 'open', plan: row.plan }])
    return viewOf(row)
  },
})

const list = operation({
  noun: 'signups',
  verb: 'list',
  summary: 'List sign-ups, the oldest first, with what became of their credit.',
  method: 'GET',
  path: '/signups',
  scope: 'read',
  input: z.strictObject(pageFields(1000)),
  output: z.object({ data: z.array(signupView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'ACCOUNT', 'CREDIT', 'STATE', 'RELEASE', 'REASON'],
      data.map((one) => [one.id, one.account, one.credit_usd, one.state, one.release, one.reason]),
    ),
  run: async ({ limit, after }, { ports }) => {
    const page = pageOf(await ports.customers.signups({ limit, after: after ?? null }), limit)
    return { data: page.data.map(viewOf), next: page.next }
  },
})

const idField = () => handleField().describe("The sign-up's id.")
const idFlag = { field: 'id', positional: true, describe: "The sign-up's id." } as const
const render = (signup: z.output<typeof signupView>): string => `${signup.id}: credit ${signup.state}\n`

const verify = operation({
  noun: 'signups',
  verb: 'verify',
  summary: 'Note that the mail address is theirs. The caps are looked at once more, and the credit waits for its time.',
  method: 'POST',
  path: '/signups/{id}/verify',
  scope: 'write',
  input: z.strictObject({ id: idField() }),
  output: signupView,
  flags: [idFlag],
  render,
  run: async ({ id }, context) => {
    const { ports, clock } = context
    const change = { operation: 'signups.verify' as const, object: id, before: null, after: { verified: true } }
    const request = { id, nowMs: clock.nowMs(), rules: ports.signup().rules }
    return viewOf(await ports.customers.verifySignup(request, trailRowOf(change, context)))
  },
})

const release = operation({
  noun: 'signups',
  verb: 'release',
  summary: 'Give the credit now, whatever the rules say.',
  method: 'POST',
  path: '/signups/{id}/release',
  scope: 'write',
  input: z.strictObject({ id: idField() }),
  output: signupView,
  flags: [idFlag],
  render,
  run: async ({ id }, context) => {
    const change = { operation: 'signups.release' as const, object: id, before: null, after: { state: 'released' } }
    const request = { id, nowMs: context.clock.nowMs(), refuse: null }
    return viewOf(await context.ports.customers.decideSignup(request, trailRowOf(change, context)))
  },
})

const refuse = operation({
  noun: 'signups',
  verb: 'refuse',
  summary: 'Give no credit for a sign-up. The account stays.',
  method: 'POST',
  path: '/signups/{id}/refuse',
  scope: 'write',
  input: z.strictObject({ id: idField(), reason: z.string().min(1).max(500).describe('Why, for the trail.') }),
  output: signupView,
  flags: [idFlag],
  render,
  run: async ({ id, reason }, context) => {
    const change = {
      operation: 'signups.refuse' as const,
      object: id,
      before: null,
      after: { state: 'refused', reason },
    }
    const request = { id, nowMs: context.clock.nowMs(), refuse: reason }
    return viewOf(await context.ports.customers.decideSignup(request, trailRowOf(change, context)))
  },
})

export const signupOperations = [create, list, verify, release, refuse] as const
