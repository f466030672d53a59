/**
 * Whether two models have answered the same question alike: compared from the coarse to the fine, each kind for itself. What equality means for sampled text is
 * decided by the noise floor (shadow-sums.ts): how often one model disagrees with itself.
 */

import { canonicalJson } from '#base/canonical-json.ts'

/** In the order in which they are asked; the first that differs is the one to look at. */
export const comparators = [
  'http_class',
  'finish_reason',
  'tool_or_text',
  'tool_names',
  'tool_arguments',
  'arguments_valid',
  'json_valid',
  'length',
  'language',
  'refusal',
  'similarity',
  'judged',
] as const

export type Comparator = (typeof comparators)[number]

export type ToolUse = {
  readonly name: string
  /** Its arguments, as JSON text. */
  readonly input: string
  /** Whether the tool's schema allows them; `null` = nobody looked. */
  readonly isValid: boolean | null
}

/** What is compared of an answer. */
export type Answer = {
  /** Of the upstream; `null` = none came. */
  readonly status: number | null
  /** In the words that all formats share. */
  readonly finish: string | null
  readonly tools: readonly ToolUse[]
  /** No longer than `answerCharactersMax`. */
  readonly text: string
  /** Whether the text is JSON; `null` = it was not asked for. */
  readonly isJson: boolean | null
  /** The provider or the model said that it declines. */
  readonly isRefusal: boolean
  /** As the provider counts them; absent or `null` = not told. */
  readonly inputTokens?: number | null
  /** `null` = not told. */
  readonly outputTokens: number | null
}

/** Of an answer's text: more is not compared. */
export const answerCharactersMax = 65_536

/** Whether two answers are alike; `null` = there is nothing to compare in this respect. */
export type Comparison = Readonly<Record<Comparator, boolean | null>>

export type CompareLimits = {
  /** An answer is as long as another one up to this factor. */
  readonly lengthRatioMax: number
  /** The least likeness of two texts, in [0, 1]. */
  readonly similarityMin: number
}

export const compareLimits: CompareLimits = { lengthRatioMax: 2, similarityMin: 0.3 }

const classOf = ({ status }: Answer): number => (status === null ? 0 : Math.floor(status / 100))
const answered = (answer: Answer): boolean => classOf(answer) === 2

const sameList = (one: readonly string[], other: readonly string[]): boolean =>
  JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted())

const namesIn = ({ tools }: Answer): readonly string[] => [...new Set(tools.map(({ name }) => name))]
const usesIn = ({ tools }: Answer): readonly string[] =>
  tools.map(({ name, input }) => `${name} ${canonicalJson(input)}`)

/** Whether all arguments were allowed; `null` = nobody looked at some of them. */
const validIn = ({ tools }: Answer): boolean | null => {
  if (tools.some(({ isValid }) => isValid === false)) return false
  return tools.length === 0 || tools.some(({ isValid }) => isValid === null) ? null : true
}

const alike = <T>(one: T | null, other: T | null): boolean | null =>
  one === null || other === null ? null : one === other

const sameLength = (one: Answer, other: Answer, { lengthRatioMax }: CompareLimits): boolean | null => {
  const inTokens = one.outputTokens !== null && other.outputTokens !== null
  const [first, second] = inTokens ? [one.outputTokens, other.outputTokens] : [one.text.length, other.text.length]
  const [less, more] = [Math.min(first ?? 0, second ?? 0), Math.max(first ?? 0, second ?? 0)]
  return more === 0 ? null : less * lengthRatioMax >= more
}

const scripts: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/gu],
  ['Han', /\p{Script=Han}/gu],
  ['Kana', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['Hangul', /\p{Script=Hangul}/gu],
  ['Cyrillic', /\p{Script=Cyrillic}/gu],
  ['Arabic', /\p{Script=Arabic}/gu],
  ['Devanagari', /\p{Script=Devanagari}/gu],
  ['Greek', /\p{Script=Greek}/gu],
  ['Hebrew', /\p{Script=Hebrew}/gu],
  ['Thai', /\p{Script=Thai}/gu],
]
/** Fewer letters tell no language, and more are not needed to. */
const lettersMin = 12
const lettersMax = 4_096
/** Japanese is written in Han for the most part: so many signs of its own in a hundred tell it from Chinese. */
const kanaPercent = 5

/** The script that a text is written in for the most part, which is as much of its language as can be told without a dictionary; `null` = too short. */
export const languageOf = (text: string): string | null => {
  const part = text.slice(0, lettersMax)
  const counts = new Map(scripts.map(([name, form]) => [name, part.match(form)?.length ?? 0]))
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (total < lettersMin) return null
  if ((counts.get('Kana') ?? 0) * 100 >= total * kanaPercent) return 'Kana'
  const [first] = [...counts].toSorted(([, one], [, other]) => other - one)
  return first?.[0] ?? null
}

const declines =
  /^\W*(?:i(?:['’]m| am) (?:very |so )?sorry,? (?:but )?i (?:can|am)|i (?:cannot|can['’]t|am unable|am not able|won['’]t) (?:help|assist|comply|provide|do that|fulfil)|as an ai\b|(?:很|非常)?抱歉|对不起|我(?:无法|不能|没办法)(?:提供|协助|帮助|满足|回答))/i

/** Whether a text begins as refusals do, in English or Chinese. */
export const soundsDeclining = (text: string): boolean => declines.test(text.slice(0, 200))

const hasDeclined = ({ isRefusal, text, tools }: Answer): boolean =>
  isRefusal || (tools.length === 0 && soundsDeclining(text))

const piecesMax = 8_192
const pieceCharacters = 3

const piecesOf = (text: string): ReadonlySet<string> => {
  const plain = text
    .slice(0, piecesMax)
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}]+/gu, ' ')
    .trim()
  const pieces = new Set<string>()
  for (let at = 0; at + pieceCharacters <= plain.length; at += 1) pieces.add(plain.slice(at, at + pieceCharacters))
  return pieces
}

/** The share of three-letter pieces that two texts have in common, in [0, 1]; `null` = one of them has none. */
export const similarityOf = (one: string, other: string): number | null => {
  const [first, second] = [piecesOf(one), piecesOf(other)]
  if (first.size === 0 || second.size === 0) return null
  let common = 0
  for (const piece of first) if (second.has(piece)) common += 1
  return (2 * common) / (first.size + second.size)
}

const nothing: Comparison = Object.freeze(
  Object.fromEntries(comparators.map((name) => [name, null])) as Record<Comparator, null>,
)

/** Two answers to one question. Which is the first makes no difference. */
export const compareAnswers = (one: Answer, other: Answer, limits: CompareLimits = compareLimits): Comparison => {
  const isSameClass = classOf(one) === classOf(other)
  if (!answered(one) || !answered(other)) return { ...nothing, http_class: isSameClass }
  const bothCall = one.tools.length > 0 && other.tools.length > 0
  const neitherCalls = one.tools.length === 0 && other.tools.length === 0
  const sameNames = bothCall ? sameList(namesIn(one), namesIn(other)) : null
  const likeness = neitherCalls ? similarityOf(one.text, other.text) : null
  return {
    http_class: true,
    finish_reason: one.finish === other.finish,
    tool_or_text: bothCall || neitherCalls,
    tool_names: sameNames,
    tool_arguments: sameNames === true ? sameList(usesIn(one), usesIn(other)) : null,
    arguments_valid: alike(validIn(one), validIn(other)),
    json_valid: alike(one.isJson, other.isJson),
    length: neitherCalls ? sameLength(one, other, limits) : null,
    language: neitherCalls ? alike(languageOf(one.text), languageOf(other.text)) : null,
    refusal: hasDeclined(one) === hasDeclined(other),
    similarity: likeness === null ? null : likeness >= limits.similarityMin,
    // Said by a judge, where one is asked.
    judged: null,
  }
}

/** The coarsest respect in which they differ; `null` = none. */
export const firstDifference = (comparison: Comparison): Comparator | null =>
  comparators.find((name) => comparison[name] === false) ?? null
