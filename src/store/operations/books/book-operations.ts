/** The operations of the books. Each is one transaction, or part of one: what it answers is durable when it is answered. */

import type { AccountChange, AccountClosed, LotPage, Page, TrailRow, Upgrade } from '#admin/port.ts'
import type {
  AccountFacts,
  AccountState,
  Adjustment,
  Balance,
  Budget,
  BudgetState,
  DrawRequest,
  Ended,
  ExtendRequest,
  Grant,
  Held,
  HoldRequest,
  LeaseBooks,
  LotView,
  Receipt,
  Revocation,
  Revoked,
  SettleRequest,
  SweepRequest,
  Swept,
  VoidRequest,
} from '#ledger/port.ts'
import type { AccountRows } from '#store/operations/account.ts'
import { insertAccount } from '#store/operations/account.ts'
import type { StoreOperation, Transaction } from '#store/operations/context.ts'
import { read, write } from '#store/operations/context.ts'
import { checkLimit } from '#store/operations/page.ts'
import { appendTrail } from '#store/operations/trail.ts'
import { changeAccount, closeAccount, upgradeAccount } from './account.ts'
import type { ClaimQuestion } from './audit.ts'
import { accountPage, entryStretch, holdStretch, lotPage } from './audit.ts'
import { batchSums } from './batch-sums.ts'
import { bookPage } from './book-page.ts'
import { adjustCredit, lotView, revokeLot } from './correction.ts'
import { balanceAt, expireDue, grantLot, setState } from './credit.ts'
import { drawHold } from './draw.ts'
import { budgetState, extendHold, takeHold } from './hold.ts'
import { abandonNode, endLease, endLeases, noteLease, returnPart } from './lease.ts'
import { rerateOperations } from './rerate.ts'
import { callMoneyOf, settleCall, sweepHolds, voidCall } from './settle.ts'
import type { BookStatements, Books } from './statement.ts'
import { bookStatements } from './statement.ts'

type GrantInput = { readonly grant: Grant; readonly trail: TrailRow; readonly upgrade?: Upgrade | null }
type NewAccount = { readonly rows: AccountRows; readonly trail: TrailRow; readonly grant?: Grant | null }
type Closing = { readonly account: string; readonly nowMs: number; readonly trail: TrailRow }

type On = (transaction: Transaction) => Books

/** What every call does to the books. */
const hotOperations = (on: On) => ({
  hold: write((transaction, request: HoldRequest): Promise<Held> => takeHold(on(transaction), request)),
  extend: write((transaction, request: ExtendRequest): Promise<Held> => extendHold(on(transaction), request)),
  settle: write((transaction, request: SettleRequest): Promise<Ended> => settleCall(on(transaction), request)),
  draw: write((transaction, request: DrawRequest): Promise<readonly Ended[]> => drawHold(on(transaction), request)),
  voidHold: write((transaction, request: VoidRequest): Promise<Ended> => voidCall(on(transaction), request)),
})

/** What else becomes of holds and leases. */
const callOperations = (on: On) => ({
  noteLease: write(
    (transaction, note: Parameters<LeaseBooks['noteLease']>[0]): Promise<void> => noteLease(on(transaction), note),
  ),
  endLease: write(
    (transaction, lease: Parameters<LeaseBooks['endLease']>[0]): Promise<void> => endLease(on(transaction), lease),
  ),
  returnPart: write(
    (transaction, part: Parameters<LeaseBooks['returnPart']>[0]): Promise<bigint> => returnPart(on(transaction), part),
  ),
  endLeases: write(
    (transaction, { owner, nowMs }: { readonly owner: string; readonly nowMs: number }): Promise<number> =>
      endLeases(on(transaction), owner, nowMs),
  ),
  abandonNode: write(
    async (
      transaction,
      { node, nowMs, trail }: { readonly node: string; readonly nowMs: number; readonly trail: TrailRow | null },
    ): Promise<void> => {
      await abandonNode(on(transaction), node, nowMs)
      if (trail !== null) await appendTrail(transaction, trail)
    },
  ),
  sweep: write((transaction, request: SweepRequest): Promise<Swept> => sweepHolds(on(transaction), request)),
  expireLots: write(
    (transaction, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> =>
      expireDue(on(transaction), nowMs, limit),
  ),
})

/** Accounts: opened with credit, given some, changed, ended. */
const accountOperations = (on: On) => ({
  grantCredit: write(async (transaction, { grant, trail, upgrade = null }: GrantInput): Promise<string | null> => {
    if (!(await grantLot(on(transaction), grant))) return null
    await appendTrail(transaction, trail)
    return upgrade === null ? null : upgradeAccount(on(transaction), grant.account, upgrade)
  }),
  createAccount: write(async (transaction, { rows, trail, grant = null }: NewAccount): Promise<void> => {
    await insertAccount(transaction, rows)
    await appendTrail(transaction, trail)
    if (grant !== null) await grantLot(on(transaction), grant)
  }),
  changeAccount: write(
    async (
      transaction,
      { change, trail }: { readonly change: AccountChange; readonly trail: TrailRow },
    ): Promise<void> => {
      await changeAccount(on(transaction), change)
      await appendTrail(transaction, trail)
    },
  ),
  closeAccount: write(async (transaction, { account, nowMs, trail }: Closing): Promise<AccountClosed> => {
    const closed = await closeAccount(on(transaction), account, nowMs)
    await transaction.deleteFrom('own_credential').where('account', '=', account).execute()
    await appendTrail(transaction, trail)
    return closed
  }),
  setAccountState: write(
    async (
      transaction,
      { account, state, trail }: { readonly account: string; readonly state: AccountState; readonly trail: TrailRow },
    ): Promise<void> => {
      await setState(on(transaction), account, state)
      await appendTrail(transaction, trail)
    },
  ),
})

/** Lots: looked at, taken back, corrected. */
const lotOperations = (on: On) => ({
  lots: read(async (transaction, page: LotPage): Promise<readonly LotView[]> => {
    let query = transaction.selectFrom('lot').selectAll().orderBy('id').limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', '>', page.after)
    if (page.account !== null) query = query.where('account', '=', page.account)
    if (page.open) query = query.where('remaining_nano_usd', '>', 0n)
    return (await query.execute()).map(lotView)
  }),
  revokeLot: write(
    async (
      transaction,
      { revocation, trail }: { readonly revocation: Revocation; readonly trail: TrailRow },
    ): Promise<Revoked> => {
      const revoked = await revokeLot(on(transaction), revocation)
      if (revoked.revokedNanoUsd > 0n) await appendTrail(transaction, trail)
      return revoked
    },
  ),
  adjustCredit: write(
    async (
      transaction,
      { adjustment, trail }: { readonly adjustment: Adjustment; readonly trail: TrailRow },
    ): Promise<void> => {
      if (await adjustCredit(on(transaction), adjustment)) await appendTrail(transaction, trail)
    },
  ),
})

/** What the books say. */
const readOperations = (on: On) => ({
  balance: read(
    (transaction, { account, nowMs }: { readonly account: string; readonly nowMs: number }): Promise<Balance | null> =>
      balanceAt(on(transaction), account, nowMs),
  ),
  budgetState: read(
    (transaction, { budget, nowMs }: { readonly budget: Budget; readonly nowMs: number }): Promise<BudgetState> =>
      budgetState(on(transaction), budget, nowMs),
  ),
  snapshotAccounts: read(async (transaction, page: Page): Promise<readonly AccountFacts[]> => {
    let query = transaction
      .selectFrom('account_money')
      .innerJoin('account', 'account.id', 'account_money.account')
      .select(['account_money.account', 'account_money.billing', 'account_money.state', 'account.plan'])
      .orderBy('account_money.account')
      .limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('account_money.account', '>', page.after)
    return (await query.execute()).map(({ account, billing, state, plan }) => ({
      id: account,
      billing: billing as AccountFacts['billing'],
      state: state as AccountState,
      plan,
    }))
  }),
  bookPage: read(bookPage),
  receipt: read(async (transaction, call: string): Promise<Receipt | null> => {
    const [row] = await on(transaction).run.hold(transaction, [call])
    return row === undefined ? null : callMoneyOf(row)
  }),
})

/** What the proof of the books reads. */
const auditOperations = {
  auditEntries: read((transaction, after: bigint) => entryStretch(transaction, after)),
  auditHolds: read((transaction, question: { readonly after: bigint; readonly nowMs: number }) =>
    holdStretch(transaction, question),
  ),
  auditAccounts: read((transaction, question: ClaimQuestion) => accountPage(transaction, question)),
  auditLots: read((transaction, question: ClaimQuestion) => lotPage(transaction, question)),
}

/** The operations of calls, with what a batch may leave for later of each. */
const sharing = (run: BookStatements): ReturnType<typeof hotOperations> => {
  const { run: shared, late } = batchSums(run)
  const together = hotOperations((transaction) => ({ transaction, run: shared }))
  const both = <I, O>(alone: StoreOperation<I, O>, shares: StoreOperation<I, O>): StoreOperation<I, O> => ({
    ...alone,
    together: { run: shares.run, late },
  })
  const alone = hotOperations((transaction) => ({ transaction, run }))
  return {
    hold: both(alone.hold, together.hold),
    extend: both(alone.extend, together.extend),
    settle: both(alone.settle, together.settle),
    draw: both(alone.draw, together.draw),
    voidHold: both(alone.voidHold, together.voidHold),
  }
}

/** One set for each backend. */
export const bookOperations = () => {
  const run = bookStatements()
  const on: On = (transaction) => ({ transaction, run })
  return {
    ...sharing(run),
    ...callOperations(on),
    ...accountOperations(on),
    ...lotOperations(on),
    ...readOperations(on),
    ...rerateOperations(run),
    ...auditOperations,
  }
}
