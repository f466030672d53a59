/** Takes down the answer of a call that runs, for calls that may be given it again. */

import type { AnswerHead } from './keeper.ts'

/** A larger answer is not kept. */
export const answerBytesMax = 1_048_576

export type AnswerTaker = {
  readonly head: (head: AnswerHead) => void
  readonly piece: (bytes: Uint8Array) => void
  /** `isWhole` false = nothing is kept. Lets those go on who wait; only the first call counts. */
  readonly end: (isWhole: boolean) => void
}

export type TakenAnswer = { readonly head: AnswerHead; readonly pieces: readonly Uint8Array[] }

/** `ended` is told once: what was taken, or `null` where it was not whole or too large. */
export const takeAnswer = (ended: (taken: TakenAnswer | null) => void): AnswerTaker => {
  let head: AnswerHead | null = null
  let pieces: Uint8Array[] | null = []
  let sizeBytes = 0
  let isOver = false
  return {
    head: (given) => {
      head = given
    },
    piece: (bytes) => {
      sizeBytes += bytes.length
      if (sizeBytes > answerBytesMax) pieces = null
      // Bytes are copied: a piece may be a view of a buffer that is used again.
      pieces?.push(Uint8Array.from(bytes))
    },
    end: (isWhole) => {
      if (isOver) return
      isOver = true
      ended(isWhole && head !== null && pieces !== null ? { head, pieces } : null)
    },
  }
}

/** One that hands on to both. */
export const takeForBoth = (first: AnswerTaker, second: AnswerTaker): AnswerTaker => ({
  head: (head) => {
    first.head(head)
    second.head(head)
  },
  piece: (bytes) => {
    first.piece(bytes)
    second.piece(bytes)
  },
  end: (isWhole) => {
    first.end(isWhole)
    second.end(isWhole)
  },
})
