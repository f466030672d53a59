/** Says when an account that has just spent is running low: asked of the books once a minute, for the accounts of that minute. */

import type { CallRecord } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import type { Log } from '#base/log.ts'
import { decimalOf } from '#base/money.ts'
import { asProblem } from '#base/problem.ts'

const lookEveryMs = 60_000
const accountsMax = 10_000

/** What is asked of the books. */
export type Credit = {
  readonly billing: string
  readonly balanceNanoUsd: bigint
  readonly heldNanoUsd: bigint
  readonly creditLimitNanoUsd: bigint
}

export type BalancePorts = {
  readonly books: { readonly balance: (account: string, nowMs: number) => Promise<Credit | null> }
  readonly emit: Emit
  /** The highest `below` that an alert gives, in USD; `null` = nobody is told, and nothing is asked. */
  readonly belowUsd: () => number | null
  readonly clock: Clock
  readonly log: Log
}

/** Each account is told of once, until it has been above the threshold again. */
export const watchBalances = ({ books, emit, belowUsd, clock, log }: BalancePorts) => {
  const spent = new Set<string>()
  const low = new Set<string>()
  let cancel = (): void => {}
  let closed = false

  const judge = (account: string, credit: Credit, limitUsd: number): void => {
    if (credit.billing === 'unlimited') return
    const left = credit.balanceNanoUsd + credit.creditLimitNanoUsd - credit.heldNanoUsd
    const usd = Number(left) / 1e9
    if (usd > limitUsd) return void low.delete(account)
    if (low.has(account)) return
    low.add(account)
    const told = telling('balance_low', { account, usd: decimalOf(left) })
    emit({ name: 'balance_low', account, object: account, ...told, figure: usd, facts: { left_usd: decimalOf(left) } })
  }
  const look = async (): Promise<void> => {
    const limitUsd = belowUsd()
    const accounts = [...spent]
    spent.clear()
    for (const account of limitUsd === null || closed ? [] : accounts) {
      try {
        const credit = await books.balance(account, clock.nowMs())
        if (credit !== null && limitUsd !== null) judge(account, credit, limitUsd)
      } catch (thrown) {
        log.warn('a balance could not be looked at', { account, problem: asProblem(thrown).message })
      }
    }
    wait()
  }
  const wait = (): void => {
    if (!closed) cancel = clock.after(lookEveryMs, () => void look())
  }
  wait()
  return {
    observe: ({ account, test }: CallRecord): void => {
      if (account !== null && !test && spent.size < accountsMax) spent.add(account)
    },
    close: (): void => {
      closed = true
      cancel()
    },
  }
}
