/** The text of a sandbox answer: what of it fits, and the pieces in which it is streamed. */

import type { JsonObject } from '#base/json-type.ts'
import type { FinishReason } from '#protocol/part.ts'

/** All answers to one request together say no more; what is longer ends with `length`, as at a model's own maximum. */
const charactersMax = 524_288

/** A word longer than this (a text in Chinese is one) is streamed in pieces. */
const words = /\s*\S{1,48}|\s+$/gu

/** What is said where there is nothing to echo. */
export const greeting = 'This is the sandbox: it answers without asking any provider.'

/** The pieces in order; joined they are exactly the text. */
export const wordsOf = (text: string): readonly string[] => text.match(words) ?? []

/** One of the words of o200k that is one token, with a blank before it as well as without. */
const oneToken = 'word'

/** A text of exactly so many tokens. */
export const textOfTokens = (tokens: number): string => Array<string>(tokens).fill(oneToken).join(' ')

/** The text with at least so many pieces. */
export const withPieces = (text: string, pieces: number): string => {
  const missing = pieces - wordsOf(text).length
  return missing > 0 ? `${text}${` ${oneToken}`.repeat(missing)}` : text
}

export type Ending = { readonly reason: FinishReason; readonly raw: string; readonly extra?: JsonObject }
export type Fitted = { readonly text: string; readonly tokens: number; readonly ending: Ending }

export const stopped: Ending = { reason: 'stop', raw: 'stop' }
export const outOfTokens: Ending = { reason: 'length', raw: 'length' }

/** Where the first of the stop sequences stands, and which; `null` = none is there. */
const firstStop = (text: string, stops: readonly string[]): { readonly at: number; readonly stop: string } | null => {
  const places = stops
    .filter((stop) => stop !== '')
    .map((stop) => ({ at: text.indexOf(stop), stop }))
    .filter(({ at }) => at >= 0)
  return places.toSorted((one, other) => one.at - other.at)[0] ?? null
}

/** Told as vLLM does, so that formats which say which text ended an answer can (https://docs.vllm.ai, `stop_reason` of a choice, from memory). */
const stoppedBy = (stop: string): Ending => ({ ...stopped, extra: { choice: { stop_reason: stop } } })

const prefixOf = (text: string, length: number): string => {
  const isInside = /[\uDC00-\uDFFF]/.test(text.charAt(length)) && /[\uD800-\uDBFF]/.test(text.charAt(length - 1))
  return text.slice(0, isInside ? length - 1 : length)
}

type Limits = {
  readonly stops: readonly string[]
  /** `null` = no maximum. */
  readonly tokensMax: number | null
  /** Among how many answers the maximum is shared. */
  readonly answers: number
  readonly countTokens: (text: string) => Promise<number> | number
}

/** The longest prefix of at most `tokensMax` tokens, found by halving: about 18 counts. */
const withinTokens = async (text: string, limits: Limits): Promise<Fitted> => {
  const { tokensMax, countTokens } = limits
  const all = await countTokens(text)
  if (tokensMax === null || all <= tokensMax) return { text, tokens: all, ending: stopped }
  let fits = { text: '', tokens: 0 }
  let least = 0
  let most = text.length
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    const prefix = prefixOf(text, middle)
    const tokens = await countTokens(prefix)
    if (tokens > tokensMax) most = middle - 1
    else {
      least = middle
      fits = { text: prefix, tokens }
    }
  }
  return { ...fits, ending: outOfTokens }
}

/** What of the text is said, how many tokens that is, and why it ends there. */
export const fit = async (text: string, limits: Limits): Promise<Fitted> => {
  const bounded = prefixOf(text, Math.min(text.length, Math.floor(charactersMax / limits.answers)))
  const end = firstStop(bounded, limits.stops)
  const fitted = await withinTokens(end === null ? bounded : bounded.slice(0, end.at), limits)
  if (end !== null) return fitted.ending === stopped ? { ...fitted, ending: stoppedBy(end.stop) } : fitted
  return bounded.length < text.length ? { ...fitted, ending: outOfTokens } : fitted
}
