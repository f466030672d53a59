/** Reads what a person types: amounts with their units. A unit that contradicts is refused with a question, never guessed. */

import type { Rational } from './rational.ts'
import { compare, dividedBy, ofDecimal, one, plus, rational, times, zero } from './rational.ts'

/** Refused: what is wrong, and what to ask or to write. */
export type Refused = { readonly ok: false; readonly what: string; readonly next: string }
export type Read<T> = { readonly ok: true; readonly value: T } | Refused

export const refused = (what: string, next: string): Refused => ({ ok: false, what, next })
const read = <T>(value: T): Read<T> => ({ ok: true, value })

/** A figure with the tenth and the ninetieth percentile of what it may be. */
export type Spread = { readonly low: Rational; readonly mid: Rational; readonly high: Rational }

/** A figure that is sure. */
export const exactly = (value: Rational): Spread => ({ low: value, mid: value, high: value })

type Period = 'day' | 'week' | 'month' | 'year'

const periods: Readonly<Record<string, Period>> = {
  d: 'day',
  day: 'day',
  daily: 'day',
  w: 'week',
  week: 'week',
  mo: 'month',
  month: 'month',
  monthly: 'month',
  y: 'year',
  yr: 'year',
  year: 'year',
}
const magnitudes: Readonly<Record<string, bigint>> = {
  k: 1_000n,
  thousand: 1_000n,
  m: 1_000_000n,
  million: 1_000_000n,
  b: 1_000_000_000n,
  g: 1_000_000_000n,
  billion: 1_000_000_000n,
  t: 1_000_000_000_000n,
  trillion: 1_000_000_000_000n,
}

/** A month is a twelfth of a year of 365 days, wherever days and months meet. */
export const daysPerMonth = rational(365n, 12n)

const countForm =
  /^(\d{1,3}(?:,\d{3})+|\d[\d_]*)(\.\d+)?\s*(k|m|b|g|t|thousand|million|billion|trillion)?\s*(?:tokens?|tok|calls?|requests?)?\s*(?:(?:\/|per|a)\s*([a-z]+))?$/i

export type Count = { readonly value: Rational; readonly period: Period | null }

/** A whole number with an optional magnitude and period: `10000000`, `10M`, `2.5b tokens/month`. */
export const readCount = (flag: string, text: string): Read<Count> => {
  const match = countForm.exec(text.trim())
  const bad = refused(`${flag} '${text}' is no number of things.`, `Write it as 10000000, 10_000_000 or 10M.`)
  if (match === null) return bad
  const [, digits = '', fraction = '', magnitude, period] = match
  const number = ofDecimal(`${digits.replace(/[,_]/g, '')}${fraction}`)
  if (number === null) return bad
  const value = times(number, rational(magnitudes[magnitude?.toLowerCase() ?? ''] ?? 1n))
  if (value.under !== 1n) return refused(`${flag} '${text}' is no whole number.`, 'Write whole tokens or calls.')
  const per = period === undefined ? null : (periods[period.toLowerCase()] ?? 'unknown')
  if (per === 'unknown')
    return refused(`${flag} '${text}' has a period that is not known.`, 'Periods are day, week, month, year.')
  return read({ value, period: per })
}

/** Fewer are no production traffic, but a number in the wrong unit. */
const tokensMin = rational(1_000n)
const tokensMax = rational(10n ** 18n)

/** Tokens per the period that the flag names; a text with another period is refused, because it is one of the two that is wrong. */
export const readTokens = (flag: string, text: string, period: Period): Read<Rational> => {
  const count = readCount(flag, text)
  if (!count.ok) return count
  const { value, period: written } = count.value
  if (written !== null && written !== period)
    return refused(
      `${flag} '${text}' is per ${written}, and the flag is per ${period}.`,
      `Is it ${text}, or is it per ${period}? Use --tokens-per-day for a day's tokens, --tokens-per-month for a month's; nothing is converted for you here.`,
    )
  if (value.over === 0n)
    return refused(`${flag} is 0.`, 'Without tokens there is nothing to save. Give what you use in production.')
  if (compare(value, tokensMin) < 0)
    return refused(
      `${flag} '${text}' is fewer tokens than one conversation has.`,
      `Is it ${text} tokens a ${period}, or ${text} million? Then write ${text}M.`,
    )
  return compare(value, tokensMax) > 0
    ? refused(`${flag} '${text}' is more than anyone uses.`, 'Write the tokens of one period.')
    : read(value)
}

export type Currency = 'USD' | 'CNY'
export type Per = 'token' | 'thousand' | 'million'

/** A price as it was written: what it does not say is `null`. */
export type Price = {
  readonly flag: string
  readonly text: string
  readonly amount: Rational
  readonly currency: Currency | null
  readonly per: Per | null
}

const currencies: Readonly<Record<string, Currency>> = {
  $: 'USD',
  us$: 'USD',
  usd: 'USD',
  dollar: 'USD',
  dollars: 'USD',
  '¥': 'CNY',
  '￥': 'CNY',
  'cn¥': 'CNY',
  cny: 'CNY',
  rmb: 'CNY',
  yuan: 'CNY',
  元: 'CNY',
}
const pers: readonly (readonly [RegExp, Per])[] = [
  [/^(?:1\s*)?(?:m|mtok|million|1000000|1m)$/i, 'million'],
  [/^(?:1\s*)?(?:k|ktok|thousand|1000|1k)$/i, 'thousand'],
  [/^(?:1\s*)?(?:t|tok|token)?$/i, 'token'],
]
const priceForm =
  /^(us\$|\$|usd|cn¥|¥|￥|cny|rmb)?\s*(\d{1,18}(?:\.\d{1,18})?)\s*(usd|cny|rmb|yuan|元|dollars?)?\s*(?:(?:\/|per)\s*([\da-z ]*?)\s*(?:tokens?)?)?$/i

/** A price: `7.30`, `$7.30/M`, `CNY 16 per million tokens`. No unit means dollars per million tokens. */
export const readPrice = (flag: string, text: string): Read<Price> => {
  const match = priceForm.exec(text.trim())
  const amount = match === null ? null : ofDecimal(match[2] ?? '')
  if (match === null || amount === null)
    return refused(
      `${flag} '${text}' is no price.`,
      "Write dollars per million tokens, '7.30', or a price with its unit, '$7.30/M' or 'CNY 16/M'.",
    )
  const [, before, , after, per] = match
  const currency = currencies[(before ?? after ?? '').toLowerCase()] ?? null
  if (before !== undefined && after !== undefined && currencies[after.toLowerCase()] !== currency)
    return refused(`${flag} '${text}' names two currencies.`, 'Which one is it? Name one.')
  const unit = per === undefined ? null : (pers.find(([form]) => form.test(per.trim()))?.[1] ?? 'unknown')
  if (unit === 'unknown')
    return refused(`${flag} '${text}' is per something that is not known.`, 'Write /M, /1K or /token.')
  return read({ flag, text, amount, currency, per: unit })
}

const shareForm = /^(\d{1,9}(?:\.\d{1,9})?)\s*(%?)$/

const onePercent = rational(1n, 100n)

/** A share: `40%` or `0.4`. A bare number over 1 may be either, and is refused. */
export const readShare = (flag: string, text: string): Read<Rational> => {
  const match = shareForm.exec(text.trim())
  const number = match === null ? null : ofDecimal(match[1] ?? '')
  if (match === null || number === null) return refused(`${flag} '${text}' is no share.`, "Write '40%' or '0.4'.")
  if (match[2] === '' && compare(number, one) > 0)
    return refused(`${flag} '${text}' is over 1.`, `Is it ${text} percent? Then write '${text}%'.`)
  const share = match[2] === '%' ? times(number, onePercent) : number
  return compare(share, one) > 0
    ? refused(`${flag} '${text}' is more than the whole.`, "Write a share from '0%' to '100%'.")
    : read(share)
}

const ratioMin = rational(1n, 10n)
const ratioMax = rational(10n)

/** A ratio of new to old, `1.15`. */
export const readRatio = (flag: string, text: string): Read<Rational> => {
  const value = ofDecimal(text.trim())
  if (value === null)
    return refused(
      `${flag} '${text}' is no ratio.`,
      "Write new over old: '1.15' where the new model needs 15 % more tokens.",
    )
  return compare(value, ratioMin) < 0 || compare(value, ratioMax) > 0
    ? refused(
        `${flag} '${text}' is no ratio that happens (0.1 to 10).`,
        'Is it percent? 115 % is written 1.15: new over old.',
      )
    : read(value)
}

/** Two figures `low..high` or three `low..likely..high`; one is sure. `low` and `high` are the 10th and 90th percentile. */
export const readSpread = (
  flag: string,
  text: string,
  readOne: (flag: string, text: string) => Read<Rational>,
): Read<Spread> => {
  const values: Rational[] = []
  for (const part of text.split('..')) {
    const value = readOne(flag, part)
    if (!value.ok) return value
    values.push(value.value)
  }
  const [low = zero, second = low, third] = values
  const high = third ?? second
  const middle = dividedBy(plus(low, high), rational(2n)) ?? low
  const spread = { low, mid: third === undefined ? middle : second, high }
  if (values.length > 3 || compare(spread.low, spread.mid) > 0 || compare(spread.mid, spread.high) > 0)
    return refused(`${flag} '${text}' is no range.`, "Write 'low..high' or 'low..likely..high', in this order.")
  return read(spread)
}

const moneyForm = /^(?:us\$|\$|usd)?\s*(\d{1,15}(?:\.\d{1,9})?)\s*(?:usd|dollars?)?$/i

/** Dollars: `450`, `$450`, `450 USD`. */
export const readDollars = (flag: string, text: string): Read<Rational> => {
  const match = moneyForm.exec(text.trim())
  const value = match === null ? null : ofDecimal(match[1] ?? '')
  if (value !== null) return read(value)
  const isYuan = /cny|rmb|yuan|[¥￥元]/i.test(text)
  return isYuan
    ? refused(`${flag} '${text}' is in yuan, and this is asked in dollars.`, 'How many dollars is it? Write those.')
    : refused(`${flag} '${text}' is no amount of dollars.`, "Write it as '450' or '$450.00'.")
}

const rateMin = rational(4n)
const rateMax = rational(12n)

/** Yuan for one dollar, `7.10`. */
export const readExchangeRate = (flag: string, text: string): Read<Rational> => {
  const value = ofDecimal(text.trim())
  if (value === null) return refused(`${flag} '${text}' is no exchange rate.`, "Write yuan for one dollar: '7.10'.")
  const inverse = dividedBy(one, value)
  if (inverse !== null && compare(inverse, rateMin) >= 0 && compare(inverse, rateMax) <= 0)
    return refused(`${flag} '${text}' looks like dollars for one yuan.`, 'Write yuan for one dollar, such as 7.10.')
  return compare(value, rateMin) < 0 || compare(value, rateMax) > 0
    ? refused(
        `${flag} '${text}' is no rate of yuan for one dollar (4 to 12).`,
        `Is ${text} a price? Then it belongs to --from-price or --to-price.`,
      )
    : read(value)
}

const dayMs = 86_400_000

/** A day, `YYYY-MM-DD`, as its start in UTC milliseconds. */
export const readDay = (flag: string, text: string): Read<number> => {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text
    ? refused(`${flag} '${text}' is no day.`, "Write it as '2027-01-31'.")
    : read(at)
}

/** `YYYY-MM-DD` of an instant, in UTC. */
export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)

/** The day so many days later. */
export const dayAfter = (atMs: number, days: number): string => dayOf(atMs + days * dayMs)
