/** What two answers look like beside each other, without what they say: letters and digits are masked, arguments shown by name and kind. */

import type { Answer } from './shadow-compare.ts'
import { languageOf } from './shadow-compare.ts'

export type AnswerSketch = {
  readonly status: number | null
  readonly finish: string | null
  readonly tools: readonly { readonly name: string; readonly shape: string; readonly valid: boolean | null }[]
  /** The beginning, masked. */
  readonly text: string
  readonly characters: number
  readonly language: string | null
  readonly json: boolean | null
  readonly refusal: boolean
  readonly outputTokens: number | null
}

const textCharactersMax = 240
const toolsMax = 8
const namesMax = 12
const nameCharactersMax = 40

/** Every letter and digit becomes one of its kind; spaces and punctuation, which are the shape of a text, stay. */
export const masked = (text: string): string =>
  text
    .slice(0, textCharactersMax)
    .replaceAll(/\p{Script=Han}/gu, '\u6587')
    .replaceAll(/\p{Uppercase_Letter}/gu, 'X')
    .replaceAll(/(?!\u6587)[\p{Letter}\p{Mark}]/gu, (letter) => (letter === 'X' ? 'X' : 'x'))
    .replaceAll(/\p{Number}/gu, '0')

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `list of ${value.length}`
  return typeof value === 'string' ? 'text' : typeof value
}

/** `{city: text, days: number}`; what is no JSON object says so. */
const shapeOf = (input: string): string => {
  let value: unknown
  try {
    value = JSON.parse(input === '' ? '{}' : input)
  } catch {
    return 'not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return kindOf(value)
  const names = Object.entries(value).map(([name, one]) => `${name.slice(0, nameCharactersMax)}: ${kindOf(one)}`)
  return `{${names.slice(0, namesMax).join(', ')}${names.length > namesMax ? ', …' : ''}}`
}

export const sketchOf = (answer: Answer): AnswerSketch => ({
  status: answer.status,
  finish: answer.finish,
  tools: answer.tools
    .slice(0, toolsMax)
    .map(({ name, input, isValid }) => ({ name, shape: shapeOf(input), valid: isValid })),
  text: masked(answer.text),
  characters: answer.text.length,
  language: languageOf(answer.text),
  json: answer.isJson,
  refusal: answer.isRefusal,
  outputTokens: answer.outputTokens,
})
