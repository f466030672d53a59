/** Answers that are given again to questions that are similar enough, from a store that searches; sealed, and each for one key alone. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Seal } from '#secret/seal.ts'
import type { AnswerTaker, TakenAnswer } from './answer-taker.ts'
import { takeAnswer } from './answer-taker.ts'
import type { CachedAnswer } from './cached-answers.ts'
import type { AnswerHead } from './keeper.ts'
import type { SimilarStore } from './port.ts'

/** Answers of one scope: they are all compared, so that none is missed and a look has a bound. */
export const similarOfScopeMax = 2_000
/** Answers that are on their way to the store; one more is not kept. */
const pendingMax = 64
const newline = 0x0a

export type SimilarSettings = {
  /** The model that measures, as a caller would name it. */
  readonly embeddings: string
  readonly threshold: number
  readonly lifetimeMs: number
  /** Whose calls are looked for without asking; `null` = nobody's. Keys go by id or name. */
  readonly scope: Readonly<Record<'keys' | 'projects', readonly string[] | null>> | null
}

/** What is looked for: a scope, a place in it, and how old an answer may be. */
export type SimilarQuestion = {
  readonly scope: string
  readonly vector: readonly number[]
  readonly lifetimeMs: number
}

export type SimilarAnswers = {
  readonly settings: SimilarSettings
  /** `null` = none is similar enough, or the store is away. Never rejects. */
  readonly find: (
    question: SimilarQuestion,
  ) => Promise<{ readonly answer: CachedAnswer; readonly similarity: number } | null>
  /** Keeps the answer of a call for questions like it. */
  readonly taker: (question: SimilarQuestion, call: string) => AnswerTaker
  /** Resolves when what was taken is kept. */
  readonly close: () => Promise<void>
}

export type SimilarOptions = {
  readonly settings: SimilarSettings
  readonly store: SimilarStore
  readonly seal: Seal
  readonly clock: Clock
  readonly log: Log
}

const placeOf = (call: string, scope: string): string => `similar/${scope}/${call}`

const packed = ({ head, pieces }: TakenAnswer): Buffer =>
  Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...pieces])

const unpacked = (plain: Buffer): TakenAnswer => {
  const end = plain.indexOf(newline)
  return {
    head: JSON.parse(plain.toString('utf8', 0, end)) as AnswerHead,
    pieces: [plain.subarray(end + 1)],
  }
}

/** Over a store that is open. */
export const similarAnswers = ({ settings, store, seal, clock, log }: SimilarOptions): SimilarAnswers => {
  const pending = new Set<Promise<void>>()

  const keep = (question: SimilarQuestion, call: string, taken: TakenAnswer): void => {
    if (pending.size >= pendingMax) {
      log.warn('an answer is not kept for similar questions: the store is behind', { call })
      return
    }
    const { scope, vector, lifetimeMs } = question
    const nowMs = clock.nowMs()
    const body = seal.close(placeOf(call, scope), packed(taken))
    const times = { keptMs: nowMs, expiresMs: nowMs + lifetimeMs }
    const kept = store
      .keepSimilar({ call, scope, vector, body, ...times }, similarOfScopeMax)
      .catch((thrown: unknown) => {
        log.warn('an answer could not be kept for similar questions', { call, problem: asProblem(thrown).message })
      })
      .then(() => {
        pending.delete(kept)
      })
    pending.add(kept)
  }

  return {
    settings,
    find: async ({ scope, vector, lifetimeMs }) => {
      const nowMs = clock.nowMs()
      try {
        const found = await store.nearestAnswer({ scope, vector, nowMs, sinceMs: nowMs - lifetimeMs })
        if (found === null || found.similarity < settings.threshold) return null
        const { call, body, keptMs, similarity } = found
        return { answer: { call, keptMs, ...unpacked(seal.open(placeOf(call, scope), body)) }, similarity }
      } catch (thrown) {
        log.warn('answers to similar questions could not be looked for', { problem: asProblem(thrown).message })
        return null
      }
    },
    taker: (question, call) =>
      takeAnswer((taken) => {
        if (taken !== null) keep(question, call, taken)
      }),
    close: async () => {
      await Promise.all(pending)
    },
  }
}
