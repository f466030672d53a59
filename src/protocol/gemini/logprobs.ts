/** Probabilities of tokens: Gemini tells them of a whole answer, others with each piece of its text. https://ai.google.dev/api/generate-content#LogprobsResult, read 2026-12-01. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'

const objectsIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter((one: Json) => isObject(one)) : []

const toOwn = ({ token, logprob }: JsonObject): JsonObject => ({ token, logProbability: logprob })
const fromOwn = ({ token, logProbability }: JsonObject): JsonObject => ({ token, logprob: logProbability })

/** The tokens of a piece of text, as Chat Completions has them. */
export const tokensOf = (logprobs: JsonObject | null | undefined): readonly JsonObject[] =>
  objectsIn(logprobs?.['content'])

/** A whole answer's, from its tokens; nothing where none were told. */
export const writeLogprobs = (tokens: readonly JsonObject[]): JsonObject => {
  if (tokens.length === 0) return {}
  const sum = tokens.reduce((total, { logprob }) => total + (typeof logprob === 'number' ? logprob : 0), 0)
  const topCandidates = tokens.map(({ top_logprobs: top }) => ({ candidates: objectsIn(top).map(toOwn) }))
  return { avgLogprobs: sum / tokens.length, logprobsResult: { chosenCandidates: tokens.map(toOwn), topCandidates } }
}

/** What a candidate tells of the tokens that it has brought; `null` = nothing. */
export const readLogprobs = (result: Json | undefined): JsonObject | null => {
  const told = isObject(result) ? result : {}
  const chosen = objectsIn(told['chosenCandidates'])
  const tops = objectsIn(told['topCandidates'])
  if (chosen.length === 0) return null
  return {
    content: chosen.map((one, at) => ({
      ...fromOwn(one),
      top_logprobs: objectsIn(tops[at]?.['candidates']).map(fromOwn),
    })),
  }
}
