/** What a person signs in with beside a password: passkeys, recovery codes, issuers that they are known to. */

import type { Selectable } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { IssuerLink, PasskeyRow } from '#identity/port.ts'
import { passkeysMax } from '#identity/port.ts'
import type { PasskeyTable } from '#store/identity-tables.ts'
import { read, write } from './context.ts'
import { appendTrail } from './trail.ts'

/** A person has no more of a kind than this. */
const ofPersonMax = 100

const passkeyRow = (row: Selectable<PasskeyTable>): PasskeyRow => ({
  id: row.id,
  person: row.person,
  credential: row.credential,
  publicKey: row.public_key,
  counter: Number(row.counter),
  transports: JSON.parse(row.transports) as readonly string[],
  name: row.name,
  createdMs: Number(row.created_ms),
  usedMs: row.used_ms === null ? null : Number(row.used_ms),
})

const passkeyOperations = {
  passkeys: read(async (transaction, person: string): Promise<readonly PasskeyRow[]> => {
    const rows = await transaction
      .selectFrom('passkey')
      .selectAll()
      .where('person', '=', person)
      .orderBy('id')
      .limit(ofPersonMax)
      .execute()
    return rows.map(passkeyRow)
  }),

  passkey: read(async (transaction, credential: string): Promise<PasskeyRow | null> => {
    const row = await transaction
      .selectFrom('passkey')
      .selectAll()
      .where('credential', '=', credential)
      .executeTakeFirst()
    return row === undefined ? null : passkeyRow(row)
  }),

  addPasskey: write(
    async (transaction, { row, trail }: { readonly row: PasskeyRow; readonly trail: TrailRow }): Promise<void> => {
      const { publicKey, transports, createdMs, usedMs, ...rest } = row
      const { count } = await transaction
        .selectFrom('passkey')
        .select(({ fn }) => fn.countAll<bigint>().as('count'))
        .where('person', '=', row.person)
        .executeTakeFirstOrThrow()
      if (Number(count) >= passkeysMax)
        throw new Problem('conflict', {
          ...saying('passkeys_enough', { count: passkeysMax }),
        })
      const inserted = await transaction
        .insertInto('passkey')
        .values({
          ...rest,
          public_key: publicKey,
          transports: JSON.stringify(transports),
          created_ms: createdMs,
          used_ms: usedMs,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst()
      if (inserted === undefined) throw new Problem('conflict', { ...saying('passkey_known') })
      await appendTrail(transaction, trail)
    },
  ),

  usePasskey: write(
    async (
      transaction,
      { id, counter, usedMs }: { readonly id: string; readonly counter: number; readonly usedMs: number },
    ): Promise<boolean> => {
      const row = await transaction
        .updateTable('passkey')
        .set({ counter, used_ms: usedMs })
        .where('id', '=', id)
        .returning('id')
        .executeTakeFirst()
      return row !== undefined
    },
  ),

  removePasskey: write(
    async (
      transaction,
      { id, person, trail }: { readonly id: string; readonly person: string; readonly trail: TrailRow },
    ): Promise<boolean> => {
      const row = await transaction
        .deleteFrom('passkey')
        .where('id', '=', id)
        .where('person', '=', person)
        .returning('id')
        .executeTakeFirst()
      if (row !== undefined) await appendTrail(transaction, trail)
      return row !== undefined
    },
  ),
}

const codeOperations = {
  takeTotpStep: write(
    async (transaction, { person, step }: { readonly person: string; readonly step: number }): Promise<boolean> => {
      const row = await transaction
        .updateTable('person')
        .set({ totp_step: step })
        .where('id', '=', person)
        .where((where) => where.or([where('totp_step', 'is', null), where('totp_step', '<', BigInt(step))]))
        .returning('id')
        .executeTakeFirst()
      return row !== undefined
    },
  ),

  useRecoveryCode: write(
    async (
      transaction,
      { person, digest, trail }: { readonly person: string; readonly digest: string; readonly trail: TrailRow },
    ): Promise<boolean> => {
      const row = await transaction
        .deleteFrom('recovery_code')
        .where('person', '=', person)
        .where('digest', '=', digest)
        .returning('digest')
        .executeTakeFirst()
      if (row !== undefined) await appendTrail(transaction, trail)
      return row !== undefined
    },
  ),

  recoveryCodesLeft: read(async (transaction, person: string): Promise<number> => {
    const rows = await transaction
      .selectFrom('recovery_code')
      .select('digest')
      .where('person', '=', person)
      .limit(ofPersonMax)
      .execute()
    return rows.length
  }),
}

const linkOperations = {
  issuerLink: read(
    async (
      transaction,
      { issuer, subject }: { readonly issuer: string; readonly subject: string },
    ): Promise<IssuerLink | null> => {
      const row = await transaction
        .selectFrom('issuer_link')
        .selectAll()
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .executeTakeFirst()
      return row === undefined ? null : { issuer, subject, person: row.person, createdMs: Number(row.created_ms) }
    },
  ),

  issuerLinks: read(async (transaction, person: string): Promise<readonly IssuerLink[]> => {
    const rows = await transaction
      .selectFrom('issuer_link')
      .selectAll()
      .where('person', '=', person)
      .limit(ofPersonMax)
      .execute()
    return rows.map(({ created_ms, ...row }) => ({ ...row, createdMs: Number(created_ms) }))
  }),

  addIssuerLink: write(
    async (transaction, { link, trail }: { readonly link: IssuerLink; readonly trail: TrailRow }): Promise<void> => {
      const { createdMs, ...rest } = link
      const inserted = await transaction
        .insertInto('issuer_link')
        .values({ ...rest, created_ms: createdMs })
        .onConflict((conflict) => conflict.doNothing())
        .returning('subject')
        .executeTakeFirst()
      if (inserted === undefined)
        throw new Problem('conflict', {
          ...saying('sign_in_linked'),
        })
      await appendTrail(transaction, trail)
    },
  ),

  removeIssuerLink: write(
    async (
      transaction,
      { issuer, person, trail }: { readonly issuer: string; readonly person: string; readonly trail: TrailRow },
    ): Promise<boolean> => {
      const row = await transaction
        .deleteFrom('issuer_link')
        .where('issuer', '=', issuer)
        .where('person', '=', person)
        .returning('subject')
        .executeTakeFirst()
      if (row !== undefined) await appendTrail(transaction, trail)
      return row !== undefined
    },
  ),
}

export const signInOperations = { ...passkeyOperations, ...codeOperations, ...linkOperations }
