/** Statements of the books that run for every call: compiled once, run with other values in their places. */

import assert from 'node:assert/strict'
import type { CompiledQuery, RawBuilder, Selectable } from 'kysely'
import { sql } from 'kysely'
import { leasePrefix } from '#ledger/lease.ts'
import type { Rows, Transaction } from '#store/operations/context.ts'
import { runHot } from '#store/operations/context.ts'
import type { AccountMoneyTable, BudgetSpendTable, HoldTable, LotTable } from '#store/tables.ts'

/** Stands where a value goes. */
const place = null

/** Runs a statement with these values, in the order of its places; gives its rows. */
type Hot<O> = (transaction: Transaction, values: readonly unknown[]) => Rows<O>

const hot = <O = never>(statement: RawBuilder<O>): Hot<O> => {
  let compiled: CompiledQuery<O> | null = null
  return (transaction, values) => {
    compiled ??= statement.compile(transaction)
    assert.equal(values.length, compiled.parameters.length)
    return runHot(transaction, compiled, values)
  }
}

/** By the transaction's own name, so that nobody waits for its number. */
const entryPlaces = sql`((select sequence from book_transaction where id = ${place}), ${place}, ${place}, ${place}, ${place}, ${place}, ${place})`

/** Written out, as the condition of the index has it that finds them. */
export const isLease = sql<boolean>`substr(call, 1, ${sql.lit(leasePrefix.length)}) = ${sql.lit(leasePrefix)}`

const budgetStatements = () => ({
  budget: hot(
    sql<
      Selectable<BudgetSpendTable>
    >`select * from budget_spend where name = ${place} and period = ${place} and start_ms = ${place}`,
  ),

  /** Adds to what is held and to what is spent. */
  moveBudget: hot(
    sql`insert into budget_spend (name, period, start_ms, held_nano_usd, spent_nano_usd)
      values (${place}, ${place}, ${place}, ${place}, ${place})
      on conflict (name, period, start_ms) do update set held_nano_usd = budget_spend.held_nano_usd + excluded.held_nano_usd,
      spent_nano_usd = budget_spend.spent_nano_usd + excluded.spent_nano_usd`,
  ),

  /** The same where it is there for certain. */
  addToBudget: hot(
    sql`update budget_spend set held_nano_usd = held_nano_usd + ${place}, spent_nano_usd = spent_nano_usd + ${place}
      where name = ${place} and period = ${place} and start_ms = ${place}`,
  ),

  /** The same where it may be there; gives what was spent then. */
  moveExistingBudget: hot(
    sql<{
      spent_nano_usd: bigint
    }>`update budget_spend set held_nano_usd = held_nano_usd + ${place}, spent_nano_usd = spent_nano_usd + ${place}
      where name = ${place} and period = ${place} and start_ms = ${place} returning spent_nano_usd`,
  ),

  /** A threshold is crossed once in a period. */
  insertCrossing: hot(
    sql`insert into budget_crossing (name, period, start_ms, threshold, id, account, label, spent_nano_usd, limit_nano_usd, time_ms)
      values (${place}, ${place}, ${place}, ${place}, ${place}, ${place}, ${place}, ${place}, ${place}, ${place})
      on conflict (name, period, start_ms, threshold) do nothing`,
  ),
})

/** One set for each backend, as the operations are. */
export const bookStatements = () => ({
  ...budgetStatements(),

  money: hot(sql<Selectable<AccountMoneyTable>>`select * from account_money where account = ${place}`),

  /** Adds to credit, to what is owed, to what is held, to what was spent. */
  moveMoney: hot(
    sql`update account_money set credit_nano_usd = credit_nano_usd + ${place}, owed_nano_usd = owed_nano_usd + ${place},
      held_nano_usd = held_nano_usd + ${place}, spent_nano_usd = spent_nano_usd + ${place} where account = ${place}`,
  ),

  /** Adds to what is left of scoped lots, and to what of it is kept back. */
  moveScoped: hot(
    sql`update account_money set scoped_nano_usd = scoped_nano_usd + ${place}, reserved_nano_usd = reserved_nano_usd + ${place}
      where account = ${place}`,
  ),

  /** Adds to what was paid for credit. */
  movePaid: hot(sql`update account_money set paid_nano_usd = paid_nano_usd + ${place} where account = ${place}`),

  setExpiry: hot(sql`update account_money set expiry_ms = ${place} where account = ${place}`),

  hold: hot(sql<Selectable<HoldTable>>`select * from hold where call = ${place}`),

  /** Whether a call has had its hold, and of how much. */
  heldFor: hot(
    sql<
      Pick<Selectable<HoldTable>, 'state' | 'amount_nano_usd'>
    >`select state, amount_nano_usd from hold where call = ${place}`,
  ),

  insertHold: hot(
    sql`insert into hold (call, account, key, owner, state, amount_nano_usd, charged_nano_usd, excess_nano_usd, proven_nano_usd,
      begun, budgets, created_ms, expires_ms, ended_ms, price_hash, rule, lots)
      values (${place}, ${place}, ${place}, ${place}, ${place}, ${place}, ${place}, ${place}, null,
      0, ${place}, ${place}, ${place}, ${place}, ${place}, ${place}, ${place})`,
  ),

  extendHold: hot(
    sql`update hold set amount_nano_usd = amount_nano_usd + ${place}, expires_ms = ${place}, begun = ${place},
      proven_nano_usd = ${place} where call = ${place} and state = 'open'`,
  ),

  /** Writes down what calls need of a lease. */
  noteUnderWay: hot(sql`update hold set under_way_nano_usd = ${place} where call = ${place} and state = 'open'`),

  /** What no call needs of what an account's money was lent for. */
  idleLent: hot(
    sql<{
      idle_nano_usd: bigint
    }>`select cast(coalesce(sum(amount_nano_usd - under_way_nano_usd), 0) as bigint) as idle_nano_usd
      from hold where account = ${place} and state = 'open' and ${isLease}
      and under_way_nano_usd < amount_nano_usd`,
  ),

  /** Leases of which no call needs a part, with their budgets. */
  idleLeases: hot(
    sql<{
      budgets: string
      idle_nano_usd: bigint
    }>`select budgets, amount_nano_usd - under_way_nano_usd as idle_nano_usd
      from hold where state = 'open' and ${isLease} and under_way_nano_usd < amount_nano_usd
      and budgets is not null`,
  ),

  /** Writes down what a hold keeps back of scoped lots. */
  keepLots: hot(sql`update hold set lots = ${place} where call = ${place} and state = 'open'`),

  /** Ends an open hold with a charge; gives what was held, and of what. */
  settleHold: hot(
    sql<
      Pick<Selectable<HoldTable>, 'account' | 'amount_nano_usd' | 'budgets' | 'lots'>
    >`update hold set state = 'settled', charged_nano_usd = ${place},
      excess_nano_usd = case when amount_nano_usd < ${place} then ${place} - amount_nano_usd else 0 end,
      ended_ms = ${place}, price_hash = ${place}, rule = ${place} where call = ${place} and state = 'open'
      returning account, amount_nano_usd, budgets, lots`,
  ),

  endHold: hot(
    sql`update hold set state = ${place}, charged_nano_usd = ${place}, excess_nano_usd = ${place}, ended_ms = ${place},
      price_hash = ${place}, rule = ${place} where call = ${place} and state = 'open'`,
  ),

  /** In the order in which they are spent. */
  lots: hot(
    sql<Selectable<LotTable>>`select * from lot where account = ${place} and remaining_nano_usd > 0
      order by priority, expires_ms is null, expires_ms, sequence`,
  ),

  takeFromLot: hot(sql`update lot set remaining_nano_usd = remaining_nano_usd - ${place} where id = ${place}`),

  /** Adds to what holds keep back of a lot. */
  reserveLot: hot(sql`update lot set reserved_nano_usd = reserved_nano_usd + ${place} where id = ${place}`),

  insertTransaction: hot(
    sql`insert into book_transaction (id, kind, account, call, time_ms, reason)
      values (${place}, ${place}, ${place}, ${place}, ${place}, ${place})`,
  ),

  insertEntry: hot(
    sql`insert into book_entry (transaction_sequence, line, from_book, to_book, amount_nano, currency, lot)
      values ${entryPlaces}`,
  ),

  /** A charge and what it cost the operator, as nearly every call has them. */
  insertTwoEntries: hot(
    sql`insert into book_entry (transaction_sequence, line, from_book, to_book, amount_nano, currency, lot)
      values ${entryPlaces}, ${entryPlaces}`,
  ),
})

export type BookStatements = ReturnType<typeof bookStatements>

/** What every operation of the books runs on. */
export type Books = { readonly transaction: Transaction; readonly run: BookStatements }
