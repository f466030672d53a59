/** Redeem codes: made, redeemed once, voided. Only their digests are here. */

import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { CodeBatch, CountedBatch, Redeemed, Redemption, TrailRow, Upgrade } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { CodeBatchTable } from '#store/code-tables.ts'
import { upgradeAccount } from './books/account.ts'
import { grantLot } from './books/credit.ts'
import { bookStatements } from './books/statement.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { appendTrail } from './trail.ts'

const batchesMax = 1000
const hourMs = 3_600_000
/** Codes that there are not, tried for one account in an hour: a person mistypes, a program guesses. */
const guessesMax = 20
/** Rows of one insert: SQLite takes 32,766 values in a statement. */
const insertRowsMax = 1000

const batchOf = (row: Selectable<CodeBatchTable>): CodeBatch => ({
  id: row.id,
  name: row.name,
  kind: row.kind as CodeBatch['kind'],
  amountNanoUsd: row.amount_nano_usd,
  scope: row.scope === null ? null : (JSON.parse(row.scope) as readonly string[]),
  expiresMs: row.expires_ms === null ? null : Number(row.expires_ms),
  creditLastsMs: row.credit_lasts_ms === null ? null : Number(row.credit_lasts_ms),
  onePerAccount: row.one_per_account !== 0n,
  createdMs: Number(row.created_ms),
  voidedMs: row.voided_ms === null ? null : Number(row.voided_ms),
})

type Codes = { readonly batch: CodeBatch; readonly digests: readonly string[]; readonly trail: TrailRow }

const createCodes = async (transaction: Transaction, { batch, digests, trail }: Codes): Promise<void> => {
  const made = await transaction
    .insertInto('code_batch')
    .values({
      id: batch.id,
      name: batch.name,
      kind: batch.kind,
      amount_nano_usd: batch.amountNanoUsd,
      scope: batch.scope === null ? null : JSON.stringify(batch.scope),
      expires_ms: batch.expiresMs,
      credit_lasts_ms: batch.creditLastsMs,
      one_per_account: batch.onePerAccount ? 1 : 0,
      created_ms: batch.createdMs,
      voided_ms: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made === undefined)
    throw new Problem('conflict', { ...saying('batch_exists', { name: batch.name }), param: 'batch' })
  for (let from = 0; from < digests.length; from += insertRowsMax)
    await transaction
      .insertInto('code')
      .values(digests.slice(from, from + insertRowsMax).map((digest) => ({ digest, batch: batch.id })))
      .execute()
  await appendTrail(transaction, trail)
}

const guesses = async (transaction: Transaction, { account, nowMs }: Redemption): Promise<number> => {
  const row = await transaction
    .selectFrom('code_guess')
    .select('count')
    .where('account', '=', account)
    .where('hour_ms', '=', BigInt(nowMs - (nowMs % hourMs)))
    .executeTakeFirst()
  return Number(row?.count ?? 0n)
}

const noteGuess = async (transaction: Transaction, { account, nowMs }: Redemption): Promise<void> => {
  await transaction
    .insertInto('code_guess')
    .values({ account, hour_ms: nowMs - (nowMs % hourMs), count: 1 })
    .onConflict((conflict) =>
      conflict.columns(['account', 'hour_ms']).doUpdateSet({ count: sql`code_guess.count + 1` }),
    )
    .execute()
}

type Redeeming = { readonly redemption: Redemption; readonly trail: TrailRow; readonly upgrade: Upgrade | null }

/** The row of the redemption is what makes a code single: its key takes one, however many come at once. */
const insertRedemption = async (
  transaction: Transaction,
  { digest, account, lot, nowMs }: Redemption,
  batch: CodeBatch,
): Promise<boolean> => {
  const inserted = await transaction
    .insertInto('redemption')
    .values({
      code: digest,
      batch: batch.id,
      account,
      lot,
      once: batch.onePerAccount ? `${batch.id}/${account}` : null,
      time_ms: nowMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('code')
    .executeTakeFirst()
  return inserted !== undefined
}

const isRedeemed = async (transaction: Transaction, digest: string): Promise<boolean> =>
  (await transaction.selectFrom('redemption').select('code').where('code', '=', digest).executeTakeFirst()) !==
  undefined

export const codeOperations = () => {
  const run = bookStatements()
  const redeem = async (transaction: Transaction, { redemption, trail, upgrade }: Redeeming): Promise<Redeemed> => {
    const { digest, account, lot, priority, nowMs } = redemption
    const retryMs = hourMs - (nowMs % hourMs)
    if ((await guesses(transaction, redemption)) >= guessesMax) return { ok: false, reason: 'guessing', retryMs }
    const row = await transaction
      .selectFrom('code')
      .innerJoin('code_batch', 'code_batch.id', 'code.batch')
      .selectAll('code_batch')
      .where('code.digest', '=', digest)
      .executeTakeFirst()
    if (row === undefined) {
      await noteGuess(transaction, redemption)
      return { ok: false, reason: 'unknown' }
    }
    const batch = batchOf(row)
    if (await isRedeemed(transaction, digest)) return { ok: false, reason: 'redeemed' }
    if (batch.voidedMs !== null) return { ok: false, reason: 'voided' }
    if (batch.expiresMs !== null && batch.expiresMs <= nowMs) return { ok: false, reason: 'expired' }
    if (!(await insertRedemption(transaction, redemption, batch)))
      return { ok: false, reason: (await isRedeemed(transaction, digest)) ? 'redeemed' : 'once' }
    const expiresMs = batch.creditLastsMs === null ? null : nowMs + batch.creditLastsMs
    const { kind, amountNanoUsd, scope } = batch
    const credit = { lot, account, kind, amountNanoUsd, priority, expiresMs, nowMs, scope }
    await grantLot({ transaction, run }, { ...credit, method: 'code', reason: `code of batch ${batch.name}` })
    await appendTrail(transaction, trail)
    const plan = upgrade === null ? null : await upgradeAccount({ transaction, run }, account, upgrade)
    return { ok: true, batch, expiresMs, plan }
  }
  return {
    createCodes: write(createCodes),
    redeemCode: write(redeem),

    codeBatches: read(async (transaction, _none: null): Promise<readonly CountedBatch[]> => {
      const rows = await transaction
        .selectFrom('code_batch')
        .selectAll('code_batch')
        .select(({ selectFrom, fn }) => [
          selectFrom('code')
            .select(fn.countAll<bigint>().as('count'))
            .whereRef('code.batch', '=', 'code_batch.id')
            .as('codes'),
          selectFrom('redemption')
            .innerJoin('code', 'code.digest', 'redemption.code')
            .select(fn.countAll<bigint>().as('count'))
            .whereRef('code.batch', '=', 'code_batch.id')
            .as('redeemed'),
        ])
        .orderBy('id')
        .limit(batchesMax)
        .execute()
      return rows.map((row) => ({
        ...batchOf(row),
        codes: Number(row.codes ?? 0n),
        redeemed: Number(row.redeemed ?? 0n),
      }))
    }),

    voidCodes: write(
      async (
        transaction,
        { handle, atMs, trail }: { readonly handle: string; readonly atMs: number; readonly trail: TrailRow },
      ): Promise<CodeBatch | null> => {
        const batches = transaction.selectFrom('code_batch').selectAll()
        const row =
          (await batches.where('id', '=', handle).executeTakeFirst()) ??
          (await batches.where('name', '=', handle).executeTakeFirst())
        if (row === undefined || row.voided_ms !== null) return row === undefined ? null : batchOf(row)
        await transaction.updateTable('code_batch').set({ voided_ms: atMs }).where('id', '=', row.id).execute()
        await appendTrail(transaction, trail)
        return { ...batchOf(row), voidedMs: atMs }
      },
    ),
  }
}
