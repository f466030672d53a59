/** Plans: what an account's keys may do together. Those that drover.yaml declares are changed there. */

import { z } from 'zod'
import { decimalOf, nanoOf } from '#base/money.ts'
import { percentText } from '#base/price-rule.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { durationMsOf, nameForm } from '#base/settings.ts'
import type { PlanFacts } from '#policy/plan.ts'
import { upgradesFrom } from '#policy/plan.ts'
import { durationText } from './apply-step.ts'
import { basisPointsOf, feeField } from './fee.ts'
import type { AdminPorts, OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import type { Upgrade } from './port.ts'
import { table } from './render.ts'
import type { AccountRow } from './rows.ts'
import type { Author } from './trail-row.ts'
import { trailRowOf } from './trail-row.ts'

const planView = z.object({
  name: z.string(),
  rpm: z.int().nullable(),
  rpd: z.int().nullable(),
  tpm: z.int().nullable(),
  tpd: z.int().nullable(),
  concurrency: z.int().nullable(),
  slice_tokens: z.int().nullable().describe('Output tokens that holds of streams grow by; null = 1024.'),
  signup_credit_usd: z.string().nullable(),
  signup_credit_expires_ms: z.int().nullable(),
  upgrade_at_paid_usd: z.string().nullable(),
  open: z.boolean().describe('Whether customers may change to it by themselves.'),
  own_credentials_fee: z
    .string()
    .nullable()
    .describe('The relay fee on calls with a credential of the customer’s own; null = only the operator adds one.'),
  origin: z.enum(['file', 'store']).describe('`file` = declared in drover.yaml, and changed there.'),
})

const usd = (amount: bigint | null): string | null => (amount === null ? null : decimalOf(amount))

/** `5%`; `null` = customers bring none. */
export const feeText = (basisPoints: number | null | undefined): string | null =>
  basisPoints == null ? null : percentText(basisPoints)

/** A plan as a file for `apply` says it. */
export const planInFile = (plan: PlanFacts) => ({
  rpm: plan.requestsPerMinute,
  rpd: plan.requestsPerDay,
  tpm: plan.tokensPerMinute,
  tpd: plan.tokensPerDay,
  concurrency: plan.concurrency,
  slice_tokens: plan.sliceTokens ?? null,
  signup_credit: usd(plan.signupCreditNanoUsd),
  signup_credit_expires: durationText(plan.signupCreditExpiresMs),
  upgrade_at_paid_usd: usd(plan.upgradeAtPaidNanoUsd),
  open: plan.isOpen ?? false,
  own_credentials_fee: feeText(plan.ownCredentialFeeBasisPoints),
})

const viewOf = (plan: PlanFacts): z.input<typeof planView> => {
  const { signup_credit, signup_credit_expires: _text, ...fields } = planInFile(plan)
  return {
    ...fields,
    name: plan.name,
    signup_credit_usd: signup_credit,
    signup_credit_expires_ms: plan.signupCreditExpiresMs,
    origin: plan.origin,
  }
}

/** A plan by name. Throws Problem `not_found`. */
export const planNamed = (name: string, ports: Pick<AdminPorts, 'plans'>): PlanFacts => {
  const plan = ports.plans().get(name)
  if (plan !== undefined) return plan
  const names = [...ports.plans().keys()]
  throw new Problem('not_found', {
    ...saying('no_plan', { name, plans: names.slice(0, 10) }),
    param: 'plan',
  })
}

/** Where an account comes to by paying; `undefined` = nowhere. */
export const upgradeOf = (
  account: AccountRow,
  context: Author & { readonly ports: Pick<OperationContext['ports'], 'plans'> },
): Upgrade | undefined => {
  const plans = context.ports.plans()
  const plan = account.plan === null ? undefined : plans.get(account.plan)
  if (plan === undefined) return undefined
  const steps = upgradesFrom(plans, plan).map(({ name, upgradeAtPaidNanoUsd }) => ({
    plan: name,
    atPaidNanoUsd: upgradeAtPaidNanoUsd ?? 0n,
    trail: trailRowOf(
      {
        operation: 'accounts.upgrade' as const,
        object: account.id,
        before: { plan: plan.name },
        after: { plan: name },
      },
      context,
    ),
  }))
  return steps.length === 0 ? undefined : { from: plan.name, steps }
}

const limitField = (what: string) => z.int().min(1).max(1_000_000_000).optional().describe(what)
const usdField = (what: string) =>
  z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "25.00"')
    .optional()
    .describe(what)

/** What is given of a plan. */
export const planFields = {
  rpm: limitField('Requests a minute.'),
  rpd: limitField('Requests a day.'),
  tpm: limitField('Tokens a minute.'),
  tpd: limitField('Tokens a day.'),
  concurrency: limitField('Calls under way at once.'),
  slice_tokens: z
    .int()
    .min(256)
    .max(65_536)
    .optional()
    .describe('Output tokens that the hold of a stream grows by where credit is short (1024 unless given).'),
  signup_credit: usdField('USD of promotional credit for a new account.'),
  signup_credit_expires: z
    .string()
    .refine((text) => durationMsOf(text) !== null, 'must be a duration such as 30d')
    .optional()
    .describe('When that credit ends: a duration such as 30d.'),
  upgrade_at_paid_usd: usdField('The plan is given to an account that has paid this much.'),
  open: z.boolean().optional().describe('Whether customers may change to it by themselves.'),
  own_credentials_fee: feeField()
    .optional()
    .describe('Customers may bring credentials of their own, for this relay fee, such as 5%.'),
}

/** Where what is given of a plan is kept. */
const factOf = {
  rpm: 'requestsPerMinute',
  rpd: 'requestsPerDay',
  tpm: 'tokensPerMinute',
  tpd: 'tokensPerDay',
  concurrency: 'concurrency',
  slice_tokens: 'sliceTokens',
  signup_credit: 'signupCreditNanoUsd',
  signup_credit_expires: 'signupCreditExpiresMs',
  upgrade_at_paid_usd: 'upgradeAtPaidNanoUsd',
  open: 'isOpen',
  own_credentials_fee: 'ownCredentialFeeBasisPoints',
} as const satisfies Readonly<Record<keyof typeof planFields, keyof PlanFacts>>

type PlanField = keyof typeof factOf

const withoutField = z
  .array(z.enum(Object.keys(factOf) as [PlanField, ...PlanField[]]))
  .default([])
  .describe('What the plan is to have no more: a limit, a credit, `open` …')

type Given = { readonly [Name in keyof typeof planFields]?: z.output<(typeof planFields)[Name]> }

const nothing: Omit<PlanFacts, 'name' | 'origin'> = {
  requestsPerMinute: null,
  requestsPerDay: null,
  tokensPerMinute: null,
  tokensPerDay: null,
  concurrency: null,
  signupCreditNanoUsd: null,
  signupCreditExpiresMs: null,
  upgradeAtPaidNanoUsd: null,
}

const amountOf = (text: string | undefined, fallback: bigint | null): bigint | null =>
  text === undefined ? fallback : nanoOf(text)

/** What is given over what there was. */
const changed = (name: string, before: Omit<PlanFacts, 'name' | 'origin'>, given: Given): PlanFacts => ({
  name,
  requestsPerMinute: given.rpm ?? before.requestsPerMinute,
  requestsPerDay: given.rpd ?? before.requestsPerDay,
  tokensPerMinute: given.tpm ?? before.tokensPerMinute,
  tokensPerDay: given.tpd ?? before.tokensPerDay,
  concurrency: given.concurrency ?? before.concurrency,
  sliceTokens: given.slice_tokens ?? before.sliceTokens ?? null,
  signupCreditNanoUsd: amountOf(given.signup_credit, before.signupCreditNanoUsd),
  signupCreditExpiresMs:
    given.signup_credit_expires === undefined
      ? before.signupCreditExpiresMs
      : durationMsOf(given.signup_credit_expires),
  upgradeAtPaidNanoUsd: amountOf(given.upgrade_at_paid_usd, before.upgradeAtPaidNanoUsd),
  isOpen: given.open ?? before.isOpen ?? false,
  ownCredentialFeeBasisPoints:
    given.own_credentials_fee === undefined
      ? (before.ownCredentialFeeBasisPoints ?? null)
      : basisPointsOf(given.own_credentials_fee),
  origin: 'store',
})

const keep = async (plan: PlanFacts, before: PlanFacts | null, context: OperationContext) => {
  const { ports, clock } = context
  const change = {
    operation: before === null ? ('plans.create' as const) : ('plans.set' as const),
    object: plan.name,
    before: before === null ? null : viewOf(before),
    after: viewOf(plan),
  }
  await ports.customers.setPlan(plan, clock.nowMs(), trailRowOf(change, context))
  await ports.customersChanged()
  return viewOf(plan)
}

const nameField = () => z.string().regex(nameForm, "must be letters, digits, '.', '_' and '-'").describe('Its name.')

const create = operation({
  noun: 'plans',
  verb: 'create',
  summary: 'Make a plan.',
  method: 'POST',
  path: '/plans',
  scope: 'write',
  input: z.strictObject({ name: nameField(), ...planFields }),
  output: planView,
  flags: [],
  render: (plan) => `${plan.name}\n`,
  run: async ({ name, ...given }, context) => {
    if (context.ports.plans().has(name))
      throw new Problem('conflict', {
        ...saying('plan_exists', { name }),
        param: 'name',
      })
    return keep(changed(name, nothing, given as Given), null, context)
  },
})

const list = operation({
  noun: 'plans',
  verb: 'list',
  summary: 'List plans, those of drover.yaml and those made here.',
  method: 'GET',
  path: '/plans',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(planView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['NAME', 'RPM', 'RPD', 'TPM', 'TPD', 'CALLS', 'SIGN-UP USD', 'AT PAID USD', 'FROM'],
      data.map((plan) => [
        plan.name,
        plan.rpm,
        plan.rpd,
        plan.tpm,
        plan.tpd,
        plan.concurrency,
        plan.signup_credit_usd,
        plan.upgrade_at_paid_usd,
        plan.origin,
      ]),
    ),
  run: async (_input, { ports }) => ({ data: [...ports.plans().values()].map(viewOf) }),
})

const set = operation({
  noun: 'plans',
  verb: 'set',
  summary:
    'Change what is given of a plan, and take away what --without names; the rest stays. In force at once for every account that has it.',
  method: 'PATCH',
  path: '/plans/{name}',
  scope: 'write',
  input: z.strictObject({ name: nameField(), ...planFields, without: withoutField }).superRefine((input, context) => {
    for (const field of input.without)
      if (input[field] !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['without'],
          message: `takes away '${field}', which is given as well`,
        })
  }),
  output: planView,
  flags: [{ field: 'name', positional: true, describe: "The plan's name." }],
  render: (plan) => `${plan.name} is changed\n`,
  run: async ({ name, without, ...given }, context) => {
    const before = planNamed(name, context.ports)
    if (before.origin === 'file')
      throw new Problem('conflict', {
        ...saying('plan_declared', { name }),
        param: 'name',
      })
    const less = { ...before, ...Object.fromEntries(without.map((field) => [factOf[field], null])) }
    return keep(changed(name, less, given as Given), before, context)
  },
})

export const planOperations = [create, list, set] as const
