/** Projects and members of organisations. What ends takes its keys with it, in one transaction. */

import type { EndedWithKeys, KeyRow, MemberRow, OrganisationRow, OwnedPage, ProjectRow, TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Role } from '#identity/role.ts'
import { rankOf } from '#identity/role.ts'
import { memberRow, memberValues, organisationRow, projectRow, projectValues } from '#store/row/account-row.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import type { Ending } from './leaving.ts'
import { endKeys, endKeysAbove, hasOtherOwner, takeOut, withEnded } from './leaving.ts'
import { checkLimit } from './page.ts'
import { appendTrail } from './trail.ts'

type Owned = { readonly organisation: string; readonly handle: string }

const projectById = async (transaction: Transaction, id: string): Promise<ProjectRow> => {
  const row = await transaction.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Problem('not_found', { message: `There is no project ${id}.`, param: 'project' })
  return projectRow(row)
}

const nameTaken = (name: string): Problem =>
  new Problem('conflict', {
    ...saying('project_exists', { name }),
    param: 'name',
  })

const memberById = async (transaction: Transaction, id: string): Promise<MemberRow> => {
  const row = await transaction.selectFrom('member').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined || row.removed_ms !== null)
    throw new Problem('not_found', { message: `There is no member ${id}.`, param: 'member' })
  return memberRow(row)
}

/** An organisation that has an owner keeps one: nobody else could make another. */
const keepsOwner = async (transaction: Transaction, leaving: MemberRow): Promise<void> => {
  if (leaving.role !== 'owner' || (await hasOtherOwner(transaction, leaving))) return
  throw new Problem('conflict', {
    ...saying('only_owner', { who: leaving.mail ?? leaving.id }),
    param: 'member',
  })
}

const organisationOperations = {
  renameOrganisation: write(
    async (
      transaction,
      { id, name, trail }: { readonly id: string; readonly name: string; readonly trail: TrailRow },
    ): Promise<OrganisationRow | null> => {
      const namesake = await transaction
        .selectFrom('organisation')
        .select('id')
        .where('name', '=', name)
        .where('id', '!=', id)
        .executeTakeFirst()
      if (namesake !== undefined)
        throw new Problem('conflict', {
          ...saying('organisation_exists', { name }),
          param: 'name',
        })
      const row = await transaction
        .updateTable('organisation')
        .set({ name })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst()
      if (row === undefined) return null
      await appendTrail(transaction, trail)
      return organisationRow(row)
    },
  ),
}

const projectOperations = {
  projects: read(async (transaction, page: OwnedPage): Promise<readonly ProjectRow[]> => {
    let query = transaction.selectFrom('project').selectAll().orderBy('id').limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', '>', page.after)
    if (page.organisation !== null) query = query.where('organisation', '=', page.organisation)
    return (await query.execute()).map(projectRow)
  }),

  project: read(async (transaction, { organisation, handle }: Owned): Promise<ProjectRow | null> => {
    const projects = transaction.selectFrom('project').selectAll().where('organisation', '=', organisation)
    const row =
      (await projects.where('id', '=', handle).executeTakeFirst()) ??
      (await projects.where('name', '=', handle).executeTakeFirst())
    return row === undefined ? null : projectRow(row)
  }),

  createProject: write(
    async (transaction, { row, trail }: { readonly row: ProjectRow; readonly trail: TrailRow }): Promise<void> => {
      const inserted = await transaction
        .insertInto('project')
        .values(projectValues(row))
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst()
      if (inserted === undefined) throw nameTaken(row.name)
      await appendTrail(transaction, trail)
    },
  ),

  renameProject: write(
    async (
      transaction,
      { id, name, trail }: { readonly id: string; readonly name: string; readonly trail: TrailRow },
    ): Promise<void> => {
      const row = await projectById(transaction, id)
      const namesake = await transaction
        .selectFrom('project')
        .select('id')
        .where('organisation', '=', row.organisation)
        .where('name', '=', name)
        .where('id', '!=', id)
        .executeTakeFirst()
      if (namesake !== undefined) throw nameTaken(name)
      await transaction.updateTable('project').set({ name }).where('id', '=', id).execute()
      await appendTrail(transaction, trail)
    },
  ),

  archiveProject: write(
    async (
      transaction,
      { id, atMs, trail }: Ending & { readonly trail: TrailRow },
    ): Promise<EndedWithKeys<ProjectRow>> => {
      const row = await projectById(transaction, id)
      if (row.archivedMs !== null) return { row, keys: [] }
      await transaction.updateTable('project').set({ archived_ms: atMs }).where('id', '=', id).execute()
      const keys = await endKeys(transaction, 'project', { id, atMs })
      await appendTrail(transaction, trail)
      return { row: { ...row, archivedMs: atMs }, keys }
    },
  ),
}

const memberOperations = {
  members: read(async (transaction, page: OwnedPage): Promise<readonly MemberRow[]> => {
    let query = transaction
      .selectFrom('member')
      .selectAll()
      .where('removed_ms', 'is', null)
      .orderBy('id')
      .limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', '>', page.after)
    if (page.organisation !== null) query = query.where('organisation', '=', page.organisation)
    return (await query.execute()).map(memberRow)
  }),

  member: read(async (transaction, { organisation, handle }: Owned): Promise<MemberRow | null> => {
    const members = transaction.selectFrom('member').selectAll().where('organisation', '=', organisation)
    const row =
      (await members.where('id', '=', handle).executeTakeFirst()) ??
      (await members.where('mail', '=', handle.toLowerCase()).executeTakeFirst())
    return row === undefined ? null : memberRow(row)
  }),

  addMember: write(
    async (transaction, { row, trail }: { readonly row: MemberRow; readonly trail: TrailRow }): Promise<MemberRow> => {
      const kept = await transaction
        .insertInto('member')
        .values(memberValues(row))
        .onConflict((conflict) =>
          conflict
            .columns(['organisation', 'mail'])
            .doUpdateSet({ role: row.role, removed_ms: null })
            .where('member.removed_ms', 'is not', null),
        )
        .returningAll()
        .executeTakeFirst()
      if (kept === undefined)
        throw new Problem('conflict', {
          ...saying('already_member', { who: row.mail ?? row.id }),
          param: 'mail',
        })
      await appendTrail(transaction, trail)
      return memberRow(kept)
    },
  ),

  setMemberRole: write(
    async (
      transaction,
      { id, role, atMs, trail }: Ending & { readonly role: Role; readonly trail: TrailRow },
    ): Promise<readonly KeyRow[]> => {
      const row = await memberById(transaction, id)
      if (role !== 'owner') await keepsOwner(transaction, row)
      await transaction.updateTable('member').set({ role }).where('id', '=', id).execute()
      const keys = rankOf(role) < rankOf(row.role) ? await endKeysAbove(transaction, role, { id, atMs }) : []
      await appendTrail(transaction, keys.length === 0 ? trail : withEnded(trail, keys))
      return keys
    },
  ),

  removeMember: write(
    async (
      transaction,
      change: Ending & { readonly keepKeys: boolean; readonly trail: TrailRow },
    ): Promise<EndedWithKeys<MemberRow>> => {
      const row = await memberById(transaction, change.id)
      await keepsOwner(transaction, row)
      const keys = await takeOut(transaction, change)
      await appendTrail(transaction, change.trail)
      return { row: { ...row, removedMs: change.atMs }, keys }
    },
  ),
}

export const peopleOperations = { ...organisationOperations, ...projectOperations, ...memberOperations }
