/**
 * Usage of answers that are no text and whose provider tells none: an account that pays is never given them for nothing. What was asked
 * is text, and is counted; how much sound came of it is worked out from how fast people speak.
 */

import { isObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { Call, CallKind } from '#protocol/call.ts'
import type { Meter } from './meter.ts'

/** Kinds whose price is that of the text in the request, and of sound where they speak it. */
const asked: readonly CallKind[] = ['embedding', 'moderation', 'rerank', 'speech']

/** A token of sound is 50 ms (https://platform.openai.com/docs/guides/realtime-costs, from memory). */
const soundTokensPerSecond = 20
/** 150 words a minute; a sign of Chinese, Japanese or Korean is a syllable, of which some four and a half are said in a second. */
const lettersPerSecond = 15
const syllablesPerSecond = 4.5

const syllables = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu

/** Tokens of sound that a text comes to when it is spoken, at the usual speed; 0 for an empty one. */
export const spokenTokens = (text: string): number => {
  const slow = text.match(syllables)?.length ?? 0
  return Math.ceil(((text.length - slow) / lettersPerSecond + slow / syllablesPerSecond) * soundTokensPerSecond)
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

const speaksAtAPrice = ({ priceRows }: ModelRow): boolean =>
  priceRows !== 'free' && priceRows.some(({ rates }) => rates.audioOutput !== null || rates.output !== null)

/** What is charged where a provider tells nothing of such a call; `null` = nobody can tell. */
export const uncountedUsage = async (
  call: Call,
  { meter, whole, row }: { readonly meter: Meter; readonly whole: boolean; readonly row: ModelRow },
): Promise<Usage | null> => {
  const text = askedText(call)
  if (text === null) return null
  const usage = await meter.usage({ whole, isText: false, request: () => text })
  if (call.kind !== 'speech' || !speaksAtAPrice(row)) return usage
  const output = spokenTokens(text)
  return { ...usage, output, audioOutput: output, source: 'estimated' }
}
