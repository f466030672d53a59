/** Brings prices to one unit, dollars per million tokens; what is mixed or could be two things is asked, not guessed. */

import type { Per, Price, Read } from './quantity.ts'
import { refused } from './quantity.ts'
import type { Rational } from './rational.ts'
import { compare, decimal, dividedBy, rational, times } from './rational.ts'

const tokensPer: Readonly<Record<Per, bigint>> = { token: 1n, thousand: 1_000n, million: 1_000_000n }
const perNames: Readonly<Record<Per, string>> = { token: 'token', thousand: '1,000 tokens', million: 'million tokens' }

const million = 1_000_000n
/** A bare number under this is a price per token, one over that no price of any model. Dollars per million tokens. */
const bareMin = rational(1n, 2_000n)
const priceMax = rational(2_000n)

const perMillion = (price: Price): Rational =>
  times(price.amount, rational(million / tokensPer[price.per ?? 'million']))

/** Bare numbers between these are what a dollar costs in yuan as well. */
const rateLike = { low: rational(13n, 2n), high: rational(15n, 2n) }

/** What a number without a unit might mean besides; said, and taken as a price all the same. */
export const questionsOf = (prices: readonly Price[]): readonly string[] =>
  prices
    .filter(({ currency, per }) => currency === null && per === null)
    .filter(({ amount }) => compare(amount, rateLike.low) >= 0 && compare(amount, rateLike.high) <= 0)
    .map(
      ({ flag, text }) =>
        `Is "${text}" a price or an exchange rate? ${flag} ${text} was taken as a price, ${text} USD per million tokens. If it is yuan for one dollar, give it as --fx ${text}; if it is the price, write '$${text}/M' and this question goes away.`,
    )

const doubtful = (price: Price, exchangeRate: Rational | null): Read<Rational> | null => {
  const { flag, text, amount, currency, per } = price
  if (currency === null && exchangeRate !== null && compare(amount, exchangeRate) === 0)
    return refused(
      `${flag} and --fx are both ${text}.`,
      `Is "${text}" a price or an exchange rate? Write the price with its unit, '$${text}/M', or leave one of the two out.`,
    )
  if (per === null && amount.over > 0n && compare(amount, bareMin) < 0)
    return refused(
      `${flag} '${text}' would be a millionth of what models cost, per million tokens.`,
      `Is it a price per token? Write '${text}/token', which is ${decimal(times(amount, rational(million)), 2)} per million.`,
    )
  return compare(perMillion(price), priceMax) > 0
    ? refused(
        `${flag} '${text}' is ${decimal(perMillion(price), 2)} per million tokens, more than any model costs.`,
        'Is it per million tokens? Write the unit: /M, /1K or /token.',
      )
    : null
}

const mixedUnits = (prices: readonly Price[]): Read<never> | null => {
  const pers = new Set(prices.map(({ per }) => per ?? 'million'))
  if (pers.size > 1) {
    const told = prices.map(
      (price) =>
        `${price.flag} is per ${perNames[price.per ?? 'million']} (${decimal(perMillion(price), 6).replace(/0{1,4}$/, '')} per million)`,
    )
    return refused(
      `The prices are in different units: ${told.join('; ')}.`,
      "Write all of them per million tokens, '$7.30/M'.",
    )
  }
  const currencies = new Set(prices.map(({ currency }) => currency))
  if (currencies.has('CNY') && currencies.has(null)) {
    const bare = prices.find(({ currency }) => currency === null)
    return refused(
      `Some prices are in yuan, and ${bare?.flag} '${bare?.text}' names no currency.`,
      `Is ${bare?.text} dollars or yuan? Write '$${bare?.text}/M' or 'CNY ${bare?.text}/M'.`,
    )
  }
  return null
}

/**
 * The prices in dollars per million tokens, in their order. `exchangeRate` is yuan for one dollar; `null` = not given, and needed
 * only where there is a price in yuan.
 */
export const agreed = (prices: readonly Price[], exchangeRate: Rational | null): Read<readonly Rational[]> => {
  const mixed = mixedUnits(prices)
  if (mixed !== null) return mixed
  for (const price of prices) {
    const doubt = doubtful(price, exchangeRate)
    if (doubt !== null && !doubt.ok) return doubt
  }
  const yuan = prices.find(({ currency }) => currency === 'CNY')
  if (yuan !== undefined && exchangeRate === null)
    return refused(
      `${yuan.flag} '${yuan.text}' is in yuan, and the answer is in dollars.`,
      'How many yuan is a dollar? Give it as --fx 7.10, or give every price in dollars.',
    )
  return {
    ok: true,
    value: prices.map((price) => {
      const amount = perMillion(price)
      return price.currency === 'CNY' && exchangeRate !== null ? (dividedBy(amount, exchangeRate) ?? amount) : amount
    }),
  }
}
