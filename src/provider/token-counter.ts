/** Tokens of a text in o200k, counted in a thread of its own: for the sandbox, and for estimates where a provider reports nothing. */

import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { TokenAnswer, TokenJob, TokenWorkerSettings } from './token-worker.ts'

/**
 * Of the thread that counts. Nobody waits for its collections, and what V8 once has for young objects it keeps: with the bounds of the whole
 * process, five hundred texts at once left it 50 MiB larger.
 */
const maxYoungGenerationSizeMb = 3
/** One message to the thread holds no more than this; a longer text goes in pieces, one after the other. */
const pieceCharactersMax = 262_144
/** How far back from the end of a piece a blank is looked for, at which a cut costs nothing. */
const blankSearchCharactersMax = 1_024

/** A thread that has had nothing to count for so long ends: it takes 25 MiB, and a tenth of a second to be started again. */
const idleMs = 60_000

/** The thread that counts: `token-worker.ts` in a checkout, its bundle in the package. */
export const tokenWorkerUrl = new URL('./token-worker.ts', import.meta.url)

export type TokenCounterOptions = {
  /** The worker's file: the published bundle keeps it apart. */
  readonly workerUrl: URL
  /** `assets/tokens/o200k_base.br` of the package. */
  readonly vocabularyUrl: URL
  readonly clock: Clock
  /** Texts that may wait at once. */
  readonly jobsMax?: number
  /** Characters (UTF-16 units) that may wait at once. */
  readonly waitingCharactersMax?: number
}

export type TokenCounter = {
  /**
   * Exact for texts up to 256 Ki characters without overlong words, and never off by more than the number of cuts.
   * Rejects with Problem `overloaded` when too much waits, or `internal_error` when the thread fails or is closed.
   */
  readonly count: (text: string) => Promise<number>
  /** Ends the thread; what still waits is rejected. */
  readonly close: () => Promise<void>
}

type Waiting = { readonly resolve: (tokens: number) => void; readonly reject: (problem: Problem) => void }

const failure = (cause?: unknown): Problem =>
  new Problem('internal_error', {
    message: 'Drover could not count tokens.',
    ...(cause === undefined ? {} : { cause }),
  })

/** Where the piece that begins at `from` ends: before a blank where there is one, never inside of a character. */
const pieceEnd = (text: string, from: number): number => {
  const end = from + pieceCharactersMax
  if (end >= text.length) return text.length
  for (let at = end; at > end - blankSearchCharactersMax; at -= 1) if (/\s/.test(text.charAt(at))) return at
  const isInside = /[\uDC00-\uDFFF]/.test(text.charAt(end))
  return isInside ? end - 1 : end
}

type CountingThread = {
  /** Of one piece. Rejects with Problem `internal_error` when the thread fails or is closed. */
  readonly count: (text: string) => Promise<number>
  readonly close: () => Promise<void>
}

/** Started by the first count, and again by the first after a pause. It does not keep the process alive while nothing waits. */
const countingThread = ({ workerUrl, vocabularyUrl, clock }: TokenCounterOptions): CountingThread => {
  const settings: TokenWorkerSettings = { vocabularyFile: fileURLToPath(vocabularyUrl) }
  const waiting = new Map<number, Waiting>()
  let worker: Worker | null = null
  let isClosed = false
  let lastId = 0
  let lastMs = 0
  let cancelLook: (() => void) | null = null
  let ended: Promise<unknown> = Promise.resolve()

  const fail = (failed: Worker, cause?: unknown): void => {
    if (worker !== failed) return
    worker = null
    const lost = [...waiting.values()]
    waiting.clear()
    for (const { reject } of lost) reject(failure(cause))
  }
  const end = (): void => {
    const ending = worker
    if (ending === null) return
    fail(ending)
    ended = ending.terminate()
  }
  /** One timer looks at a moving time: texts that are counted in passing cost none. */
  const endWhenIdle = (afterMs = idleMs): void => {
    cancelLook ??= clock.after(afterMs, () => {
      cancelLook = null
      const leftMs = lastMs + idleMs - clock.monotonicMs()
      if (waiting.size > 0) return
      if (leftMs > 0) endWhenIdle(leftMs)
      else end()
    })
  }
  const start = (): Worker => {
    const started = new Worker(workerUrl, { workerData: settings, resourceLimits: { maxYoungGenerationSizeMb } })
    started.on('message', ({ id, tokens }: TokenAnswer) => {
      waiting.get(id)?.resolve(tokens)
      waiting.delete(id)
      if (waiting.size > 0) return
      started.unref()
      lastMs = clock.monotonicMs()
      endWhenIdle()
    })
    started.on('error', (error) => fail(started, error))
    started.on('exit', () => fail(started))
    return started
  }

  return {
    count: (text) => {
      if (isClosed) return Promise.reject(failure())
      worker ??= start()
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      lastId += 1
      waiting.set(lastId, { resolve, reject })
      worker.ref()
      worker.postMessage({ id: lastId, text } satisfies TokenJob)
      return promise
    },
    close: async () => {
      isClosed = true
      cancelLook?.()
      end()
      await ended
    },
  }
}

/** Counts in pieces, within the bounds of what may wait. */
export const tokenCounter = (options: TokenCounterOptions): TokenCounter => {
  const { jobsMax = 1_024, waitingCharactersMax = 134_217_728 } = options
  const thread = countingThread(options)
  let jobs = 0
  let waitingCharacters = 0

  const countPieces = async (text: string): Promise<number> => {
    let tokens = 0
    for (let from = 0; from < text.length; ) {
      const end = pieceEnd(text, from)
      tokens += await thread.count(text.slice(from, end))
      from = end
    }
    return tokens
  }

  return {
    count: async (text) => {
      if (text === '') return 0
      if (jobs >= jobsMax || waitingCharacters + text.length > waitingCharactersMax)
        throw new Problem('overloaded', {
          message: 'Too many texts wait to be counted in tokens.',
          retryAfterMs: 1_000,
        })
      jobs += 1
      waitingCharacters += text.length
      try {
        return await countPieces(text)
      } finally {
        jobs -= 1
        waitingCharacters -= text.length
      }
    },
    close: thread.close,
  }
}
