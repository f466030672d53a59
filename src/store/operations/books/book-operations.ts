/** The operations of the books. Each is one transaction, or part of one: what it answers is durable when it is answered. */

import type { LotPage, Page, TrailRow } from '#admin/port.ts'
import type {
  AccountFacts,
  AccountState,
  Adjustment,
  Balance,
  Budget,
  BudgetState,
  Ended,
  ExtendRequest,
  Grant,
  Held,
  HoldRequest,
  LotView,
  Receipt,
  Revocation,
  Revoked,
  SettleRequest,
  SweepRequest,
  Swept,
  VoidRequest,
} from '#ledger/port.ts'
import type { Transaction } from '#store/operations/context.ts'
import { read, write } from '#store/operations/context.ts'
import { checkLimit } from '#store/operations/page.ts'
import { appendTrail } from '#store/operations/trail.ts'
import type { ClaimQuestion } from './audit.ts'
import { accountPage, entryStretch, holdStretch, lotPage } from './audit.ts'
import { adjustCredit, lotView, revokeLot } from './correction.ts'
import { balanceAt, expireDue, grantLot, setState } from './credit.ts'
import { budgetState, extendHold, takeHold } from './hold.ts'
import { callMoneyOf, settleCall, sweepHolds, voidCall } from './settle.ts'
import { bookStatements } from './statement.ts'

export const bookOperations = () => {
  const run = bookStatements()
  const on = (transaction: Transaction) => ({ transaction, run })
  return {
    hold: write((transaction, request: HoldRequest): Promise<Held> => takeHold(on(transaction), request)),
    extend: write((transaction, request: ExtendRequest): Promise<Held> => extendHold(on(transaction), request)),
    settle: write((transaction, request: SettleRequest): Promise<Ended> => settleCall(on(transaction), request)),
    voidHold: write((transaction, request: VoidRequest): Promise<Ended> => voidCall(on(transaction), request)),
    sweep: write((transaction, request: SweepRequest): Promise<Swept> => sweepHolds(on(transaction), request)),
    expireLots: write(
      (transaction, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> =>
        expireDue(on(transaction), nowMs, limit),
    ),
    grantCredit: write(
      async (transaction, { grant, trail }: { readonly grant: Grant; readonly trail: TrailRow }): Promise<void> => {
        if (await grantLot(on(transaction), grant)) await appendTrail(transaction, trail)
      },
    ),
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
    setAccountState: write(
      async (
        transaction,
        { account, state, trail }: { readonly account: string; readonly state: AccountState; readonly trail: TrailRow },
      ): Promise<void> => {
        await setState(on(transaction), account, state)
        await appendTrail(transaction, trail)
      },
    ),
    balance: read(
      (
        transaction,
        { account, nowMs }: { readonly account: string; readonly nowMs: number },
      ): Promise<Balance | null> => balanceAt(on(transaction), account, nowMs),
    ),
    budgetState: read(
      (transaction, { budget, nowMs }: { readonly budget: Budget; readonly nowMs: number }): Promise<BudgetState> =>
        budgetState(on(transaction), budget, nowMs),
    ),
    snapshotAccounts: read(async (transaction, page: Page): Promise<readonly AccountFacts[]> => {
      let query = transaction.selectFrom('account_money').selectAll().orderBy('account').limit(checkLimit(page.limit))
      if (page.after !== null) query = query.where('account', '>', page.after)
      return (await query.execute()).map(({ account, billing, state }) => ({
        id: account,
        billing: billing as AccountFacts['billing'],
        state: state as AccountState,
      }))
    }),
    receipt: read(async (transaction, call: string): Promise<Receipt | null> => {
      const [row] = await run.hold(transaction, [call])
      return row === undefined ? null : callMoneyOf(row)
    }),
    auditEntries: read((transaction, after: bigint) => entryStretch(transaction, after)),
    auditHolds: read((transaction, question: { readonly after: bigint; readonly nowMs: number }) =>
      holdStretch(transaction, question),
    ),
    auditAccounts: read((transaction, question: ClaimQuestion) => accountPage(transaction, question)),
    auditLots: read((transaction, question: ClaimQuestion) => lotPage(transaction, question)),
  }
}
