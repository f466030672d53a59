/** Takes one account with its keys over from another relay. A second run finds everything there and changes nothing. */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { nanoOf } from '#base/money.ts'
import { sha256DigestOf } from '#policy/key.ts'
import { unlimitedKey } from '#policy/key-facts.ts'
import { nameField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import type { AccountRow, KeyRow } from './rows.ts'
import { trailRowOf } from './trail-row.ts'

const amountHint = 'must be a decimal with at most 9 digits before and 9 after the point, such as "25.00"'

const limit = () => z.int().min(1).max(1_000_000_000).nullable().default(null)

const importedKey = z.strictObject({
  ref: z.string().min(1).max(200).describe("The source's own name for it."),
  name: nameField(),
  key: z
    .string()
    .regex(/^sk-[!-+\--~]{29,509}$/, 'must be a key that begins with "sk-" and has 32 characters or more')
    .nullable()
    .default(null),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null)
    .describe('Where the source knows only the SHA-256 of the key.'),
  models: z.array(z.string().min(1).max(200)).min(1).max(1000).nullable().default(null),
  rpm: limit(),
  tpm: limit(),
  concurrency: limit(),
  budget: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, amountHint)
    .nullable()
    .default(null),
  budget_period: z.enum(['day', 'week', 'month']).nullable().default(null),
  addresses: z.array(z.string().min(1).max(50)).nullable().default(null),
  expires: z.iso.datetime().nullable().default(null),
})

const input = z.strictObject({
  source: z.enum(['one-api', 'new-api', 'litellm']),
  ref: z
    .string()
    .min(1)
    .max(200)
    .describe("The source's own name for the account: a second run means the same one by it."),
  name: nameField().describe('Of the account; where another has it, the source is put behind it.'),
  billing: z.enum(['prepaid', 'unlimited']),
  opening_usd: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, amountHint)
    .default('0'),
  suspended: z.boolean().default(false),
  keys: z.array(importedKey).max(1000).default([]),
})

type Input = z.output<typeof input>

/** An id that follows from what the source calls the thing. */
const idFor = (prefix: string, ...names: readonly string[]): string =>
  `${prefix}_${createHash('sha256').update(names.join('\u0000')).digest('hex').slice(0, 26)}`

const accountFor = async (
  given: Input,
  context: OperationContext,
): Promise<{ readonly account: AccountRow; readonly isNew: boolean }> => {
  const { store } = context.ports
  const id = idFor('acc', given.source, given.ref)
  const known = await store.account(id)
  if (known !== null) return { account: known, isNew: false }
  const createdMs = context.clock.nowMs()
  const isTaken = (await store.account(given.name)) !== null
  const name = isTaken ? `${given.name.slice(0, 60)} (${given.source} ${given.ref.slice(0, 25)})` : given.name
  const organisation = { id: idFor('org', given.source, given.ref), name, createdMs }
  const project = {
    id: idFor('prj', given.source, given.ref),
    organisation: organisation.id,
    name: 'default',
    createdMs,
    archivedMs: null,
  }
  const account: AccountRow = { id, organisation: organisation.id, name, billing: given.billing, plan: null, createdMs }
  const change = {
    operation: 'import.account' as const,
    object: id,
    before: null,
    after: { source: given.source, ref: given.ref, name, billing: given.billing },
  }
  await store.createAccount({ organisation, project, account }, trailRowOf(change, context))
  await context.ports.accountsChanged([{ id, billing: given.billing, state: 'open', plan: null }])
  return { account, isNew: true }
}

const rowOf = (
  given: Input,
  { key, account }: { readonly key: Input['keys'][number]; readonly account: AccountRow },
  context: OperationContext,
): KeyRow => ({
  ...unlimitedKey,
  id: idFor('key', given.source, given.ref, key.ref),
  name: key.name,
  organisation: account.organisation,
  project: null,
  member: null,
  account: account.id,
  purpose: 'model',
  test: false,
  models: key.models,
  requestsPerMinute: key.rpm,
  tokensPerMinute: key.tpm,
  concurrency: key.concurrency,
  addresses: key.addresses,
  budgetNanoUsd: key.budget === null || key.budget_period === null ? null : nanoOf(key.budget),
  budgetPeriod: key.budget === null ? null : key.budget_period,
  createdMs: context.clock.nowMs(),
  expiresMs: key.expires === null ? null : Date.parse(key.expires),
  ending: key.key === null ? 'hash' : key.key.slice(-4),
  digest: key.key === null ? sha256DigestOf(key.sha256 ?? '') : context.ports.digestKey(key.key),
})

/** Gives the rows that are new. */
const addKeys = async (given: Input, account: AccountRow, context: OperationContext): Promise<readonly KeyRow[]> => {
  const added: KeyRow[] = []
  for (const key of given.keys) {
    if (key.key === null && key.sha256 === null) continue
    const row = rowOf(given, { key, account }, context)
    if ((await context.ports.store.key(row.id)) !== null) continue
    const after = { source: given.source, account: account.id, name: row.name, ending: row.ending }
    await context.ports.store.createKey(
      row,
      trailRowOf({ operation: 'import.key', object: row.id, before: null, after }, context),
    )
    added.push(row)
  }
  if (added.length > 0) await context.ports.keysChanged(added)
  return added
}

/** Once: the lot's id follows from the account's. Gives whether there is anything to open with. */
const open = async (given: Input, account: AccountRow, context: OperationContext): Promise<boolean> => {
  const amountNanoUsd = nanoOf(given.opening_usd)
  if (amountNanoUsd === 0n) return false
  const lot = idFor('lot', given.source, given.ref, 'opening')
  const after = { account: account.id, lot, usd: given.opening_usd, source: given.source }
  await context.ports.store.grantCredit(
    {
      lot,
      account: account.id,
      kind: 'paid',
      amountNanoUsd,
      priority: 50,
      expiresMs: null,
      nowMs: context.clock.nowMs(),
      method: 'opening',
      reason: `opening balance from ${given.source}`,
    },
    trailRowOf({ operation: 'import.opening', object: account.id, before: null, after }, context),
  )
  return true
}

const importAccount = operation({
  noun: 'imports',
  verb: 'account',
  summary: 'Take an account with its keys and opening balance over from another relay; a repeat changes nothing.',
  method: 'POST',
  path: '/imports/account',
  scope: 'secrets',
  input,
  output: z.object({
    id: z.string(),
    name: z.string(),
    created: z.boolean(),
    opening_usd: z.string(),
    keys: z.int().describe('Keys that are new.'),
    known_keys: z.int().describe('Keys that were there already.'),
  }),
  flags: [],
  run: async (given, context) => {
    const { account, isNew } = await accountFor(given, context)
    await open(given, account, context)
    const added = await addKeys(given, account, context)
    if (isNew && given.suspended) {
      const change = {
        operation: 'accounts.suspend' as const,
        object: account.id,
        before: { state: 'open' },
        after: { state: 'suspended' },
      }
      await context.ports.store.setAccountState(account.id, 'suspended', trailRowOf(change, context))
      await context.ports.accountsChanged([
        { id: account.id, billing: account.billing, state: 'suspended', plan: account.plan },
      ])
    }
    return {
      id: account.id,
      name: account.name,
      created: isNew,
      opening_usd: given.opening_usd,
      keys: added.length,
      known_keys: given.keys.length - added.length,
    }
  },
})

export const importOperations = [importAccount] as const
