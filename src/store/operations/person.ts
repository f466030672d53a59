/** People who sign in, and what they are members of. */

import type { EndedWithKeys, KeyRow, TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Membership, NewPerson, OneTimeKind, PersonChange, PersonRow } from '#identity/port.ts'
import type { Role } from '#identity/role.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { endKeys, hasOtherOwner, takeOut, withEnded } from './leaving.ts'
import { takeToken, tokenGone } from './one-time.ts'
import { membershipsOf, personById, personRow } from './person-row.ts'
import { insertSession } from './session.ts'
import { appendTrail } from './trail.ts'

const mailTaken = (): Problem =>
  new Problem('conflict', {
    ...saying('mail_taken'),
    param: 'mail',
  })

export const insertPerson = async (transaction: Transaction, row: PersonRow): Promise<void> => {
  const inserted = await transaction
    .insertInto('person')
    .values({
      id: row.id,
      mail: row.mail,
      name: row.name,
      verified_ms: row.verifiedMs,
      vouched_ms: row.vouchedMs,
      password: row.password,
      totp: row.totp,
      totp_ms: row.totpMs,
      totp_step: row.totpStep,
      created_ms: row.createdMs,
      closed_ms: row.closedMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined) throw mailTaken()
}

type Joining = { readonly person: PersonRow; readonly member: NonNullable<NewPerson['member']>; readonly nowMs: number }

/** Who was a member of this address before, or is one whom nobody signs in as, comes (back) under the same id. */
const insertMember = async (transaction: Transaction, { person, member, nowMs }: Joining): Promise<void> => {
  const kept = await transaction
    .insertInto('member')
    .values({
      id: member.id,
      organisation: member.organisation,
      mail: person.mail,
      role: member.role,
      created_ms: nowMs,
      removed_ms: null,
      person: person.id,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['organisation', 'mail'])
        .doUpdateSet({ role: member.role, removed_ms: null, person: person.id })
        .where((where) => where.or([where('member.removed_ms', 'is not', null), where('member.person', 'is', null)])),
    )
    .returning('id')
    .executeTakeFirst()
  if (kept === undefined) throw new Problem('conflict', { ...saying('member_of_this', { mail: person.mail }) })
}

const spend = async (
  transaction: Transaction,
  token: { readonly digest: string; readonly kind: OneTimeKind },
  nowMs: number,
) => {
  const taken = await takeToken(transaction, { ...token, nowMs })
  if (taken === null) throw tokenGone()
  return taken
}

const noApp = { totp: null, totp_ms: null, totp_step: null } as const

const valuesOf = ({ mail, name, verifiedMs, password, totp, totpMs, totpStep, onlyPassword }: PersonChange) => ({
  ...(mail === undefined ? {} : { mail }),
  ...(name === undefined ? {} : { name }),
  ...(verifiedMs === undefined ? {} : { verified_ms: verifiedMs }),
  ...(password === undefined ? {} : { password }),
  ...(totp === undefined ? {} : { totp }),
  ...(totpMs === undefined ? {} : { totp_ms: totpMs }),
  ...(totpStep === undefined ? {} : { totp_step: totpStep }),
  ...(onlyPassword === undefined ? {} : noApp),
})

/** Who was a member of the address before, or is one whom nobody signs in as, makes room for the person who has it. */
const renameMembers = async (transaction: Transaction, person: string, mail: string): Promise<void> => {
  for (const { organisation } of await membershipsOf(transaction, person))
    await transaction
      .updateTable('member')
      .set({ mail: null })
      .where('organisation', '=', organisation)
      .where('mail', '=', mail)
      .where('person', 'is', null)
      .execute()
  await transaction.updateTable('member').set({ mail }).where('person', '=', person).execute()
}

const change = async (transaction: Transaction, wanted: PersonChange): Promise<PersonRow> => {
  const before = await personById(transaction, wanted.person)
  if (wanted.mail !== undefined && wanted.mail !== before.mail) {
    const other = await transaction.selectFrom('person').select('id').where('mail', '=', wanted.mail).executeTakeFirst()
    if (other !== undefined) throw mailTaken()
  }
  const values = valuesOf(wanted)
  if (Object.keys(values).length > 0)
    await transaction.updateTable('person').set(values).where('id', '=', before.id).execute()
  if (wanted.keepSession !== undefined) {
    const others = transaction.deleteFrom('session').where('person', '=', before.id)
    await (wanted.keepSession === null ? others : others.where('id', '!=', wanted.keepSession)).execute()
  }
  // Links that were sent for the old password or address lead nowhere now.
  if (wanted.password !== undefined || wanted.mail !== undefined)
    await transaction
      .deleteFrom('one_time')
      .where('person', '=', before.id)
      .where('kind', 'in', ['reset', 'mail-change', 'verify'])
      .execute()
  if (wanted.mail !== undefined && wanted.mail !== before.mail) await renameMembers(transaction, before.id, wanted.mail)
  if (wanted.onlyPassword !== undefined)
    for (const table of ['recovery_code', 'passkey', 'issuer_link'] as const)
      await transaction.deleteFrom(table).where('person', '=', before.id).execute()
  if (wanted.recoveryCodes !== undefined) {
    await transaction.deleteFrom('recovery_code').where('person', '=', before.id).execute()
    for (const digest of wanted.recoveryCodes)
      await transaction.insertInto('recovery_code').values({ person: before.id, digest }).execute()
  }
  return personById(transaction, before.id)
}

const endAllKeys = async (transaction: Transaction, person: string, atMs: number): Promise<readonly KeyRow[]> => {
  const keys: KeyRow[] = []
  for (const { member } of await membershipsOf(transaction, person))
    keys.push(...(await endKeys(transaction, 'member', { id: member, atMs })))
  return keys
}

/** Takes the address from memberships that ended before, where it is known to be the person's. */
const forgetFormer = async (transaction: Transaction, id: string): Promise<void> => {
  const { mail, verifiedMs, vouchedMs } = await personById(transaction, id)
  if (verifiedMs === null && vouchedMs === null) return
  await transaction
    .updateTable('member')
    .set({ mail: null })
    .where('mail', '=', mail)
    .where('person', 'is', null)
    .where('removed_ms', 'is not', null)
    .execute()
}

/** Ends somebody: no way in is left, and no name. Gives the keys that ended. @throws Problem `conflict` for the last owner of an organisation. */
export const closeEverything = async (
  transaction: Transaction,
  id: string,
  nowMs: number,
): Promise<readonly KeyRow[]> => {
  // Nothing leads from a closed person to their memberships: the address would lie there and never be found.
  await transaction.updateTable('member').set({ mail: null }).where('person', '=', id).execute()
  await forgetFormer(transaction, id)
  const keys = await leaveAll(transaction, id, nowMs)
  for (const table of ['session', 'recovery_code', 'passkey', 'issuer_link', 'one_time'] as const)
    await transaction.deleteFrom(table).where('person', '=', id).execute()
  await transaction
    .updateTable('person')
    .set({ mail: `closed ${id}`, name: null, password: null, totp: null, totp_ms: null, closed_ms: nowMs })
    .where('id', '=', id)
    .execute()
  return keys
}

/** An organisation that has an owner keeps one. Gives the keys that ended. */
const leaveAll = async (transaction: Transaction, person: string, nowMs: number): Promise<readonly KeyRow[]> => {
  const mine = await membershipsOf(transaction, person)
  const keys: KeyRow[] = []
  for (const { organisation, name, role, member } of mine) {
    const money = await transaction
      .selectFrom('account')
      .innerJoin('account_money', 'account_money.account', 'account.id')
      .select('account_money.state')
      .where('account.organisation', '=', organisation)
      .executeTakeFirst()
    const isKept = role !== 'owner' || (await hasOtherOwner(transaction, { id: member, organisation, person }))
    if (!isKept && money?.state !== 'closed')
      throw new Problem('conflict', {
        ...saying('you_only_owner', { name }),
      })
    keys.push(...(await takeOut(transaction, { id: member, atMs: nowMs, keepKeys: false })))
  }
  return keys
}

type Trailed = { readonly nowMs: number; readonly trail: TrailRow }

export const personOperations = {
  operatorOrganisation: read(async (transaction, _input: null): Promise<string | null> => {
    const row = await transaction.selectFrom('organisation').select('id').where('operator', '=', 1n).executeTakeFirst()
    return row?.id ?? null
  }),

  organisation: read(async (transaction, id: string) => {
    const row = await transaction.selectFrom('organisation').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined
      ? null
      : { id: row.id, name: row.name, operator: row.operator === 1n, createdMs: Number(row.created_ms) }
  }),

  person: read(async (transaction, idOrMail: string): Promise<PersonRow | null> => {
    const people = transaction.selectFrom('person').selectAll().where('closed_ms', 'is', null)
    const row = await people.where(idOrMail.includes('@') ? 'mail' : 'id', '=', idOrMail).executeTakeFirst()
    return row === undefined ? null : personRow(row)
  }),

  addPerson: write(async (transaction, { added, nowMs, trail }: Trailed & { readonly added: NewPerson }) => {
    const { person, session, token, member } = added
    if (token !== null) await spend(transaction, token, nowMs)
    await insertPerson(transaction, person)
    if (member !== null) await insertMember(transaction, { person, member, nowMs })
    if (session !== null) await insertSession(transaction, session)
    await appendTrail(transaction, trail)
  }),

  changePerson: write(
    async (
      transaction,
      { change: wanted, nowMs, trail }: Trailed & { readonly change: PersonChange },
    ): Promise<EndedWithKeys<PersonRow>> => {
      const row = await change(transaction, wanted)
      const keys = wanted.onlyPassword === undefined ? [] : await endAllKeys(transaction, row.id, nowMs)
      await appendTrail(transaction, keys.length === 0 ? trail : withEnded(trail, keys))
      return { row, keys }
    },
  ),

  closePerson: write(async (transaction, { person, nowMs, trail }: Trailed & { readonly person: string }) => {
    const { id } = await personById(transaction, person)
    const keys = await closeEverything(transaction, id, nowMs)
    await appendTrail(transaction, withEnded(trail, keys))
    return keys
  }),

  memberships: read(
    async (transaction, person: string): Promise<readonly Membership[]> => membershipsOf(transaction, person),
  ),

  join: write(
    async (
      transaction,
      input: Trailed & { readonly person: string; readonly digest: string; readonly memberId: string },
    ): Promise<Membership> => {
      const { nowMs, trail } = input
      const token = await spend(transaction, { digest: input.digest, kind: 'invitation' }, nowMs)
      const person = await personById(transaction, input.person)
      const organisation = token.organisation ?? ''
      const { role } = JSON.parse(token.data) as { readonly role: Role }
      await insertMember(transaction, { person, member: { id: input.memberId, organisation, role }, nowMs })
      await appendTrail(transaction, trail)
      const found = (await membershipsOf(transaction, person.id)).find((one) => one.organisation === organisation)
      if (found === undefined) throw tokenGone()
      return found
    },
  ),
}
