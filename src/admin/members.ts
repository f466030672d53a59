/** Members: the people of an organisation, and what each may do. They are let in by an invitation. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Role } from '#identity/role.ts'
import { rankOf, roles } from '#identity/role.ts'
import { accountNamed } from './credits.ts'
import { handleField, pageFields, pageOf } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import type { MemberRow } from './rows.ts'
import { trailRowOf } from './trail-row.ts'

/** What somebody may do. */
export const roleField = () =>
  z.enum(roles).describe('`owner`, `admin`, `billing`, `developer`, `viewer` or `auditor`.')

const memberView = z.object({
  id: z.string(),
  mail: z.string().nullable(),
  signs_in: z.boolean().describe('Whether somebody signs in as this member.'),
  role: roleField(),
  organisation: z.string(),
  created: z.string().describe('RFC 3339, UTC.'),
})

const viewOf = (row: MemberRow): z.input<typeof memberView> => ({
  id: row.id,
  mail: row.mail,
  signs_in: row.person != null,
  role: row.role,
  organisation: row.organisation,
  created: rfc3339(row.createdMs),
})

/** A mail address, in lower case: nobody tells two people apart by the case of theirs. */
export const mailField = () =>
  z
    .string()
    .max(254, 'must not be longer than 254 characters')
    .regex(/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\.[^\s@\p{Cc}]+$/u, 'must be a mail address such as ana@example.com')
    .transform((text) => text.toLowerCase())

/** A member of an organisation, by id or mail address. Throws Problem `not_found` for one who is not or no more. */
export const memberNamed = async (
  { organisation, handle }: { readonly organisation: string; readonly handle: string },
  { ports }: OperationContext,
): Promise<MemberRow> => {
  const row = await ports.customers.member(organisation, handle)
  if (row !== null && row.removedMs === null) return row
  throw new Problem('not_found', {
    ...saying('no_member', { handle }),
    param: 'member',
  })
}

/**
 * Nobody makes or changes an equal or higher rank than their own, but for owners, who make owners, and oneself, who may step
 * down. The people who run this server stand above those of its customers; commands on the machine above all.
 * @throws Problem `permission_denied`.
 */
export const checkRank = async (
  {
    member,
    wanted,
    organisation,
  }: { readonly member: MemberRow | null; readonly wanted: Role; readonly organisation: string },
  { actor, ports }: OperationContext,
): Promise<void> => {
  const { role: own, tenant, signedIn } = actor
  if (own === undefined) return
  if (tenant === undefined && organisation !== (await ports.identity.store.operatorOrganisation())) return
  const rank = rankOf(own)
  const isSelf = member?.person != null && member.person === signedIn?.person?.id
  const mayEdit = member === null || isSelf || rank > rankOf(member.role)
  const mayGive = own === 'owner' || rank > rankOf(wanted) || (isSelf && rank >= rankOf(wanted))
  if (mayEdit && mayGive) return
  throw new Problem('permission_denied', {
    ...(mayEdit
      ? saying('role_makes_member', { own, wanted })
      : saying('role_changes_member', { own, role: member.role })),
  })
}

const accountField = () =>
  handleField().default('default').describe("The account of the member's organisation: id or name.")
const memberField = () => handleField().describe('The member: id or mail address.')
const memberFlag = { field: 'member', positional: true, describe: 'The member: id or mail address.' } as const

const owned = async (
  { account, member }: { readonly account: string; readonly member: string },
  context: OperationContext,
): Promise<MemberRow> => {
  const { organisation } = await accountNamed(account, context)
  return memberNamed({ organisation, handle: member }, context)
}

const add = operation({
  noun: 'members',
  verb: 'add',
  summary: 'Add a person to an organisation. Who was removed before comes back under the same id.',
  method: 'POST',
  path: '/members',
  scope: 'write',
  input: z.strictObject({
    account: accountField(),
    mail: mailField().describe('The mail address.'),
    role: roleField().default('developer'),
  }),
  output: memberView,
  flags: [],
  render: (member) => `${member.id}\n`,
  run: async ({ account, mail, role }, context) => {
    const { organisation } = await accountNamed(account, context)
    await checkRank({ member: null, wanted: role, organisation }, context)
    const known = await context.ports.customers.member(organisation, mail)
    const createdMs = context.clock.nowMs()
    const id = known?.id ?? context.ids.next('mem')
    const row: MemberRow = { id, organisation, mail, role, createdMs, removedMs: null }
    const change = { operation: 'members.add' as const, object: id, before: null, after: viewOf(row) }
    return viewOf(await context.ports.customers.addMember(row, trailRowOf(change, context)))
  },
})

const list = operation({
  noun: 'members',
  verb: 'list',
  summary: 'List members, the oldest first.',
  method: 'GET',
  path: '/members',
  scope: 'read',
  input: z.strictObject({
    account: handleField().optional().describe('Only those of this account: id or name.'),
    ...pageFields(1000),
  }),
  output: z.object({ data: z.array(memberView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'MAIL', 'ROLE', 'ORGANISATION', 'CREATED'],
      data.map((member) => [member.id, member.mail, member.role, member.organisation, member.created]),
    ),
  run: async ({ account, limit, after }, context) => {
    const organisation = account === undefined ? null : (await accountNamed(account, context)).organisation
    const rows = await context.ports.customers.members({ limit, after: after ?? null, organisation })
    const page = pageOf(rows, limit)
    return { data: page.data.map(viewOf), next: page.next }
  },
})

const role = operation({
  noun: 'members',
  verb: 'role',
  summary: 'Change what a member may do. Admin keys of theirs that may more than a lower role end.',
  method: 'PATCH',
  path: '/members/{member}',
  scope: 'write',
  input: z.strictObject({ member: memberField(), account: accountField(), role: roleField() }),
  output: memberView.extend({ revoked_keys: z.array(z.string()).describe('Ids of the admin keys that ended.') }),
  flags: [memberFlag],
  render: (member) =>
    `${member.mail ?? member.id} is ${member.role}; ${member.revoked_keys.length} admin keys were revoked\n`,
  run: async (input, context) => {
    const before = await owned(input, context)
    await checkRank({ member: before, wanted: input.role, organisation: before.organisation }, context)
    const after = { ...before, role: input.role }
    const change = {
      operation: 'members.role' as const,
      object: before.id,
      before: viewOf(before),
      after: viewOf(after),
    }
    const { customers, keysChanged } = context.ports
    const wanted = { id: before.id, role: input.role, atMs: context.clock.nowMs() }
    const keys = await customers.setMemberRole(wanted, trailRowOf(change, context))
    await keysChanged(keys)
    return { ...viewOf(after), revoked_keys: keys.map(({ id }) => id) }
  },
})

const remove = operation({
  noun: 'members',
  verb: 'remove',
  summary: 'Remove a person from an organisation, and end the keys made for them.',
  method: 'DELETE',
  path: '/members/{member}',
  scope: 'write',
  input: z.strictObject({
    member: memberField(),
    account: accountField(),
    keep_keys: z.boolean().default(false).describe("Let the member's keys go on working."),
  }),
  output: memberView.extend({ revoked_keys: z.array(z.string()).describe('Ids of the keys that ended.') }),
  flags: [memberFlag],
  render: (member) => `${member.mail ?? member.id} is removed; ${member.revoked_keys.length} keys were revoked\n`,
  run: async (input, context) => {
    const before = await owned(input, context)
    await checkRank({ member: before, wanted: before.role, organisation: before.organisation }, context)
    const atMs = context.clock.nowMs()
    const change = { operation: 'members.remove' as const, object: before.id, before: viewOf(before), after: null }
    const { row, keys } = await context.ports.customers.removeMember(
      { id: before.id, atMs, keepKeys: input.keep_keys },
      trailRowOf(change, context),
    )
    await context.ports.keysChanged(keys)
    return { ...viewOf(row), revoked_keys: keys.map(({ id }) => id) }
  },
})

export const memberOperations = [add, list, role, remove] as const
