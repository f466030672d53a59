/** What a reply said of itself: usage, finish, text seen. Reads parts as they pass and never changes them. */

import type { Problem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import type { Part } from '#protocol/part.ts'

/**
 * Text of an answer that is kept for counting where a provider reports no usage, some 16,000 tokens: what comes after it has as many
 * characters to a token as this has. Hundreds of answers at once are kept so.
 */
const keptCharactersMax = 65_536
/** Pieces of a few letters cost ten times what they say: so many are put together. */
const blockCharacters = 4_096
/** Of a request, which is there anyway. */
const requestCharactersMax = 1_048_576
/** Characters of English text to a token, where nothing is counted to go by. */
export const charactersPerToken = 4

/** Moonshot's own search: each call of it is billed, and its usage does not tell it (platform.kimi.ai, read 2026-11-28). */
const moonshotSearch = '$web_search'

export type CountTokens = (text: string) => Promise<number>

export type Meter = {
  readonly see: (part: Part) => void
  readonly finishReason: () => string | null
  readonly error: () => Problem | null
  readonly reported: () => Usage | null
  /** Pictures of which anything came, previews too; `null` = none was seen. */
  readonly pictures: () => number | null
  /**
   * The usage that the books take: the provider's own figures, marked `partial` when the stream was cut; else counted
   * from the text that was delivered. `isText`: so is what a provider's figures leave unsaid. `request` gives the request's text.
   */
  readonly usage: (ending: {
    readonly whole: boolean
    readonly isText: boolean
    readonly request: () => string
  }) => Promise<Usage>
  /** The usage of an answer that goes on, of which so many tokens are delivered: the provider's own figures where it gave some. */
  readonly usageSoFar: (outputTokens: number, request: () => string) => Promise<Usage>
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

/** The text of a part that a provider bills as output; empty where it has none. */
export const deliveredText = (part: Part): string =>
  part.type === 'text-delta' ||
  part.type === 'reasoning-delta' ||
  part.type === 'refusal-delta' ||
  part.type === 'tool-input-delta'
    ? part.text
    : ''

/** Text as it comes, in blocks. */
const keptText = () => {
  const blocks: string[] = []
  let pieces: string[] = []
  let piecesCharacters = 0
  return {
    add: (text: string): void => {
      pieces.push(text)
      piecesCharacters += text.length
      if (piecesCharacters < blockCharacters) return
      blocks.push(pieces.join(''))
      pieces = []
      piecesCharacters = 0
    },
    from: (characters: number): string => [...blocks, ...pieces].join('').slice(characters),
  }
}

/** A picture comes in one part, or in previews and then in one. */
const pictureCount = () => {
  let count = 0
  let last = ''
  return {
    see: ({ choice, block }: { readonly choice: number; readonly block: number }): void => {
      const picture = `${choice} ${block}`
      if (picture !== last) count += 1
      last = picture
    },
    count: (): number | null => (count === 0 ? null : count),
  }
}

export const meter = (countTokens: CountTokens): Meter => {
  let usage: Usage | null = null
  let finish: string | null = null
  let error: Problem | null = null
  let seenCharacters = 0
  let searches = 0
  const pictures = pictureCount()
  const kept = keptText()
  /** How far the text had come when the provider last said how much output that was. */
  let saidCharacters = 0
  let requestTokens: Promise<number> | null = null

  const count = async (text: string, uncounted: number): Promise<number> => {
    const tokens = await countTokens(text)
    const perCharacter = text === '' ? 1 / charactersPerToken : tokens / text.length
    return tokens + Math.ceil(uncounted * perCharacter)
  }

  const seeText = (text: string): void => {
    seenCharacters += text.length
    if (seenCharacters <= keptCharactersMax) kept.add(text)
  }

  /** Counted once: a request does not change. */
  const countRequest = (request: () => string): Promise<number> => {
    if (requestTokens !== null) return requestTokens
    const asked = request()
    requestTokens = count(asked.slice(0, requestCharactersMax), Math.max(0, asked.length - requestCharactersMax))
    return requestTokens
  }

  const countFrom = (characters: number): Promise<number> => {
    const text = kept.from(characters)
    return count(text, seenCharacters - characters - text.length)
  }
  const countOutput = (): Promise<number> => countFrom(0)

  const withAtLeast = (usage: Usage, counted: number): Usage =>
    counted > (usage.output ?? 0) ? { ...usage, output: counted, source: 'estimated' } : { ...usage, source: 'partial' }

  /** What a provider said in the middle of its answer, and what it delivered after that. */
  const partial = async (usage: Usage): Promise<Usage> => {
    if (saidCharacters === seenCharacters) return { ...usage, source: 'partial' }
    // Before any text there is nothing that it could have counted: some begin with a figure all the same.
    if (saidCharacters === 0) return withAtLeast(usage, await countOutput())
    return withAtLeast(usage, (usage.output ?? 0) + (await countFrom(saidCharacters)))
  }

  /** What a whole answer's provider did not say, or nobody can believe: half a bill is no bill. */
  const completed = async (usage: Usage, request: () => string): Promise<Usage> => {
    const { input, output } = usage
    if (input !== null && output !== null) return usage
    const counted = { input: input ?? (await countRequest(request)), output: output ?? (await countOutput()) }
    return { ...usage, ...counted, source: 'counted' }
  }

  const withSearches = (usage: Usage): Usage =>
    searches === 0 ? usage : { ...usage, items: { ...usage.items, web_search: searches } }

  return {
    see: (part) => {
      if (part.type === 'tool-input-start' && part.name === moonshotSearch) searches += 1
      const text = deliveredText(part)
      if (text !== '') seeText(text)
      else if (part.type === 'usage') {
        const told = part.usage
        usage = merge(usage, told)
        if (told.output !== null) saidCharacters = seenCharacters
      } else if (part.type === 'image') pictures.see(part)
      else if (part.type === 'finish') finish = part.raw ?? part.reason
      else if (part.type === 'error') error = part.problem
    },
    finishReason: () => finish,
    error: () => error,
    reported: () => usage,
    pictures: pictures.count,
    usage: async ({ whole, isText, request }) => {
      if (usage !== null && (usage.input !== null || usage.output !== null || usage.items !== null)) {
        if (!whole) return withSearches(await partial(usage))
        return withSearches(isText ? await completed(usage, request) : usage)
      }
      return withSearches(
        usageOf({
          input: await countRequest(request),
          output: await countOutput(),
          source: whole ? 'counted' : 'estimated',
        }),
      )
    },
    usageSoFar: async (outputTokens, request) => {
      const known = usage ?? usageOf({})
      const input = known.input ?? (await countRequest(request))
      return withAtLeast({ ...known, input, output: known.output ?? 0 }, outputTokens)
    },
  }
}
