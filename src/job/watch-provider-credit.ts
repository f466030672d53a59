/** Looks at the operator's credit at providers now and then, and says when it runs low. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import type { Log } from '#base/log.ts'
import { decimalOf } from '#base/money.ts'
import { asProblem } from '#base/problem.ts'
import type { ProviderCredit } from '#provider/balance.ts'

const everyMs = 600_000
const firstMs = 5_000

export type CreditWatch = {
  readonly ask: () => Promise<readonly ProviderCredit[]>
  readonly emit: Emit
  /** Whether this node is the one that tells: all of them look, for their metrics. */
  readonly isMine: () => boolean
  /** For the metrics, in whole units of the currency. */
  readonly measured: (provider: string, currency: string, amount: number) => void
  /** The highest `below` of the alerts, in USD; `null` = none: a provider's own `balance_alert_usd` counts alone. */
  readonly belowUsd: () => number | null
  readonly clock: Clock
  readonly log: Log
}

/** Each provider is told of once, until it has been above its alarm again. The alarm is held against the amount in its own currency. */
export const watchProviderCredit = (watch: CreditWatch): { readonly close: () => void } => {
  const { ask, emit, isMine, measured, belowUsd, clock, log } = watch
  const low = new Set<string>()
  let closed = false
  let cancel = (): void => {}
  const judge = ({ provider, left, alertNanoUsd }: ProviderCredit): void => {
    for (const { currency, amountNano } of left) {
      const amount = Number(amountNano) / 1e9
      measured(provider, currency, amount)
      const limit = Math.max(alertNanoUsd === null ? -1 : Number(alertNanoUsd) / 1e9, belowUsd() ?? -1)
      const key = `${provider}/${currency}`
      if (limit < 0 || amount > limit) {
        low.delete(key)
        continue
      }
      if (low.has(key) || !isMine()) continue
      low.add(key)
      const text = `${decimalOf(amountNano)} ${currency}`
      log.warn('the prepaid credit at a provider is low', { provider, left: text })
      const facts = { left: decimalOf(amountNano), currency }
      const told = telling('provider_credit_low', { provider, ...facts })
      emit({ name: 'upstream_balance_low', account: null, object: provider, ...told, figure: amount, facts })
    }
  }
  const look = async (): Promise<void> => {
    try {
      for (const one of await ask()) {
        if (one.error !== null)
          log.debug('a balance at a provider is not known', { provider: one.provider, why: one.error })
        judge(one)
      }
    } catch (thrown) {
      log.debug('balances at providers could not be asked', { problem: asProblem(thrown).message })
    }
    wait(everyMs)
  }
  const wait = (delayMs: number): void => {
    if (!closed) cancel = clock.after(delayMs, () => void look())
  }
  wait(firstMs)
  return {
    close: () => {
      closed = true
      cancel()
    },
  }
}
