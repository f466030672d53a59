/** Factors, terms and commitment from what a person said, and what is taken for granted where nothing was said. */

import type { Commitment } from './commitment.ts'
import type { RoiFlags } from './flags.ts'
import type { Factors, Terms } from './forecast.ts'
import type { Read, Refused, Spread } from './quantity.ts'
import {
  dayOf,
  exactly,
  readDay,
  readDollars,
  readExchangeRate,
  readRatio,
  readShare,
  readSpread,
  refused,
} from './quantity.ts'
import type { Rational } from './rational.ts'
import { decimal, ofDecimal, one, plus, rational, times, zero } from './rational.ts'

/** Collects what was read; the first refusal is thrown through `read` and caught where the reading began. */
export class Refusal extends Error {
  readonly refused: Refused

  constructor(refused: Refused) {
    super(refused.what)
    this.name = 'Refusal'
    this.refused = refused
  }
}

/** The value, or the refusal thrown. @throws Refusal */
export const taken = <T>(result: Read<T>): T => {
  if (!result.ok) throw new Refusal(result)
  return result.value
}

type Reader<T> = (flag: string, text: string) => Read<T>

/** A flag that may be absent. @throws Refusal */
export const given = <T>(flag: string, text: string | undefined, reader: Reader<T>): T | null =>
  text === undefined ? null : taken(reader(flag, text))

const spread =
  (reader: Reader<Rational>): Reader<Spread> =>
  (flag, text) =>
    readSpread(flag, text, reader)

/** P10 and P90 around a figure that nobody measured. */
const around = (low: readonly [bigint, bigint], high: readonly [bigint, bigint]): Spread => ({
  low: rational(...low),
  mid: one,
  high: rational(...high),
})

const usualVolume = around([4n, 5n], [6n, 5n])
const usualTokenizer = around([19n, 20n], [23n, 20n])
const usualOutput = around([17n, 20n], [5n, 4n])
const usualKept = around([7n, 10n], [1n, 1n])
const usualRetries: Spread = { low: zero, mid: rational(1n, 100n), high: rational(3n, 100n) }

const told = (value: Spread): string => `P10 ${decimal(value.low, 2)}, P90 ${decimal(value.high, 2)}`

type Guess = { readonly reader: Reader<Rational>; readonly usual: Spread; readonly what: string }

export type FactorsSaid = { readonly factors: Factors; readonly assumptions: readonly string[] }

/**
 * The factors. Where models change and nothing was measured, usual ranges are taken and said; where only prices are given, nothing
 * but the volume is uncertain. @throws Refusal
 */
export const factorsOf = (flags: RoiFlags, isNewModel: boolean): FactorsSaid => {
  const assumptions: string[] = []
  const pick = (flag: string, text: string | undefined, { reader, usual, what }: Guess): Spread => {
    const said = given(flag, text, spread(reader))
    if (said !== null) return said
    assumptions.push(`${what}: ${told(usual)}; ${flag} low..high says it better.`)
    return usual
  }
  const volume = pick('--growth', flags.growth, {
    reader: readRatio,
    usual: usualVolume,
    what: 'Next months use as many tokens as these',
  })
  const sure = exactly(one)
  const tokenizerRatio = isNewModel
    ? pick('--tokenizer-ratio', flags.tokenizerRatio, {
        reader: readRatio,
        usual: usualTokenizer,
        what: 'The new model needs as many tokens for the same text',
      })
    : (given('--tokenizer-ratio', flags.tokenizerRatio, spread(readRatio)) ?? sure)
  const outputRatio = isNewModel
    ? pick('--output-ratio', flags.outputRatio, {
        reader: readRatio,
        usual: usualOutput,
        what: 'Its answers are as long',
      })
    : (given('--output-ratio', flags.outputRatio, spread(readRatio)) ?? sure)
  const share = given('--to-cached-share', flags.toCachedShare, spread(readShare))
  if (share === null && isNewModel)
    assumptions.push(
      `What is read from a cache today will be again (${told(usualKept)}); a new cache starts cold, and --to-cached-share says it better.`,
    )
  const toRetries = isNewModel
    ? pick('--to-retries', flags.toRetries, {
        reader: readShare,
        usual: usualRetries,
        what: 'Tokens paid again for retries on the new side, as a share',
      })
    : (given('--to-retries', flags.toRetries, spread(readShare)) ?? exactly(zero))
  return {
    factors: {
      volume,
      tokenizerRatio,
      outputRatio,
      cached:
        share === null ? { kind: 'kept', spread: isNewModel ? usualKept : sure } : { kind: 'share', spread: share },
      fromRetries: given('--from-retries', flags.fromRetries, readShare) ?? zero,
      toRetries,
    },
    assumptions,
  }
}

const readHours: Reader<Rational> = (flag, text) => {
  const value = ofDecimal(text.trim().replace(/\s*h(?:ours?)?$/i, ''))
  return value === null || value.over < 0n
    ? refused(`${flag} '${text}' is no number of hours.`, "Write it as '16' or '16h'.")
    : { ok: true, value }
}

/** Fees, hosting, what is paid once, and the start. @throws Refusal */
export const termsOf = (flags: RoiFlags, nowMs: number): Terms => {
  const hours = given('--hours', flags.hours, readHours)
  const hourly = given('--hourly-usd', flags.hourlyUsd, readDollars)
  if ((hours === null) !== (hourly === null))
    throw new Refusal(
      refused(
        hours === null ? '--hourly-usd needs --hours.' : '--hours needs --hourly-usd.',
        'How many hours, at how many dollars an hour? Give both.',
      ),
    )
  const once = given('--one-off-usd', flags.oneOffUsd, readDollars) ?? zero
  return {
    fromFee: given('--from-fee', flags.fromFee, readShare) ?? zero,
    toFee: given('--to-fee', flags.toFee, readShare) ?? zero,
    relayFee: given('--relay-fee', flags.relayFee, readShare) ?? zero,
    hosting: given('--hosting-usd', flags.hostingUsd, readDollars) ?? zero,
    oneOff: plus(once, times(hours ?? zero, hourly ?? zero)),
    startMs: given('--start', flags.start, readDay) ?? Date.parse(dayOf(nowMs)),
  }
}

/** @throws Refusal */
export const commitmentOf = (flags: RoiFlags, startMs: number): Commitment | null => {
  const committed = given('--committed-usd', flags.committedUsd, readDollars)
  const untilMs = given('--committed-until', flags.committedUntil, readDay)
  if (committed === null && untilMs === null) return null
  if (committed === null || untilMs === null)
    throw new Refusal(
      refused(
        committed === null ? '--committed-until needs --committed-usd.' : '--committed-usd needs --committed-until.',
        'How many dollars are still to be spent with the old vendor, and until which day? Give both.',
      ),
    )
  if (untilMs <= startMs)
    throw new Refusal(
      refused(
        `--committed-until ${dayOf(untilMs)} is not after the start, ${dayOf(startMs)}.`,
        'Then nothing is committed any more: leave it out.',
      ),
    )
  return { committed, untilMs }
}

const seedUsual = 20_261_128
const seedMax = 2_147_483_647

/** @throws Refusal */
export const seedOf = ({ seed }: RoiFlags): number => {
  if (seed === undefined) return seedUsual
  const number = /^\d{1,10}$/.test(seed) ? Number(seed) : 0
  if (number < 1 || number > seedMax)
    throw new Refusal(refused(`--seed '${seed}' is no seed.`, `Write a whole number from 1 to ${seedMax}.`))
  return number
}

/** Yuan for one dollar. @throws Refusal */
export const exchangeRateOf = ({ fx }: RoiFlags): Rational | null => given('--fx', fx, readExchangeRate)
