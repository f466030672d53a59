/** Terms of sale: which are in force, and who has accepted them. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { trailRowOf } from './trail-row.ts'

const view = z.object({
  account: z.string(),
  version: z.string().nullable().describe('Of the terms in force; null = none are asked for.'),
  url: z.string().nullable(),
  accepted: z.boolean(),
  accepted_at: z.string().nullable().describe('RFC 3339, UTC.'),
  accepted_by: z.string().nullable(),
})

const viewFor = async (account: string, { ports }: OperationContext): Promise<z.input<typeof view>> => {
  const { cashier } = ports.payments
  const { terms } = cashier.shop()
  const found = terms === null ? null : await cashier.store.acceptedTerms(account, terms.version)
  return {
    account,
    version: terms?.version ?? null,
    url: terms?.url ?? null,
    accepted: found !== null,
    accepted_at: found === null ? null : rfc3339(found.acceptedMs),
    accepted_by: found?.actor ?? null,
  }
}

/** Writes down that an account accepts a version: the one in force, or it is refused. */
export const acceptTerms = async (account: string, version: string, context: OperationContext): Promise<void> => {
  const { cashier } = context.ports.payments
  const inForce = cashier.shop().terms?.version ?? null
  if (version !== inForce)
    throw new Problem('conflict', {
      ...(inForce === null ? saying('no_terms') : saying('other_terms', { version: inForce, given: version })),
      param: 'version',
    })
  const acceptance = { account, version, acceptedMs: context.clock.nowMs(), actor: context.actor.name }
  const change = { operation: 'payments.accept-terms' as const, object: account, before: null, after: { version } }
  await cashier.store.acceptTerms(acceptance, trailRowOf(change, context))
}

const show = operation({
  noun: 'payments',
  verb: 'terms',
  summary: 'The terms of sale in force, and whether an account has accepted them.',
  method: 'GET',
  path: '/payments/terms/{account}',
  scope: 'read',
  input: z.strictObject({ account: handleField().describe('The account: id or name.') }),
  output: view,
  flags: [],
  run: async (input, context) => viewFor((await accountNamed(input.account, context)).id, context),
})

const accept = operation({
  noun: 'payments',
  verb: 'accept-terms',
  summary: 'Write down that an account has accepted the terms of sale in force.',
  method: 'POST',
  path: '/payments/terms/{account}',
  scope: 'write',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    version: z.string().min(1).max(100).describe('The version that the payer was shown.'),
  }),
  output: view,
  flags: [],
  run: async (input, context) => {
    const { id } = await accountNamed(input.account, context)
    await acceptTerms(id, input.version, context)
    return viewFor(id, context)
  },
})

export const termsOperations = [show, accept] as const
