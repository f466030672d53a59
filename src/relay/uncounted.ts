/**
 * Usage of answers that are no text, where a provider tells none or not in what a price is in: an account that pays is never given them
 * for nothing. What was asked is text, and is counted; how much sound came of it is worked out from how fast people speak; pictures are
 * counted, and a recording plays as long as its file says.
 */

import { isObject } from '#base/json-type.ts'
import type { PriceRates, PriceRow } from '#base/price-row.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import type { Call, CallKind } from '#protocol/call.ts'
import { asksForWindow } from './bound.ts'
import type { Meter } from './meter.ts'
import { charactersPerToken } from './meter.ts'
import { searchUnitsOf } from './pieces.ts'
import { heardTokens, saidTokens } from './sound-tokens.ts'

/** Kinds whose price is that of the text in the request, and of sound where they speak it. */
const asked: readonly CallKind[] = ['embedding', 'moderation', 'rerank', 'speech']

/** 150 words a minute; a sign of Chinese, Japanese or Korean is a syllable, of which some four and a half are said in a second. */
const lettersPerSecond = 15
const syllablesPerSecond = 4.5
/** The same in UTF-8, of either writing, to within a tenth. */
const bytesSpokenPerSecond = 15

const syllables = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu

/** Tokens of sound that a text comes to when it is spoken, at the usual speed; 0 for an empty one. */
export const spokenTokens = (text: string): number => {
  const slow = text.match(syllables)?.length ?? 0
  return saidTokens((text.length - slow) / lettersPerSecond + slow / syllablesPerSecond)
}

/** Members of a request that say what is to be done, and not with what. */
const settings: ReadonlySet<string> = new Set([
  'model',
  'models',
  'type',
  'voice',
  'user',
  'encoding_format',
  'response_format',
  'stream_format',
  'taskType',
  'task_type',
  'provider',
  'metadata',
])

/** The texts within a value, at any depth; what was given as tokens stands for a word each. */
const textsIn = (value: unknown, into: string[]): void => {
  if (typeof value === 'string') {
    if (!value.startsWith('data:')) into.push(value)
  } else if (typeof value === 'number') into.push(' a')
  else if (Array.isArray(value)) for (const one of value) textsIn(one, into)
  else if (isObject(value))
    for (const [name, inner] of Object.entries(value)) if (!settings.has(name)) textsIn(inner, into)
}

/** What a call of these kinds asks about, as one text; `null` = it is of another kind, or no JSON. */
export const askedText = (call: Call): string | null => {
  if (!asked.includes(call.kind) || call.payload.kind !== 'json') return null
  const texts: string[] = []
  for (const [name, value] of Object.entries(call.body()))
    if (!settings.has(name) && typeof value !== 'number') textsIn(value, texts)
  return texts.join('')
}

/** What is known of an answer besides what its provider tells. */
export type Answer = {
  readonly meter: Meter
  readonly whole: boolean
  /** Bytes of it that were delivered; `null` = they do not say how much was made. */
  readonly bytes: number | null
  /** By what callers pay, and the operator. */
  readonly prices: readonly (readonly PriceRow[] | 'free')[]
}

/** `from`: what of it was worked out from, where its provider did not tell; `null` = it did, or its text was counted. */
export type KnownUsage = {
  readonly usage: Usage
  readonly from: string | null
  /** What of it nobody can tell, so that it is not in the usage; absent = nothing. */
  readonly unknown?: string
}

type RateQuestion = (rates: PriceRates) => boolean

const somePrice = ({ prices }: Answer, holds: RateQuestion): boolean =>
  prices.some((rows) => rows !== 'free' && rows.some(({ rates }) => holds(rates)))

const pricesSpeech: RateQuestion = ({ audioOutput, output }) => audioOutput !== null || output !== null
const pricesTokens: RateQuestion = ({ input, audioInput, output }) =>
  input !== null || audioInput !== null || output !== null
const pricesSeconds: RateQuestion = ({ items }) =>
  items?.['seconds'] !== undefined || items?.['audio_seconds'] !== undefined

/** Pieces that a price is in and that the provider did not tell, with those that it told. */
const withPieces = (usage: Usage, answer: Answer, pieces: Readonly<Record<string, number>>): Usage['items'] | null => {
  const unsaid = Object.entries(pieces).filter(
    ([item]) => usage.items?.[item] === undefined && somePrice(answer, ({ items }) => items?.[item] !== undefined),
  )
  return unsaid.length === 0 ? null : { ...usage.items, ...Object.fromEntries(unsaid) }
}

const ofPictures = (usage: Usage, answer: Answer): KnownUsage => {
  const images = answer.meter.pictures()
  const items = images === null ? null : withPieces(usage, answer, { images })
  return items === null
    ? { usage, from: null }
    : { usage: { ...usage, items, source: 'counted' }, from: 'the pictures that were delivered' }
}

type Heard = { readonly seconds: number; readonly from: string }

const heardIn = (usage: Usage, call: Call, { bytes }: Answer): Heard | null => {
  const told = usage.items?.['seconds'] ?? usage.items?.['audio_seconds'] ?? null
  if (told !== null) return { seconds: told, from: 'how long the provider says that the sound plays' }
  const stated = call.soundSeconds ?? null
  if (stated !== null) return { seconds: stated, from: 'how long the file says that it plays' }
  if (bytes === null || bytes === 0) return null
  return { seconds: bytes / bytesSpokenPerSecond, from: 'how long it takes to say what was heard' }
}

const ofSound = async (usage: Usage, call: Call, answer: Answer): Promise<KnownUsage> => {
  const heard = heardIn(usage, call, answer)
  if (heard === null) return { usage, from: null }
  const seconds = Math.ceil(heard.seconds)
  const items = withPieces(usage, answer, { seconds, audio_seconds: seconds })
  const isCounted = usage.input !== null || !somePrice(answer, pricesTokens)
  if (items === null && isCounted) return { usage, from: null }
  if (isCounted) return { usage: { ...usage, items, source: 'estimated' }, from: heard.from }
  const { meter, whole, bytes } = answer
  const said = await meter.usage({ whole, isText: true, request: () => '' })
  // Subtitles and plain text are not read.
  const output = said.output === null || said.output === 0 ? Math.ceil((bytes ?? 0) / charactersPerToken) : said.output
  const input = heardTokens(heard.seconds)
  // Seconds of which the tokens are charged are no piece that has no price.
  const priced = items ?? (somePrice(answer, pricesSeconds) ? usage.items : null)
  return { usage: { ...usage, items: priced, input, audioInput: input, output, source: 'estimated' }, from: heard.from }
}

const ofText = async (told: Usage | null, call: Call, answer: Answer): Promise<KnownUsage> => {
  const text = askedText(call)
  if (text === null) return { usage: told ?? usageOf({ source: 'estimated' }), from: null }
  const { meter, whole } = answer
  const counted = told ?? (await meter.usage({ whole, isText: false, request: () => text }))
  const speaks = told === null && call.kind === 'speech' && somePrice(answer, pricesSpeech)
  const output = speaks ? spokenTokens(text) : 0
  const usage: Usage = speaks ? { ...counted, output, audioOutput: output, source: 'estimated' } : counted
  const pieces = call.kind === 'rerank' ? { search_units: searchUnitsOf(call) } : { characters: text.length }
  const items = call.kind === 'rerank' || call.kind === 'speech' ? withPieces(usage, answer, pieces) : null
  if (items !== null) return { usage: { ...usage, items, source: 'estimated' }, from: 'what was asked' }
  // Words are counted; what pictures and sound beside them come to only their provider knows.
  if (told === null && call.kind === 'embedding' && asksForWindow(call))
    return {
      usage: { ...usage, source: 'estimated' },
      from: 'the text of what was asked',
      unknown: 'pictures or sound',
    }
  return { usage, from: speaks ? 'what was asked' : null }
}

/** A usage without a figure is none. */
const saysSomething = (usage: Usage | null): boolean =>
  usage !== null && (usage.input !== null || usage.output !== null || usage.items !== null)

/** What is charged for an answer that is no text: what its provider tells, and what of the rest can be known. */
export const knownUsage = async (call: Call, answer: Answer): Promise<KnownUsage> => {
  const { meter, whole } = answer
  const isTold = saysSomething(meter.reported())
  const told = isTold ? await meter.usage({ whole, isText: false, request: () => '' }) : null
  if (call.kind === 'image') return ofPictures(told ?? usageOf({ source: 'estimated' }), answer)
  if (call.kind === 'transcription') return ofSound(told ?? usageOf({ source: 'estimated' }), call, answer)
  return ofText(told, call, answer)
}
