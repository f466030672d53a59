/** What credit costs the payer, in the payer's currency, before anything is paid: pure. */

import type { FxRate } from '#base/fx-rate.ts'
import { fxRateAt } from '#base/fx-rate.ts'
import { amountNanoMax, decimalOf, divideHalfUp, nanoPerUnit } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { OrderTerms } from './port.ts'

/** From its day on, this much of the currency buys one dollar of credit. */
export type SettlementRate = { readonly currency: string; readonly rateNano: bigint; readonly fromMs: number }

export type Fee = { readonly basisPoints: bigint; readonly fixedNano: bigint }

/** Credit given besides, from a purchase of this much on. */
export type Bonus = {
  readonly fromNanoUsd: bigint
  readonly basisPoints: bigint
  readonly lastsMs: number | null
}

export type PriceQuestion = {
  readonly creditNanoUsd: bigint
  readonly currency: string
  readonly fee: Fee
  readonly bonuses: readonly Bonus[]
  readonly settlement: readonly SettlementRate[]
  readonly fxRates: readonly FxRate[]
  readonly nowMs: number
}

const centNano = 10_000_000n
const wholeBasisPoints = 10_000n

/** Nobody is asked for a part of a cent: the payer's amount is rounded up to the next. */
const upToCent = (nano: bigint): bigint => ((nano + centNano - 1n) / centNano) * centNano

/** The settlement rate in force; a dollar costs a dollar unless the operator says otherwise. */
export const settlementAt = (rates: readonly SettlementRate[], currency: string, atMs: number): bigint | null => {
  let found: SettlementRate | null = null
  for (const rate of rates)
    if (rate.currency === currency && rate.fromMs <= atMs && (found === null || rate.fromMs >= found.fromMs))
      found = rate
  if (found !== null) return found.rateNano
  return currency === 'USD' ? nanoPerUnit : null
}

const marketAt = (rates: readonly FxRate[], currency: string, atMs: number): bigint | null =>
  currency === 'USD' ? nanoPerUnit : (fxRateAt(rates, currency, atMs)?.perUsdNano ?? null)

/** The best bonus that the purchase reaches; of equals the first. */
const bonusOf = (
  bonuses: readonly Bonus[],
  creditNanoUsd: bigint,
): Pick<OrderTerms, 'bonusNanoUsd' | 'bonusLastsMs'> => {
  let best = { bonusNanoUsd: 0n, bonusLastsMs: null as number | null }
  for (const { fromNanoUsd, basisPoints, lastsMs } of bonuses) {
    const bonusNanoUsd = (creditNanoUsd * basisPoints) / wholeBasisPoints
    if (creditNanoUsd >= fromNanoUsd && bonusNanoUsd > best.bonusNanoUsd) best = { bonusNanoUsd, bonusLastsMs: lastsMs }
  }
  return best
}

/**
 * The terms of a purchase at an instant.
 * @throws Problem `conflict` where there is no settlement or market rate for the currency.
 */
export const termsOf = (question: PriceQuestion): OrderTerms => {
  const { creditNanoUsd, currency, fee, nowMs } = question
  const settlementNano = settlementAt(question.settlement, currency, nowMs)
  if (settlementNano === null)
    throw new Problem('conflict', {
      ...saying('no_credit_price', { currency }),
      param: 'currency',
    })
  const marketNano = marketAt(question.fxRates, currency, nowMs)
  if (marketNano === null)
    throw new Problem('conflict', {
      ...saying('no_market_rate', { currency }),
      param: 'currency',
    })
  const priceNano = upToCent(divideHalfUp(creditNanoUsd * settlementNano, nanoPerUnit))
  const shareNano = divideHalfUp(priceNano * fee.basisPoints, wholeBasisPoints)
  const feeNano = upToCent(shareNano + fee.fixedNano)
  const payNano = priceNano + feeNano
  const payNanoUsd = divideHalfUp(payNano * nanoPerUnit, marketNano)
  if (payNano > amountNanoMax || payNanoUsd > amountNanoMax)
    throw new Problem('invalid_request_error', {
      ...saying('order_too_large', { usd: decimalOf(creditNanoUsd), most: decimalOf(amountNanoMax), currency }),
      param: 'usd',
    })
  return {
    currency,
    payNano,
    feeNano,
    creditNanoUsd,
    ...bonusOf(question.bonuses, creditNanoUsd),
    settlementNano,
    marketNano,
    payNanoUsd,
    feeNanoUsd: divideHalfUp(feeNano * nanoPerUnit, marketNano),
  }
}

/** `25.00 USD`, at least two places. */
export const moneyText = (nano: bigint, currency: string): string => `${decimalOf(nano)} ${currency}`

/** Hundredths of the currency, as processors count it. @throws RangeError for a part of one. */
export const minorOf = (nano: bigint): bigint => {
  if (nano % centNano !== 0n) throw new RangeError(`${decimalOf(nano)} is no whole number of hundredths`)
  return nano / centNano
}

/** Nano units of hundredths. */
export const nanoOfMinor = (minor: bigint): bigint => minor * centNano
