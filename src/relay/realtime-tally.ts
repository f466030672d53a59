/** How much a session holds: the most that the input of its next response can be, and what it likely is. */

import type { Usage } from '#base/usage.ts'
import { heardTokens, heardTokensPerSecond } from './sound-tokens.ts'

/** Instructions and framing of the provider's own, which no event shows. */
const unseenTokens = 2_048
/** Of the bound: twice what is likely. */
const heardTokensPerSecondMax = 2 * heardTokensPerSecond
/** Bytes of text to a token, likely; at most it is one. */
const bytesPerToken = 4

/** Where the counts stood when a response began: what came later is not in its input. */
export type TallyMark = { readonly textBytes: number; readonly soundSeconds: number; readonly unknowns: number }

export type RealtimeTally = {
  readonly addText: (bytes: number) => void
  readonly addSound: (seconds: number) => void
  /** Sound that was thrown away before it became input. */
  readonly dropSound: (seconds: number) => void
  /** Content whose size nobody can tell: pictures, stored prompts, what tools of servers read. */
  readonly addUnknown: () => void
  /** Tokens at most; infinity = the model's window is the bound. */
  readonly most: () => number
  readonly likely: () => number
  readonly mark: () => TallyMark
  /** A response over the whole conversation has told what its input was, and what it added. */
  readonly told: (mark: TallyMark, usage: Usage) => void
}

/** Tokens of sound that a model may have heard, at most. */
export const heardTokensMax = (seconds: number): number => Math.ceil(seconds * heardTokensPerSecondMax)

/** Empty but for what the provider puts in itself. */
export const realtimeTally = (): RealtimeTally => {
  let knownTokens = unseenTokens
  let textBytes = 0
  let soundSeconds = 0
  let unknowns = 0
  return {
    addText: (bytes) => {
      textBytes += bytes
    },
    addSound: (seconds) => {
      soundSeconds += seconds
    },
    dropSound: (seconds) => {
      soundSeconds = Math.max(0, soundSeconds - seconds)
    },
    addUnknown: () => {
      unknowns += 1
    },
    most: () => (unknowns > 0 ? Number.POSITIVE_INFINITY : knownTokens + textBytes + heardTokensMax(soundSeconds)),
    likely: () => knownTokens + Math.ceil(textBytes / bytesPerToken) + heardTokens(soundSeconds),
    mark: () => ({ textBytes, soundSeconds, unknowns }),
    told: (mark, { input, output }) => {
      if (input === null) return
      knownTokens = input + (output ?? 0)
      textBytes = Math.max(0, textBytes - mark.textBytes)
      soundSeconds = Math.max(0, soundSeconds - mark.soundSeconds)
      unknowns = Math.max(0, unknowns - mark.unknowns)
    },
  }
}
