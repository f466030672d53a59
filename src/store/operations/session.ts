/** Sessions of people and of admin keys. */

import type { Selectable } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { AsProven, FoundSession, PersonRow, SessionRow, SignInMethod } from '#identity/port.ts'
import type { SessionTable } from '#store/identity-tables.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { membershipsOf, personById, personRow } from './person-row.ts'
import { appendTrail } from './trail.ts'

/** Sessions of a person beyond this end, the oldest first. */
const ofPersonMax = 100

const sessionRow = (row: Selectable<SessionTable>): SessionRow => ({
  id: row.id,
  digest: row.digest,
  person: row.person,
  key: row.key,
  organisation: row.organisation,
  createdMs: Number(row.created_ms),
  seenMs: Number(row.seen_ms),
  expiresMs: Number(row.expires_ms),
  method: row.method as SignInMethod,
  address: row.address,
  agent: row.agent,
})

export const insertSession = async (transaction: Transaction, row: SessionRow): Promise<void> => {
  await transaction
    .insertInto('session')
    .values({
      id: row.id,
      digest: row.digest,
      person: row.person,
      key: row.key,
      organisation: row.organisation,
      created_ms: row.createdMs,
      seen_ms: row.seenMs,
      expires_ms: row.expiresMs,
      method: row.method,
      address: row.address,
      agent: row.agent,
    })
    .execute()
  if (row.person === null) return
  const older = await transaction
    .selectFrom('session')
    .select('id')
    .where('person', '=', row.person)
    .orderBy('id', 'desc')
    .offset(ofPersonMax)
    .limit(ofPersonMax)
    .execute()
  for (const { id } of older) await transaction.deleteFrom('session').where('id', '=', id).execute()
}

const found = async (transaction: Transaction, digest: string): Promise<FoundSession | null> => {
  const row = await transaction.selectFrom('session').selectAll().where('digest', '=', digest).executeTakeFirst()
  if (row === undefined) return null
  const session = sessionRow(row)
  if (session.person === null) return { session, person: null, memberships: [] }
  const person = await transaction
    .selectFrom('person')
    .selectAll()
    .where('id', '=', session.person)
    .where('closed_ms', 'is', null)
    .executeTakeFirst()
  if (person === undefined) return null
  return { session, person: personRow(person), memberships: await membershipsOf(transaction, session.person) }
}

type WhenProven = { readonly asProven: AsProven | null }

/** Whoever proved what is not so any more has proven nothing. */
const checkSame = ({ password, totpMs }: PersonRow, asProven: AsProven | null): void => {
  if (asProven !== null && asProven.password === password && asProven.totpMs === totpMs) return
  throw new Problem('invalid_credentials', {
    ...saying('credential_changed'),
    param: 'password',
  })
}

type Whose = { readonly id: string; readonly person: string | null; readonly key: string | null }

export const sessionOperations = {
  openSession: write(
    async (
      transaction,
      { session, asProven, trail }: { readonly session: SessionRow; readonly trail: TrailRow } & WhenProven,
    ): Promise<void> => {
      if (session.person !== null) checkSame(await personById(transaction, session.person), asProven)
      await insertSession(transaction, session)
      await appendTrail(transaction, trail)
    },
  ),

  session: read(found),

  sessions: read(async (transaction, person: string): Promise<readonly SessionRow[]> => {
    const rows = await transaction
      .selectFrom('session')
      .selectAll()
      .where('person', '=', person)
      .orderBy('id')
      .limit(ofPersonMax)
      .execute()
    return rows.map(sessionRow)
  }),

  touchSession: write(async (transaction, { id, seenMs }: { readonly id: string; readonly seenMs: number }) => {
    await transaction.updateTable('session').set({ seen_ms: seenMs }).where('id', '=', id).execute()
  }),

  moveSession: write(
    async (
      transaction,
      { id, organisation }: { readonly id: string; readonly organisation: string },
    ): Promise<void> => {
      await transaction.updateTable('session').set({ organisation }).where('id', '=', id).execute()
    },
  ),

  endSession: write(
    async (transaction, { id, person, key, trail }: Whose & { readonly trail: TrailRow }): Promise<boolean> => {
      const mine = transaction.deleteFrom('session').where('id', '=', id)
      const row = await (person === null ? mine.where('key', '=', key) : mine.where('person', '=', person))
        .returning('id')
        .executeTakeFirst()
      if (row !== undefined) await appendTrail(transaction, trail)
      return row !== undefined
    },
  ),

  sweepIdentity: write(
    async (transaction, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> => {
      let count = 0
      for (const table of ['session', 'one_time'] as const) {
        const rows = await transaction
          .selectFrom(table)
          .select('digest')
          .where('expires_ms', '<=', BigInt(nowMs))
          .limit(limit)
          .execute()
        for (const { digest } of rows) await transaction.deleteFrom(table).where('digest', '=', digest).execute()
        count += rows.length
      }
      const tries = await transaction
        .selectFrom('sign_in_try')
        .select('subject')
        .where('last_ms', '<=', BigInt(nowMs - 86_400_000))
        .limit(limit)
        .execute()
      for (const { subject } of tries)
        await transaction.deleteFrom('sign_in_try').where('subject', '=', subject).execute()
      return count + tries.length
    },
  ),
}
