/**
 * Sums of accounts, lots and budgets, which every call of a batch changes: read once, changed in memory, and written once, at the end of the
 * batch or before something else of it looks at them. The rows of each call are written as it comes.
 */

import assert from 'node:assert/strict'
import type { Selectable } from 'kysely'
import type { LateWrites, Rows, Transaction } from '#store/operations/context.ts'
import { goOn } from '#store/operations/context.ts'
import type { AccountMoneyTable, BudgetSpendTable, LotTable } from '#store/tables.ts'
import type { BookStatements } from './statement.ts'

type Money = Selectable<AccountMoneyTable>
type Lots = Selectable<LotTable>
type Spend = Selectable<BudgetSpendTable>

/** What was spent is only told at the end: nothing that runs within a batch reads it. */
type MoneySum = { readonly row: Money; readonly by: [credit: bigint, owed: bigint, held: bigint, spent: bigint] }
type LotSum = { readonly row: Lots; takenNanoUsd: bigint }
type SpendSum = { readonly row: Spend; isThere: boolean; heldNanoUsd: bigint; spentNanoUsd: bigint }

/** As the tables check it of each row at the end: here of each step. */
const added = (sum: bigint, by: bigint): bigint => {
  assert(sum + by >= 0n, 'a sum of the books never falls below zero')
  return sum + by
}

/** Only a name may have a `/` in it. */
const spendName = ([name, period, startMs]: readonly unknown[]): string => `${startMs}/${period}/${name}`

class BatchSums implements LateWrites {
  readonly #run: BookStatements
  #money = new Map<string, MoneySum>()
  #lots = new Map<string, readonly LotSum[]>()
  #lotOf = new Map<string, LotSum>()
  #spends = new Map<string, SpendSum>()

  constructor(run: BookStatements) {
    this.#run = run
  }

  /** By new maps: one that is cleared leads V8 from its old table to its next, so that each batch's rows would be taken for old with those before. */
  forget(): void {
    this.#money = new Map()
    this.#lots = new Map()
    this.#lotOf = new Map()
    this.#spends = new Map()
  }

  async write(transaction: Transaction): Promise<void> {
    const run = this.#run
    for (const [account, { by }] of this.#money)
      if (by.some((amount) => amount !== 0n)) await run.moveMoney(transaction, [...by, account])
    for (const [id, { takenNanoUsd }] of this.#lotOf)
      if (takenNanoUsd !== 0n) await run.takeFromLot(transaction, [takenNanoUsd, id])
    for (const { row, isThere, heldNanoUsd, spentNanoUsd } of this.#spends.values()) {
      const place = [row.name, row.period, row.start_ms]
      // Also with nothing in it: a call that held nothing may still cost something, and then the row must be there.
      if (!isThere) await run.moveBudget(transaction, [...place, heldNanoUsd, spentNanoUsd])
      else if (heldNanoUsd !== 0n || spentNanoUsd !== 0n)
        await run.addToBudget(transaction, [heldNanoUsd, spentNanoUsd, ...place])
    }
    this.forget()
  }

  #moneyOf(transaction: Transaction, account: string): MoneySum | null | Promise<MoneySum | null> {
    return (
      this.#money.get(account) ??
      goOn(this.#run.money(transaction, [account]), ([row]) => {
        if (row === undefined) return null
        const sum: MoneySum = { row, by: [0n, 0n, 0n, 0n] }
        this.#money.set(account, sum)
        return sum
      })
    )
  }

  #spendOf(transaction: Transaction, place: readonly unknown[]): SpendSum | null | Promise<SpendSum | null> {
    const key = spendName(place)
    return (
      this.#spends.get(key) ??
      goOn(this.#run.budget(transaction, place), ([row]) => {
        if (row === undefined) return null
        const sum: SpendSum = { row, isThere: true, heldNanoUsd: 0n, spentNanoUsd: 0n }
        this.#spends.set(key, sum)
        return sum
      })
    )
  }

  #lotsOf(transaction: Transaction, account: string): readonly LotSum[] | Promise<readonly LotSum[]> {
    return (
      this.#lots.get(account) ??
      goOn(this.#run.lots(transaction, [account]), (rows) => {
        const sums = rows.map((row): LotSum => ({ row, takenNanoUsd: 0n }))
        this.#lots.set(account, sums)
        for (const sum of sums) this.#lotOf.set(sum.row.id, sum)
        return sums
      })
    )
  }

  #newSpend([name, period, startMs]: readonly [string, string, number]): SpendSum {
    const row = { name, period, start_ms: BigInt(startMs), held_nano_usd: 0n, spent_nano_usd: 0n }
    const sum: SpendSum = { row, isThere: false, heldNanoUsd: 0n, spentNanoUsd: 0n }
    this.#spends.set(spendName([name, period, startMs]), sum)
    return sum
  }

  #moveSpend(sum: SpendSum, heldNanoUsd: bigint, spentNanoUsd: bigint): void {
    const { row } = sum
    row.held_nano_usd = added(row.held_nano_usd, heldNanoUsd)
    row.spent_nano_usd = added(row.spent_nano_usd, spentNanoUsd)
    sum.heldNanoUsd += heldNanoUsd
    sum.spentNanoUsd += spentNanoUsd
  }

  /** The statements, of which those that are about sums go by what is in memory. */
  statements(): BookStatements {
    const run = this.#run
    /** What is rare is written to the rows themselves, and read anew after. */
    const beside =
      (statement: BookStatements['moveScoped']): BookStatements['moveScoped'] =>
      async (transaction, values) => {
        await this.write(transaction)
        return statement(transaction, values)
      }
    return {
      ...run,
      money: (transaction, [account]) =>
        goOn(this.#moneyOf(transaction, account as string), (sum): Rows<Money> => (sum === null ? [] : [sum.row])),
      moveMoney: (transaction, values) => {
        const [credit, owed, held, spent, account] = values as [bigint, bigint, bigint, bigint, string]
        return goOn(this.#moneyOf(transaction, account), (sum) => {
          assert(sum !== null, 'money is moved of accounts that there are')
          const { row, by } = sum
          row.credit_nano_usd = added(row.credit_nano_usd, credit)
          row.owed_nano_usd = added(row.owed_nano_usd, owed)
          row.held_nano_usd = added(row.held_nano_usd, held)
          by[0] += credit
          by[1] += owed
          by[2] += held
          by[3] += spent
          return []
        })
      },
      lots: (transaction, [account]) =>
        goOn(this.#lotsOf(transaction, account as string), (sums) => sums.map(({ row }) => row)),
      takeFromLot: (transaction, values) => {
        const [amountNanoUsd, id] = values as [bigint, string]
        const sum = this.#lotOf.get(id)
        if (sum === undefined) return run.takeFromLot(transaction, values)
        sum.row.remaining_nano_usd = added(sum.row.remaining_nano_usd, -amountNanoUsd)
        sum.takenNanoUsd += amountNanoUsd
        return []
      },
      budget: (transaction, values) =>
        goOn(this.#spendOf(transaction, values), (sum): Rows<Spend> => (sum === null ? [] : [sum.row])),
      moveBudget: (transaction, values) => {
        const [name, period, startMs, held, spent] = values as [string, string, number, bigint, bigint]
        const place = [name, period, startMs] as const
        return goOn(this.#spendOf(transaction, place), (known) => {
          const sum = known ?? this.#newSpend(place)
          this.#moveSpend(sum, held, spent)
          return []
        })
      },
      moveExistingBudget: (transaction, values) => {
        const [held, spent, ...place] = values as [bigint, bigint, string, string, number]
        return goOn(this.#spendOf(transaction, place), (sum) => {
          if (sum === null) return []
          this.#moveSpend(sum, held, spent)
          return [{ spent_nano_usd: sum.row.spent_nano_usd }]
        })
      },
      moveScoped: beside(run.moveScoped),
      movePaid: beside(run.movePaid),
      setExpiry: beside(run.setExpiry),
      reserveLot: beside(run.reserveLot),
    }
  }
}

/** The statements of the books for operations that are run together, and what of them is written late. */
export const batchSums = (run: BookStatements): { readonly run: BookStatements; readonly late: LateWrites } => {
  const sums = new BatchSums(run)
  return { run: sums.statements(), late: sums }
}
