/** What is good once: links in mails, challenges of a sign-in; and the tries that were made. Kept as digests. */

import type { Selectable } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { OneTimeKind, OneTimeRow, TryRequest, TryState } from '#identity/port.ts'
import { stepBack, stepTries } from '#identity/throttle.ts'
import type { OneTimeTable } from '#store/identity-tables.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { appendTrail } from './trail.ts'

const listMax = 1000

type Which = { readonly digest: string; readonly kind: OneTimeKind; readonly nowMs: number }

const tokenRow = (row: Selectable<OneTimeTable>): OneTimeRow => ({
  id: row.id,
  digest: row.digest,
  kind: row.kind as OneTimeKind,
  person: row.person,
  organisation: row.organisation,
  data: row.data,
  createdMs: Number(row.created_ms),
  expiresMs: Number(row.expires_ms),
})

export const tokenGone = (): Problem =>
  new Problem('not_found', {
    ...saying('link_withdrawn'),
    param: 'token',
  })

/** Deletes it in the statement that finds it: of two who come at once, one is given nothing. */
export const takeToken = async (
  transaction: Transaction,
  { digest, kind, nowMs }: Which,
): Promise<OneTimeRow | null> => {
  const row = await transaction
    .deleteFrom('one_time')
    .where('digest', '=', digest)
    .where('kind', '=', kind)
    .where('expires_ms', '>', BigInt(nowMs))
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? null : tokenRow(row)
}

const stateOf = async (transaction: Transaction, subject: string): Promise<TryState | null> => {
  const row = await transaction.selectFrom('sign_in_try').selectAll().where('subject', '=', subject).executeTakeFirst()
  return row === undefined
    ? null
    : { count: Number(row.count), lastMs: Number(row.last_ms), untilMs: Number(row.until_ms) }
}

const keepState = async (transaction: Transaction, subject: string, state: TryState | null): Promise<void> => {
  if (state === null) {
    await transaction.deleteFrom('sign_in_try').where('subject', '=', subject).execute()
    return
  }
  const values = { count: state.count, last_ms: state.lastMs, until_ms: state.untilMs }
  await transaction
    .insertInto('sign_in_try')
    .values({ subject, ...values })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet(values))
    .execute()
}

export const oneTimeOperations = {
  keepToken: write(
    async (
      transaction,
      { row, trail }: { readonly row: OneTimeRow; readonly trail: TrailRow | null },
    ): Promise<void> => {
      const values = {
        id: row.id,
        kind: row.kind,
        person: row.person,
        organisation: row.organisation,
        data: row.data,
        created_ms: row.createdMs,
        expires_ms: row.expiresMs,
      }
      await transaction
        .insertInto('one_time')
        .values({ digest: row.digest, ...values })
        .onConflict((conflict) => conflict.column('digest').doUpdateSet(values))
        .execute()
      if (trail !== null) await appendTrail(transaction, trail)
    },
  ),

  token: read(async (transaction, { digest, kind, nowMs }: Which): Promise<OneTimeRow | null> => {
    const row = await transaction
      .selectFrom('one_time')
      .selectAll()
      .where('digest', '=', digest)
      .where('kind', '=', kind)
      .where('expires_ms', '>', BigInt(nowMs))
      .executeTakeFirst()
    return row === undefined ? null : tokenRow(row)
  }),

  takeToken: write(takeToken),

  tokensOf: read(
    async (
      transaction,
      {
        organisation,
        kind,
        nowMs,
      }: { readonly organisation: string; readonly kind: OneTimeKind; readonly nowMs: number },
    ): Promise<readonly OneTimeRow[]> => {
      const rows = await transaction
        .selectFrom('one_time')
        .selectAll()
        .where('organisation', '=', organisation)
        .where('kind', '=', kind)
        .where('expires_ms', '>', BigInt(nowMs))
        .orderBy('id')
        .limit(listMax)
        .execute()
      return rows.map(tokenRow)
    },
  ),

  dropToken: write(
    async (
      transaction,
      { id, organisation, trail }: { readonly id: string; readonly organisation: string; readonly trail: TrailRow },
    ): Promise<boolean> => {
      const row = await transaction
        .deleteFrom('one_time')
        .where('id', '=', id)
        .where('organisation', '=', organisation)
        .returning('id')
        .executeTakeFirst()
      if (row !== undefined) await appendTrail(transaction, trail)
      return row !== undefined
    },
  ),

  takeTry: write(
    async (
      transaction,
      { subjects, nowMs }: { readonly subjects: readonly TryRequest[]; readonly nowMs: number },
    ): Promise<number> => {
      const asked = []
      for (const request of subjects) asked.push({ request, before: await stateOf(transaction, request.subject) })
      const { waitMs, states } = stepTries(asked, nowMs)
      if (waitMs > 0) return waitMs
      for (const [subject, state] of states) await keepState(transaction, subject, state)
      return 0
    },
  ),

  returnTries: write(async (transaction, subjects: readonly TryRequest[]): Promise<void> => {
    for (const request of subjects) {
      const before = await stateOf(transaction, request.subject)
      if (before !== null) await keepState(transaction, request.subject, stepBack(before, request))
    }
  }),

  forgetTries: write(async (transaction, subjects: readonly string[]): Promise<void> => {
    for (const subject of subjects) await keepState(transaction, subject, null)
  }),
}
