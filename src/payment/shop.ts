/** What can be bought and for how much, as the configuration has it; and the question what it costs. */

import type { FxRate } from '#base/fx-rate.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { PaymentMethod } from './method.ts'
import type { OrderTerms } from './port.ts'
import type { Bonus, Fee, SettlementRate } from './price.ts'
import { termsOf } from './price.ts'

/** What holds for one method. Bounds are of the credit bought. */
export type Counter = {
  readonly fee: Fee
  readonly minNanoUsd: bigint
  readonly maxNanoUsd: bigint
  /** How long an order can be paid. */
  readonly expiresMs: number
}

export type Shop = {
  readonly counters: ReadonlyMap<string, Counter>
  /** Amounts of credit that payers are offered. */
  readonly presetsNanoUsd: readonly bigint[]
  readonly bonuses: readonly Bonus[]
  readonly settlement: readonly SettlementRate[]
  readonly fxRates: readonly FxRate[]
  /** What is done with money that comes when its order has ended. */
  readonly late: 'credit' | 'refund'
  /** How payers and processors reach this server; `null` = it does not say. */
  readonly publicUrl: string | null
  /** The terms of sale that a buyer must have accepted; `null` = none are asked for. */
  readonly terms: { readonly version: string; readonly url: string } | null
  /** What stands on the payer's page and statement. */
  readonly description: string
}

export type Wish = {
  readonly creditNanoUsd: bigint
  readonly currency: string | null
  readonly way: string | null
}

export type Offer = { readonly terms: OrderTerms; readonly way: string; readonly counter: Counter }

const choice = (
  what: string,
  wanted: string | null,
  { choices, method }: { readonly choices: readonly string[]; readonly method: string },
): string => {
  const [first] = choices
  if (wanted === null && first !== undefined) return first
  if (wanted !== null && choices.includes(wanted)) return wanted
  throw new Problem('invalid_request_error', {
    ...saying('method_takes', { method, what, choices }),
    param: what,
  })
}

/** What a purchase costs now. @throws Problem `invalid_request_error` out of bounds; `conflict` without a rate. */
export const offerOf = (
  shop: Shop,
  method: PaymentMethod,
  { nowMs, ...wish }: Wish & { readonly nowMs: number },
): Offer => {
  const counter = shop.counters.get(method.name)
  if (counter === undefined)
    throw new Problem('conflict', { ...saying('method_off', { name: method.name }), param: 'method' })
  const { creditNanoUsd } = wish
  if (creditNanoUsd < counter.minNanoUsd || creditNanoUsd > counter.maxNanoUsd)
    throw new Problem('invalid_request_error', {
      ...saying('method_between', {
        name: method.name,
        least: decimalOf(counter.minNanoUsd),
        most: decimalOf(counter.maxNanoUsd),
      }),
      param: 'usd',
    })
  const currency = choice('currency', wish.currency, { choices: method.currencies, method: method.name })
  const terms = termsOf({
    creditNanoUsd,
    currency,
    fee: counter.fee,
    bonuses: shop.bonuses,
    settlement: shop.settlement,
    fxRates: shop.fxRates,
    nowMs,
  })
  return { terms, way: choice('way', wish.way, { choices: method.ways, method: method.name }), counter }
}
