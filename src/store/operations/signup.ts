/** People who sign up: their account at once, their credit when the rules say so. */

import type { Selectable } from 'kysely'
import type { NewSignup, SignupRow, SignupState, TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Grant } from '#ledger/port.ts'
import type { SignupCounts, SignupRules } from '#ledger/signup.ts'
import { decideSignup } from '#ledger/signup.ts'
import type { SignupTable } from '#store/code-tables.ts'
import { memberValues } from '#store/row/account-row.ts'
import { insertAccount } from './account.ts'
import { grantLot } from './books/credit.ts'
import type { Books } from './books/statement.ts'
import { bookStatements } from './books/statement.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { checkLimit } from './page.ts'
import { insertPerson } from './person.ts'
import { appendTrail } from './trail.ts'

/** Promotional credit is spent first. */
const priority = 40

const timeOf = (value: bigint | null): number | null => (value === null ? null : Number(value))

const signupRow = (row: Selectable<SignupTable>): SignupRow => ({
  id: row.id,
  account: row.account,
  state: row.state as SignupState,
  reason: row.reason,
  plan: row.plan,
  creditNanoUsd: row.credit_nano_usd,
  creditLastsMs: timeOf(row.credit_lasts_ms),
  mail: row.mail,
  domain: row.domain,
  address: row.address,
  fingerprint: row.fingerprint,
  createdMs: Number(row.created_ms),
  verifiedMs: timeOf(row.verified_ms),
  releaseMs: timeOf(row.release_ms),
  lot: row.lot,
})

type Shared = 'mail' | 'domain' | 'address' | 'fingerprint'

/** Accounts that share something with this one and have had credit, or may get it. */
const countOf = async (
  transaction: Transaction,
  { signup, shared, sinceMs }: { readonly signup: SignupRow; readonly shared: Shared; readonly sinceMs: number },
): Promise<number> => {
  const value = signup[shared]
  if (value === null || value === '') return 0
  const row = await transaction
    .selectFrom('signup')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where(shared, '=', value)
    .where('created_ms', '>=', BigInt(sinceMs))
    .where('state', '!=', 'refused')
    .where('id', '!=', signup.id)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

const countsOf = async (transaction: Transaction, signup: SignupRow, sinceMs: number): Promise<SignupCounts> => ({
  // A mail box has its credit once, whenever that was.
  mail: await countOf(transaction, { signup, shared: 'mail', sinceMs: 0 }),
  domain: await countOf(transaction, { signup, shared: 'domain', sinceMs }),
  address: await countOf(transaction, { signup, shared: 'address', sinceMs }),
  payment: await countOf(transaction, { signup, shared: 'fingerprint', sinceMs }),
})

const byId = async (transaction: Transaction, id: string): Promise<SignupRow> => {
  const row = await transaction.selectFrom('signup').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Problem('not_found', { message: `There is no sign-up ${id}.`, param: 'id' })
  return signupRow(row)
}

const decided = async (
  transaction: Transaction,
  signup: SignupRow,
  { rules, nowMs }: { readonly rules: SignupRules; readonly nowMs: number },
): Promise<SignupRow> => {
  const counts = await countsOf(transaction, signup, nowMs - rules.windowMs)
  const { creditNanoUsd } = signup
  const decision = decideSignup(rules, { creditNanoUsd, counts, verified: signup.verifiedMs !== null, nowMs })
  return {
    ...signup,
    state: decision.state,
    reason: decision.state === 'refused' ? decision.reason : null,
    releaseMs: decision.state === 'waiting' ? decision.releaseMs : null,
  }
}

const keep = async (transaction: Transaction, { id, state, reason, verifiedMs, releaseMs, lot }: SignupRow) => {
  await transaction
    .updateTable('signup')
    .set({ state, reason, verified_ms: verifiedMs, release_ms: releaseMs, lot })
    .where('id', '=', id)
    .execute()
}

/** The credit of a sign-up; its lot follows from its id, so that it is given once. */
const grantOf = (signup: SignupRow, nowMs: number): Grant => ({
  lot: signup.id.replace(/^sgn_/, 'lot_'),
  account: signup.account,
  kind: 'promo',
  amountNanoUsd: signup.creditNanoUsd,
  priority,
  expiresMs: signup.creditLastsMs === null ? null : nowMs + signup.creditLastsMs,
  nowMs,
  method: 'signup',
  reason: `sign-up credit${signup.plan === null ? '' : ` of plan ${signup.plan}`}`,
})

/** Gives the credit; of an account that is closed by now, nothing. */
const release = async (books: Books, signup: SignupRow, nowMs: number): Promise<SignupRow> => {
  const { transaction, run } = books
  const [money] = await run.money(transaction, [signup.account])
  const isClosed = money === undefined || money.state === 'closed'
  const changed: SignupRow = isClosed
    ? { ...signup, state: 'refused', reason: 'the account is closed', releaseMs: null }
    : { ...signup, state: 'released', reason: null, lot: grantOf(signup, nowMs).lot }
  if (!isClosed) await grantLot(books, grantOf(signup, nowMs))
  await keep(transaction, changed)
  return changed
}

/** Due at once is given at once. */
const settled = async (books: Books, signup: SignupRow, nowMs: number): Promise<SignupRow> =>
  signup.state === 'waiting' && signup.releaseMs !== null && signup.releaseMs <= nowMs
    ? release(books, signup, nowMs)
    : signup

type Verification = {
  readonly id: string
  readonly nowMs: number
  readonly rules: SignupRules
  readonly trail: TrailRow
}
type Decision = {
  readonly id: string
  readonly nowMs: number
  readonly refuse: string | null
  readonly trail: TrailRow
}

const signupReads = {
  signup: read(async (transaction, id: string): Promise<SignupRow | null> => {
    const row = await transaction.selectFrom('signup').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : signupRow(row)
  }),

  signupOf: read(async (transaction, account: string): Promise<SignupRow | null> => {
    const row = await transaction.selectFrom('signup').selectAll().where('account', '=', account).executeTakeFirst()
    return row === undefined ? null : signupRow(row)
  }),

  signups: read(
    async (
      transaction,
      page: { readonly limit: number; readonly after: string | null },
    ): Promise<readonly SignupRow[]> => {
      let query = transaction.selectFrom('signup').selectAll().orderBy('id').limit(checkLimit(page.limit))
      if (page.after !== null) query = query.where('id', '>', page.after)
      return (await query.execute()).map(signupRow)
    },
  ),
}

export const signupOperations = () => {
  const run = bookStatements()
  return {
    signUp: write(
      async (transaction, { request, trail }: { readonly request: NewSignup; readonly trail: TrailRow }) => {
        const { rows, owner, rules } = request
        const nowMs = request.signup.createdMs
        if (request.person !== undefined) await insertPerson(transaction, request.person)
        await insertAccount(transaction, rows)
        await transaction.insertInto('member').values(memberValues(owner)).execute()
        const signup = await decided(transaction, request.signup, { rules, nowMs })
        await transaction
          .insertInto('signup')
          .values({
            id: signup.id,
            account: signup.account,
            state: signup.state,
            reason: signup.reason,
            plan: signup.plan,
            credit_nano_usd: signup.creditNanoUsd,
            credit_lasts_ms: signup.creditLastsMs,
            mail: signup.mail,
            domain: signup.domain,
            address: signup.address,
            fingerprint: signup.fingerprint,
            created_ms: signup.createdMs,
            verified_ms: signup.verifiedMs,
            release_ms: signup.releaseMs,
            lot: null,
          })
          .execute()
        await appendTrail(transaction, trail)
        return settled({ transaction, run }, signup, nowMs)
      },
    ),

    ...signupReads,

    verifySignup: write(async (transaction, { id, nowMs, rules, trail }: Verification): Promise<SignupRow> => {
      const signup = await byId(transaction, id)
      if (signup.verifiedMs !== null) return signup
      const verified = { ...signup, verifiedMs: nowMs }
      const now = signup.state === 'unverified' ? await decided(transaction, verified, { rules, nowMs }) : verified
      await keep(transaction, now)
      await appendTrail(transaction, trail)
      return settled({ transaction, run }, now, nowMs)
    }),

    decideSignup: write(async (transaction, { id, nowMs, refuse, trail }: Decision): Promise<SignupRow> => {
      const signup = await byId(transaction, id)
      if (signup.state === 'released')
        throw new Problem('conflict', {
          ...saying('signup_given', { id, lot: signup.lot ?? 'LOT' }),
          param: 'id',
        })
      if (refuse === null && signup.creditNanoUsd === 0n)
        throw new Problem('conflict', {
          ...saying('signup_gives_none', { id }),
          param: 'id',
        })
      await appendTrail(transaction, trail)
      if (refuse === null) return release({ transaction, run }, signup, nowMs)
      const refused: SignupRow = { ...signup, state: 'refused', reason: refuse, releaseMs: null }
      await keep(transaction, refused)
      return refused
    }),

    releaseSignups: write(
      async (transaction, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> => {
        const due = await transaction
          .selectFrom('signup')
          .selectAll()
          .where('state', '=', 'waiting')
          .where('release_ms', '<=', BigInt(nowMs))
          .orderBy('release_ms')
          .limit(checkLimit(limit))
          .execute()
        for (const row of due) await release({ transaction, run }, signupRow(row), nowMs)
        return due.length
      },
    ),
  }
}
