/** What is kept of a person or a customer: given out whole, and taken away but for what books, documents and the trail are made of. */

import { sql } from 'kysely'
import type { ErasedCalls, ErasedPerson, KeyRow, SubjectFile, TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { keyRow } from '#store/row/key-row.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { withEnded } from './leaving.ts'
import { closeEverything } from './person.ts'
import { appendTrail } from './trail.ts'
import { eraseSearchWords } from './usage/search-words.ts'

/** Rows of one kind that are given out; more are never somebody's. */
const rowsMax = 10_000
/** Calls of the log that are looked at in one transaction: others get their turn between. */
const stretchMax = 2_000

type Trailed = { readonly nowMs: number; readonly trail: TrailRow }

const plainCell = (value: unknown): string | number | boolean | null => {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return null
  return value as string | number | boolean | null
}

const plain = (rows: readonly object[]): SubjectFile[string] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainCell(value)])))

const isThere = async (transaction: Transaction, table: 'person' | 'organisation', id: string): Promise<boolean> =>
  (await transaction.selectFrom(table).select('id').where('id', '=', id).executeTakeFirst()) !== undefined

const keysOf = (transaction: Transaction) =>
  transaction
    .selectFrom('key')
    .select([
      'id',
      'name',
      'member',
      'purpose',
      'test',
      'role',
      'addresses',
      'ending',
      'created_ms',
      'expires_ms',
      'revoked_ms',
    ])
    .limit(rowsMax)

const personFile = async (transaction: Transaction, person: string): Promise<SubjectFile | null> => {
  if (!(await isThere(transaction, 'person', person))) return null
  const of = async (query: { readonly execute: () => Promise<readonly object[]> }) => plain(await query.execute())
  const members = await transaction
    .selectFrom('member')
    .select(['id', 'organisation', 'mail', 'role', 'created_ms', 'removed_ms'])
    .where('person', '=', person)
    .execute()
  const ids = ['', ...members.map(({ id }) => id)]
  return {
    person: await of(
      transaction
        .selectFrom('person')
        .select(['id', 'mail', 'name', 'verified_ms', 'totp_ms', 'created_ms', 'closed_ms'])
        .where('id', '=', person),
    ),
    memberships: plain(members),
    sessions: await of(
      transaction
        .selectFrom('session')
        .select(['id', 'organisation', 'created_ms', 'seen_ms', 'expires_ms', 'method', 'address', 'agent'])
        .where('person', '=', person),
    ),
    passkeys: await of(
      transaction.selectFrom('passkey').select(['id', 'name', 'created_ms', 'used_ms']).where('person', '=', person),
    ),
    issuers: await of(
      transaction.selectFrom('issuer_link').select(['issuer', 'subject', 'created_ms']).where('person', '=', person),
    ),
    keys: await of(keysOf(transaction).where('member', 'in', ids)),
    trail: await of(
      transaction
        .selectFrom('trail')
        .select(['id', 'time_ms', 'operation', 'object', 'before', 'after'])
        .where((where) => where.or([where('actor', '=', `person:${person}`), where('object', '=', person)]))
        .orderBy('position', 'desc')
        .limit(rowsMax),
    ),
  }
}

const accountOf = async (transaction: Transaction, organisation: string): Promise<string> =>
  (
    await transaction
      .selectFrom('account')
      .select('id')
      .where('organisation', '=', organisation)
      .executeTakeFirstOrThrow()
  ).id

const organisationFile = async (transaction: Transaction, organisation: string): Promise<SubjectFile | null> => {
  if (!(await isThere(transaction, 'organisation', organisation))) return null
  const account = await accountOf(transaction, organisation)
  const of = async (query: { readonly execute: () => Promise<readonly object[]> }) => plain(await query.execute())
  const ofAccount = (table: 'billing_profile' | 'fapiao_title' | 'accepted_terms') =>
    of(transaction.selectFrom(table).selectAll().where('account', '=', account).limit(rowsMax))
  return {
    organisation: await of(
      transaction.selectFrom('organisation').select(['id', 'name', 'created_ms']).where('id', '=', organisation),
    ),
    account: await of(transaction.selectFrom('account').selectAll().where('organisation', '=', organisation)),
    projects: await of(transaction.selectFrom('project').selectAll().where('organisation', '=', organisation)),
    members: await of(
      transaction
        .selectFrom('member')
        .select(['id', 'mail', 'role', 'created_ms', 'removed_ms', 'person'])
        .where('organisation', '=', organisation)
        .limit(rowsMax),
    ),
    keys: await of(keysOf(transaction).where('organisation', '=', organisation)),
    sign_up: await of(
      transaction
        .selectFrom('signup')
        .select(['id', 'state', 'mail', 'address', 'created_ms', 'verified_ms'])
        .where('account', '=', account),
    ),
    billing_profile: await ofAccount('billing_profile'),
    fapiao_titles: await ofAccount('fapiao_title'),
    accepted_terms: await ofAccount('accepted_terms'),
    own_credentials: await of(
      transaction
        .selectFrom('own_credential')
        .select(['provider', 'ending', 'created_ms'])
        .where('account', '=', account),
    ),
    kept_at_providers: await of(
      transaction
        .selectFrom('binding')
        .select(['id', 'kind', 'provider', 'upstream_id', 'purpose', 'state', 'created_ms', 'expires_ms'])
        .where('account', '=', account)
        .limit(rowsMax),
    ),
  }
}

/** What goes of a sign-up. The digest of the address stays: the same mailbox would have its credit again. */
const signedUp = { domain: '', address: null, fingerprint: null }

const erasePerson = async (
  transaction: Transaction,
  { erased, nowMs, trail }: Trailed & { readonly erased: ErasedPerson },
): Promise<readonly KeyRow[]> => {
  const { person } = erased
  const row = await transaction
    .selectFrom('person')
    .select('closed_ms')
    .where('id', '=', person)
    .executeTakeFirstOrThrow()
  // Before anything is closed: what leads from the person to their memberships goes with that.
  const members = await transaction
    .selectFrom('member')
    .select('id')
    .where((where) =>
      where.or([
        where('person', '=', person),
        where.and([where('person', 'is', null), where('mail', 'in', ['', ...erased.mails])]),
      ]),
    )
    .execute()
  const ended = row.closed_ms === null ? await closeEverything(transaction, person, nowMs) : []
  const ids = ['', ...members.map(({ id }) => id)]
  await transaction.updateTable('member').set({ mail: null }).where('id', 'in', ids).execute()
  await transaction
    .updateTable('signup')
    .set(signedUp)
    .where('mail', 'in', ['', ...erased.digests])
    .execute()
  await transaction
    .updateTable('key')
    .set({ name: 'erased' })
    .where('member', 'in', ids)
    .where('revoked_ms', 'is not', null)
    .execute()
  await appendTrail(transaction, withEnded(trail, ended))
  return ended
}

const eraseOrganisation = async (
  transaction: Transaction,
  { organisation, nowMs, trail }: Trailed & { readonly organisation: string },
): Promise<readonly KeyRow[]> => {
  const account = await accountOf(transaction, organisation)
  const open = await transaction
    .selectFrom('binding')
    .select('id')
    .where('account', '=', account)
    .where('state', '=', 'open')
    .limit(1)
    .executeTakeFirst()
  if (open !== undefined)
    throw new Problem('conflict', {
      message: `'${open.id}' of this customer runs at a provider and is still to be settled. Cancel it, or wait for its end.`,
    })
  const mine = { erased: `erased ${organisation}`, holders: [account, `${account}/test`] }
  await transaction.updateTable('organisation').set({ name: mine.erased }).where('id', '=', organisation).execute()
  await transaction
    .updateTable('account')
    .set({ name: `erased ${account}` })
    .where('id', '=', account)
    .execute()
  await transaction
    .updateTable('project')
    .set({ name: sql<string>`'erased ' || id`, archived_ms: sql<bigint>`coalesce(archived_ms, ${nowMs})` })
    .where('organisation', '=', organisation)
    .execute()
  await transaction
    .updateTable('member')
    .set({ mail: null, person: null, removed_ms: sql<bigint>`coalesce(removed_ms, ${nowMs})` })
    .where('organisation', '=', organisation)
    .execute()
  await transaction.updateTable('signup').set(signedUp).where('account', '=', account).execute()
  await transaction.deleteFrom('billing_profile').where('account', '=', account).execute()
  await transaction.deleteFrom('own_credential').where('account', '=', account).execute()
  await transaction.deleteFrom('one_time').where('organisation', '=', organisation).execute()
  await transaction.deleteFrom('session').where('organisation', '=', organisation).execute()
  for (const table of ['response', 'carried'] as const)
    await transaction.deleteFrom(table).where('holder', 'in', mine.holders).execute()
  await transaction.deleteFrom('binding').where('account', '=', account).execute()
  await transaction
    .deleteFrom('delivery')
    .where('event', 'in', transaction.selectFrom('event').select('id').where('account', '=', account))
    .execute()
  await transaction.deleteFrom('event').where('account', '=', account).execute()
  await transaction.deleteFrom('auto_top_up').where('account', '=', account).execute()
  const keys = await transaction
    .updateTable('key')
    .set({ name: 'erased', addresses: null, revoked_ms: sql<bigint>`coalesce(revoked_ms, ${nowMs})` })
    .where('organisation', '=', organisation)
    .returningAll()
    .execute()
  await appendTrail(transaction, withEnded(trail, keys))
  return keys.map(keyRow)
}

/** What of a record are the caller's own words, or tells one of their users from another. */
const wordless = {
  tags: '{}',
  conversation: null,
  call_site: null,
  session: null,
  error_message: null,
  warnings: '[]',
}

const eraseCalls = async (
  transaction: Transaction,
  { account, after }: { readonly account: string; readonly after: string | null },
): Promise<ErasedCalls> => {
  const rows = await transaction
    .selectFrom('call')
    .select(['sequence', 'id', 'account'])
    .where('sequence', '>', BigInt(after ?? 0))
    .orderBy('sequence')
    .limit(stretchMax)
    .execute()
  const last = rows.at(-1)
  const mine = rows.filter((row) => row.account === account)
  const ids = mine.map(({ id }) => id)
  for (let start = 0; start < ids.length; start += 500) {
    const some = ids.slice(start, start + 500)
    await transaction.deleteFrom('call_body').where('call', 'in', some).execute()
    await transaction.updateTable('call').set(wordless).where('id', 'in', some).execute()
  }
  await eraseSearchWords(
    transaction,
    mine.map(({ sequence }) => sequence),
  )
  if (rows.length === stretchMax && last !== undefined) return { calls: ids.length, after: String(last.sequence) }
  // At the end: until their records were without words, figures of tags could still be made of them.
  await transaction.deleteFrom('usage_rollup').where('account', '=', account).where('tag_name', '<>', '').execute()
  return { calls: ids.length, after: null }
}

export const erasureOperations = {
  personFile: read(personFile),
  organisationFile: read(organisationFile),
  erasePerson: write(erasePerson),
  eraseOrganisation: write(eraseOrganisation),
  eraseCalls: write(eraseCalls),
}
