/** Money of an account as rows: read, moved, posted; lots that have had their day are booked first. */

import type { Selectable } from 'kysely'
import { decimalOf, notBelowZero, sumNanoMax } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { Entry } from '#ledger/entry.ts'
import { breakageEntries } from '#ledger/entry.ts'
import type { Lot, SpentLot } from '#ledger/lot.ts'
import { expiredLots } from '#ledger/lot.ts'
import type { AccountState, Billing, LotKind } from '#ledger/port.ts'
import { goOn } from '#store/operations/context.ts'
import type { AccountMoneyTable, LotTable } from '#store/tables.ts'
import type { Books } from './statement.ts'

export type AccountMoney = {
  readonly account: string
  readonly billing: Billing
  readonly state: AccountState
  readonly creditNanoUsd: bigint
  readonly owedNanoUsd: bigint
  readonly heldNanoUsd: bigint
  readonly spentNanoUsd: bigint
  readonly creditLimitNanoUsd: bigint
  readonly paidNanoUsd: bigint
  /** Of the credit, what is left of scoped lots; of what is held, what they keep back. */
  readonly scopedNanoUsd: bigint
  readonly reservedNanoUsd: bigint
  readonly expiryMs: number | null
}

const moneyOf = (row: Selectable<AccountMoneyTable>): AccountMoney => ({
  account: row.account,
  billing: row.billing as Billing,
  state: row.state as AccountState,
  creditNanoUsd: row.credit_nano_usd,
  owedNanoUsd: row.owed_nano_usd,
  heldNanoUsd: row.held_nano_usd,
  spentNanoUsd: row.spent_nano_usd,
  creditLimitNanoUsd: row.credit_limit_nano_usd,
  paidNanoUsd: row.paid_nano_usd,
  scopedNanoUsd: row.scoped_nano_usd,
  reservedNanoUsd: row.reserved_nano_usd,
  expiryMs: row.expiry_ms === null ? null : Number(row.expiry_ms),
})

export const scopeOf = (text: string | null): readonly string[] | null =>
  text === null ? null : (JSON.parse(text) as readonly string[])

export const lotOf = (row: Selectable<LotTable>): Lot => ({
  id: row.id,
  kind: row.kind as LotKind,
  method: row.method,
  grantedNanoUsd: row.granted_nano_usd,
  paidNanoUsd: row.paid_nano_usd,
  remainingNanoUsd: row.remaining_nano_usd,
  priority: Number(row.priority),
  expiresMs: row.expires_ms === null ? null : Number(row.expires_ms),
  scope: scopeOf(row.scope),
  reservedNanoUsd: row.reserved_nano_usd,
})

export const balanceOf = ({ creditNanoUsd, owedNanoUsd }: AccountMoney): bigint => creditNanoUsd - owedNanoUsd

/** What is held of general credit. */
export const generalHeld = ({ heldNanoUsd, reservedNanoUsd }: AccountMoney): bigint => heldNanoUsd - reservedNanoUsd

/** What could be held now of what pays for everything; `null` = there is no floor. May be negative after a shortfall. */
export const availableOf = (money: AccountMoney): bigint | null =>
  money.billing === 'unlimited'
    ? null
    : balanceOf(money) - money.scopedNanoUsd + money.creditLimitNanoUsd - generalHeld(money)

/** General credit that no hold needs. */
export const freeGeneral = (money: AccountMoney): bigint =>
  notBelowZero(money.creditNanoUsd - money.scopedNanoUsd - generalHeld(money))

/** Refuses what the columns of an account do not hold. @throws Problem `conflict`. */
export const checkSum = (account: string, sums: Readonly<Record<string, bigint>>): void => {
  for (const [name, sumNanoUsd] of Object.entries(sums))
    if (sumNanoUsd > sumNanoMax)
      throw new Problem('conflict', {
        message: `Account ${account} would have ${decimalOf(sumNanoUsd)} USD of ${name}, and the books hold ${decimalOf(sumNanoMax)} USD at most.`,
        param: 'usd',
      })
}

export const lotsOf = ({ transaction, run }: Books, account: string): readonly Lot[] | Promise<readonly Lot[]> =>
  goOn(run.lots(transaction, [account]), (rows) => rows.map(lotOf))

export type Posting = {
  /** Unique: the same transaction is never posted twice. */
  readonly id: string
  readonly kind: 'grant' | 'settle' | 'cost' | 'expire' | 'adjust'
  readonly account: string
  readonly call: string | null
  readonly timeMs: number
  readonly reason: string | null
  readonly entries: readonly Entry[]
}

/** Takes what was spent, ended or was taken back out of its lots; gives the sum. The account's own sum of credit is the caller's. */
export const takeFromLots = async (
  { transaction, run }: Books,
  account: string,
  spent: readonly SpentLot[],
): Promise<bigint> => {
  let [sumNanoUsd, scopedNanoUsd] = [0n, 0n]
  for (const { lot, amountNanoUsd } of spent) {
    await run.takeFromLot(transaction, [amountNanoUsd, lot.id])
    sumNanoUsd += amountNanoUsd
    if (lot.scope !== null) scopedNanoUsd += amountNanoUsd
  }
  if (scopedNanoUsd !== 0n) await run.moveScoped(transaction, [-scopedNanoUsd, 0n, account])
  return sumNanoUsd
}

/** Posts a transaction; of no entries nothing is posted. */
export const post = async ({ transaction, run }: Books, posting: Posting): Promise<void> => {
  const { id, kind, account, call, timeMs, reason, entries } = posting
  if (entries.length === 0) return
  await run.insertTransaction(transaction, [id, kind, account, call, timeMs, reason])
  const rows = entries.map(({ from, to, amountNano, currency, lot }, line) => [
    id,
    line,
    from,
    to,
    amountNano,
    currency,
    lot,
  ])
  const [first, second] = rows
  if (rows.length === 2 && first !== undefined && second !== undefined)
    await run.insertTwoEntries(transaction, [...first, ...second])
  else for (const row of rows) await run.insertEntry(transaction, row)
}

/** Of ends the first; `null` = there is none. */
export const firstEnd = (ends: readonly (number | null)[]): number | null => {
  const [first] = ends.filter((end) => end !== null).sort((a, b) => a - b)
  return first ?? null
}

/** Books what has expired of the account's lots and is not held; gives how many lots ended. */
export const expireAccount = async (books: Books, money: AccountMoney, nowMs: number): Promise<number> => {
  const { transaction, run } = books
  const { account } = money
  const lots = await lotsOf(books, account)
  const expired = expiredLots(lots, { heldNanoUsd: generalHeld(money), nowMs })
  const sumNanoUsd = await takeFromLots(books, account, expired)
  for (const { lot, amountNanoUsd } of expired)
    await post(books, {
      // A lot that holds kept alive ends in parts, each of them leaving less: the rest names the part.
      id: `expire/${lot.id}/${lot.remainingNanoUsd}`,
      kind: 'expire',
      account,
      call: null,
      timeMs: nowMs,
      reason: null,
      entries: breakageEntries(account, [{ lot, amountNanoUsd }]),
    })
  await run.moveMoney(transaction, [-sumNanoUsd, 0n, 0n, 0n, account])
  const gone = new Set(
    expired.filter(({ lot, amountNanoUsd }) => amountNanoUsd === lot.remainingNanoUsd).map(({ lot }) => lot.id),
  )
  const left = lots.filter(({ id }) => !gone.has(id))
  await run.setExpiry(transaction, [firstEnd(left.map(({ expiresMs }) => expiresMs)), account])
  return gone.size
}

/** Where an account's money is asked for; `null` = the books do not know it. */
type Asked = AccountMoney | null | Promise<AccountMoney | null>

/** The money of an account as it is booked. */
export const moneyOnly = ({ transaction, run }: Books, account: string): Asked =>
  goOn(run.money(transaction, [account]), ([row]): Asked => (row === undefined ? null : moneyOf(row)))

const moneyLeft = async (books: Books, money: AccountMoney, nowMs: number): Promise<AccountMoney | null> => {
  await expireAccount(books, money, nowMs)
  return moneyOnly(books, money.account)
}

/** The money of an account as it is at this time: what has expired is booked before it is looked at. */
export const moneyAt = (books: Books, account: string, nowMs: number): Asked =>
  goOn(moneyOnly(books, account), (money): Asked => {
    if (money === null || money.expiryMs === null || money.expiryMs > nowMs) return money
    return moneyLeft(books, money, nowMs)
  })
