/** What a reply said of itself: usage, finish, text seen. Reads parts as they pass and never changes them. */

import type { Problem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import type { Part } from '#protocol/part.ts'

/** Text kept for counting where a provider reports no usage; what is over it is estimated from its size. */
const countedCharactersMax = 1_048_576
/** Characters of English text to a token, for what is too large to count. */
const charactersPerToken = 4

export type CountTokens = (text: string) => Promise<number>

export type Meter = {
  readonly see: (part: Part) => void
  readonly finishReason: () => string | null
  readonly error: () => Problem | null
  readonly reported: () => Usage | null
  /**
   * The usage that the books take: the provider's own figures, marked `partial` when the stream was cut; else counted
   * from the text that was delivered. `request` gives the request's text.
   */
  readonly usage: (ending: { readonly whole: boolean; readonly request: () => string }) => Promise<Usage>
}

const larger = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b))

/** Providers repeat cumulative usage in several events; a later one may leave out what an earlier one said. */
const merge = (earlier: Usage | null, later: Usage): Usage => {
  if (earlier === null) return later
  const merged: Usage = { ...later }
  return {
    ...merged,
    input: larger(earlier.input, later.input),
    output: larger(earlier.output, later.output),
    cachedInput: larger(earlier.cachedInput, later.cachedInput),
    cacheWrite: larger(earlier.cacheWrite, later.cacheWrite),
    cacheWrite5m: larger(earlier.cacheWrite5m, later.cacheWrite5m),
    cacheWrite1h: larger(earlier.cacheWrite1h, later.cacheWrite1h),
    reasoning: larger(earlier.reasoning, later.reasoning),
    audioInput: larger(earlier.audioInput, later.audioInput),
    audioOutput: larger(earlier.audioOutput, later.audioOutput),
    imageInput: larger(earlier.imageInput, later.imageInput),
    imageOutput: larger(earlier.imageOutput, later.imageOutput),
    items: later.items ?? earlier.items,
    serviceTier: later.serviceTier ?? earlier.serviceTier,
  }
}

export const meter = (countTokens: CountTokens): Meter => {
  let usage: Usage | null = null
  let finish: string | null = null
  let error: Problem | null = null
  let seenCharacters = 0
  const pieces: string[] = []

  const count = async (text: string, uncounted: number): Promise<number> =>
    (await countTokens(text)) + Math.ceil(uncounted / charactersPerToken)

  const seeText = (text: string): void => {
    seenCharacters += text.length
    if (seenCharacters <= countedCharactersMax) pieces.push(text)
  }

  return {
    see: (part) => {
      if (part.type === 'text-delta' || part.type === 'reasoning-delta' || part.type === 'refusal-delta')
        seeText(part.text)
      else if (part.type === 'tool-input-delta') seeText(part.text)
      else if (part.type === 'usage') usage = merge(usage, part.usage)
      else if (part.type === 'finish') finish = part.raw ?? part.reason
      else if (part.type === 'error') error = part.problem
    },
    finishReason: () => finish,
    error: () => error,
    reported: () => usage,
    usage: async ({ whole, request }) => {
      if (usage !== null && (usage.input !== null || usage.output !== null || usage.items !== null))
        return whole ? usage : { ...usage, source: 'partial' }
      const asked = request()
      const kept = pieces.join('')
      return usageOf({
        input: await count(asked.slice(0, countedCharactersMax), Math.max(0, asked.length - countedCharactersMax)),
        output: await count(kept, seenCharacters - kept.length),
        source: whole ? 'counted' : 'estimated',
      })
    },
  }
}
