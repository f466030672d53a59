/** Letters that hold a secret (a link that signs in): they go out from memory, and never stand in the store. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Letter } from './send.ts'

/** Waits before the tries that follow the first, in milliseconds: after them whoever waits asks for another link. */
const waitsMs: readonly number[] = [5_000, 30_000, 120_000]
/** Letters on their way; what comes on top is dropped and told in the log. */
const waitingMax = 500

export type LetterBox = {
  /** Takes it at once; how long it takes to send tells nobody whether there was one. */
  readonly post: (letter: Letter) => void
  /** Waits for tries that are under way; what waits for its next one is dropped. */
  readonly close: () => Promise<void>
}

export type LetterBoxParts = {
  /** Never rejects; `null` = it was taken. */
  readonly send: (letter: Letter) => Promise<string | null>
  readonly clock: Clock
  readonly log: Log
}

/** Sends what is posted, each by itself. */
export const makeLetterBox = ({ send, clock, log }: LetterBoxParts): LetterBox => {
  const underWay = new Set<Promise<void>>()
  const cancels = new Set<() => void>()
  let waiting = 0
  let closed = false
  const carry = async (letter: Letter, tries: number): Promise<void> => {
    const error = await send(letter)
    const waitMs = waitsMs[tries]
    if (error === null || waitMs === undefined || closed) {
      waiting -= 1
      if (error !== null) log.error('a letter with a link could not be sent', { subject: letter.mail.subject, error })
      return
    }
    const cancel = clock.after(waitMs, () => {
      cancels.delete(cancel)
      start(letter, tries + 1)
    })
    cancels.add(cancel)
  }
  const start = (letter: Letter, tries: number): void => {
    const trying = carry(letter, tries).finally(() => underWay.delete(trying))
    underWay.add(trying)
  }
  return {
    post: (letter) => {
      if (closed || waiting >= waitingMax) {
        log.error('a letter with a link was dropped, too many are on their way', { subject: letter.mail.subject })
        return
      }
      waiting += 1
      start(letter, 0)
    },
    close: async () => {
      closed = true
      for (const cancel of cancels) cancel()
      await Promise.all(underWay)
    },
  }
}
