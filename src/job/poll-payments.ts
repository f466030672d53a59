/** Asks for open orders and refunds until they have ended, tops up accounts, and compares bills of the day before. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import { topUpAccounts } from '#payment/auto-top-up.ts'
import type { CashierParts } from '#payment/cashier.ts'
import { pollPayments } from '#payment/poll.ts'
import type { Fee } from '#payment/price.ts'
import { reconcileDay } from '#payment/reconcile.ts'
import type { Rounds } from './rounds.ts'
import { goRound } from './rounds.ts'

const everyMs = 5_000
const topUpEveryMs = 60_000
/** Bills of a day are ready from 10:00 Beijing time (02:00 UTC) on the next; an hour later all of them are. */
const billHourUtc = 3
const dayMs = 86_400_000
/** A bill that cannot be had is asked for again after this. */
const billAgainMs = 3_600_000

export type PollPayments = {
  readonly cashier: CashierParts
  readonly keptFee: (method: string) => Fee | null
  readonly isMine?: Rounds['isMine']
  readonly clock: Clock
  readonly log: Log
}

/** Yesterday's bills, once a day and method, when they are ready. */
export const reconcileNight = async ({ cashier, keptFee, clock, log }: PollPayments): Promise<void> => {
  const nowMs = clock.nowMs()
  if (new Date(nowMs).getUTCHours() < billHourUtc) return
  const day = new Date(nowMs - dayMs).toISOString().slice(0, 10)
  for (const { name, bills } of cashier.methods.values()) {
    if (!bills || (await cashier.store.reconciliation(name, day)) !== null) continue
    try {
      const { matched, differences } = await reconcileDay(cashier, { method: name, day, fee: keptFee(name) })
      log.info('a bill was compared with the orders', { method: name, day, matched, differences })
    } catch (thrown) {
      log.warn('a bill could not be had; it is asked for again in an hour', {
        method: name,
        day,
        problem: asProblem(thrown).message,
      })
    }
  }
}

/** Goes on until `close`, which waits for the round under way. */
export const startPolling = (parts: PollPayments): { readonly close: () => Promise<void> } => {
  const { cashier, isMine, clock, log } = parts
  let [topUpMs, billMs] = [0, 0]
  const round = async (): Promise<null> => {
    await pollPayments(cashier)
    const nowMs = clock.nowMs()
    if (nowMs >= topUpMs) {
      topUpMs = nowMs + topUpEveryMs
      await topUpAccounts(cashier)
    }
    if (nowMs >= billMs) {
      billMs = nowMs + billAgainMs
      await reconcileNight(parts)
    }
    return null
  }
  return goRound({
    round,
    everyMs,
    isMine,
    failure: { level: 'warn', message: 'payments could not be asked for' },
    clock,
    log,
  })
}
