/** Numbers, money and times as a person reads them. Money comes as whole nano-USD in text and is never made a float. */

import type { Language } from './words.ts'
import { numberFormat } from './words.ts'

const nanoDigits = 9

/** `-1234567890` nano -> `-1.23456789`. */
export const decimalOfNano = (nano: string): string => {
  const value = BigInt(nano)
  const digits = (value < 0n ? -value : value).toString().padStart(nanoDigits + 1, '0')
  const whole = digits.slice(0, -nanoDigits)
  const fraction = digits.slice(-nanoDigits).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

const centNano = 10_000_000n
const microNano = 1_000n

/** Digits behind the point at most: cents, and more where cents would say nothing. */
const digitsFor = (nano: bigint): number => {
  const size = nano < 0n ? -nano : nano
  if (size === 0n || size >= 100n * centNano) return 2
  if (size >= centNano) return 4
  return size >= microNano ? 6 : nanoDigits
}

export type Format = {
  readonly language: Language
  readonly timeZone: string
  /** Of nano-USD in text: the same amount is the same text wherever it stands. */
  readonly money: (nano: string | null | undefined) => string
  /** Of a decimal in text, in any currency. */
  readonly amount: (decimal: string | null | undefined, currency: string) => string
  readonly number: (value: number | null | undefined) => string
  /** 12.3K */
  readonly compact: (value: number | null | undefined) => string
  readonly percent: (share: number | null | undefined, digits?: number) => string
  /** 840 ms, 2.4 s, 3 min */
  readonly duration: (ms: number | null | undefined) => string
  /** Day and time in the person's zone. */
  readonly moment: (text: string | null | undefined) => string
  readonly time: (text: string | null | undefined) => string
  readonly day: (text: string | null | undefined) => string
  readonly bytes: (count: number) => string
}

const nothing = '–'

const durationText = (ms: number, language: Language): string => {
  const unit = (value: number, name: string, digits: number): string =>
    numberFormat(language, {
      style: 'unit',
      unit: name,
      unitDisplay: 'narrow',
      minimumFractionDigits: ms < 3_600_000 ? digits : 0,
      maximumFractionDigits: digits,
    }).format(value)
  if (ms < 1) return unit(ms, 'millisecond', 2)
  if (ms < 1_000) return unit(ms, 'millisecond', 0)
  if (ms < 60_000) return unit(ms / 1_000, 'second', ms < 10_000 ? 2 : 1)
  if (ms < 3_600_000) return unit(ms / 60_000, 'minute', 1)
  return ms < 172_800_000 ? unit(ms / 3_600_000, 'hour', 1) : unit(ms / 86_400_000, 'day', 0)
}

const bytesText = (count: number, language: Language): string => {
  const [value, unit] =
    count < 1_024 ? [count, 'B'] : count < 1_048_576 ? [count / 1_024, 'KiB'] : [count / 1_048_576, 'MiB']
  return `${numberFormat(language, { maximumFractionDigits: 1 }).format(value)} ${unit}`
}

/** The formats of a language and a time zone. */
export const formatOf = (language: Language, timeZone: string): Format => {
  const plain = numberFormat(language)
  const short = numberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })
  const dated = (how: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(language, { timeZone, ...how })
    return (text: string | null | undefined): string => (text == null ? nothing : format.format(new Date(text)))
  }
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  const amount: Format['amount'] = (decimal, currency) => {
    if (decimal == null) return nothing
    const how = { style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: 6 } as const
    return numberFormat(language, { ...how, currencyDisplay: 'narrowSymbol' }).format(decimal as never)
  }
  const money: Format['money'] = (nano) => {
    if (nano == null) return nothing
    const how = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const
    const places = { minimumFractionDigits: 2, maximumFractionDigits: digitsFor(BigInt(nano)) }
    return numberFormat(language, { ...how, ...places }).format(decimalOfNano(nano) as never)
  }
  return {
    language,
    timeZone,
    money,
    amount,
    number: (value) => (value == null ? nothing : plain.format(value)),
    compact: (value) => (value == null ? nothing : short.format(value)),
    percent: (share, digits = 1) =>
      share == null
        ? nothing
        : numberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(share),
    duration: (ms) => (ms == null ? nothing : durationText(ms, language)),
    moment: dated({ year: 'numeric', month: 'short', day: '2-digit', ...clock }),
    time: dated({ month: '2-digit', day: '2-digit', ...clock }),
    day: dated({ year: 'numeric', month: 'short', day: '2-digit' }),
    bytes: (count) => bytesText(count, language),
  }
}
