/** Asks for open orders and refunds until they have ended. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { CashierParts } from '#payment/cashier.ts'
import { pollPayments } from '#payment/poll.ts'

const everyMs = 5_000

export type PollPayments = { readonly cashier: CashierParts; readonly clock: Clock; readonly log: Log }

/** Goes on until `close`, which waits for the round under way. */
export const startPolling = ({ cashier, clock, log }: PollPayments): { readonly close: () => Promise<void> } => {
  let closed = false
  let cancel = (): void => {}
  let running = Promise.resolve()
  const round = async (): Promise<void> => {
    try {
      await pollPayments(cashier)
    } catch (thrown) {
      log.warn('payments could not be asked for', { problem: asProblem(thrown).message })
    }
    if (!closed) wait()
  }
  const wait = (): void => {
    cancel = clock.after(everyMs, () => {
      running = round()
    })
  }
  wait()
  return {
    close: async () => {
      closed = true
      cancel()
      await running
    },
  }
}
