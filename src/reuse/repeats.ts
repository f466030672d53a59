/** Calls under an Idempotency-Key: the first one runs, repeats wait for it and get its answer. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Seal } from '#secret/seal.ts'
import type { AnswerHead, Keeper, Waiting } from './keeper.ts'
import { makeKeeper, placeOf } from './keeper.ts'
import type { OwnShares } from './own-shares.ts'
import { isFull, ownShares, roomOf } from './own-shares.ts'
import type { AnswerStore, FoundAnswer } from './port.ts'

const keptForMs = 86_400_000
/** A repeat waits this long for the call that runs, under the minute at which proxies give up. */
const waitMsMax = 55_000
const waitersMax = 10_000
/** A call of another process is asked for again after this. */
const elsewhereEveryMs = 250
/** Bytes that are kept in all; past it calls run under their keys and their answers are not kept. */
const totalBytesMax = 1_073_741_824
/** Keys that are kept in all; past it calls under a key are refused. */
const answersMax = 2_000_000
/** Bytes on their way to the store, over all calls. */
const waitingBytesMax = 67_108_864
const piecesPerReading = 16
const sweepEveryMs = 60_000
/** Rows that one transaction sweeps or resolves, so that calls get their turn in between. */
const sweptAtOnceMax = 200

export type RepeatQuestion = {
  readonly id: string
  readonly asked: string
  readonly call: string
  readonly account: string
  /** Nothing is ever charged for it: such calls take a quarter of the room, so that they cost those nothing who pay. */
  readonly isFree: boolean
  readonly signal: AbortSignal
}

export type Turn =
  /** `release` lets those go on who wait, after the call's books are closed. */
  | { readonly kind: 'first'; readonly keeper: Keeper; readonly unkept: string | null; readonly release: () => void }
  | {
      readonly kind: 'again'
      readonly call: string
      readonly head: AnswerHead
      readonly pieces: () => AsyncIterable<Uint8Array>
    }

export type Repeats = {
  /** @throws Problem `idempotency_key_reused`, `idempotency_in_progress`, `idempotency_not_replayable`, `overloaded`, `store_unavailable`. */
  readonly take: (question: RepeatQuestion) => Promise<Turn>
  /** Keeps the answer to a call that ended without one, because it was not known how it had gone; nothing where its key is not its any more. */
  readonly conclude: (answer: LateAnswer) => Promise<void>
  readonly close: () => Promise<void>
}

export type LateAnswer = {
  readonly id: string
  readonly call: string
  readonly head: AnswerHead
  readonly text: string
}

export type RepeatsOptions = {
  readonly store: AnswerStore
  readonly seal: Seal
  /** Names this process: what another one left running does not run any more. */
  readonly owner: string
  /** How the names of processes begin of which no other can be running; absent = no other process runs at all. */
  readonly ownersOf?: string
  readonly clock: Clock
  readonly log: Log
}

const reused = (call: string): Problem =>
  new Problem('idempotency_key_reused', {
    message: `This Idempotency-Key was used for another request (call ${call}). Send a new key with every new request, and the same key only with the same body.`,
    param: 'Idempotency-Key',
    facts: { call },
  })

const inProgress = (call: string): Problem =>
  new Problem('idempotency_in_progress', {
    message: `Call ${call} under this Idempotency-Key is still running. Repeat later: its answer will be given again, and nothing is charged twice.`,
    param: 'Idempotency-Key',
    retryAfterMs: 2_000,
    facts: { call },
  })

const notReplayable = ({ call, reason }: FoundAnswer): Problem =>
  new Problem('idempotency_not_replayable', {
    message:
      `Call ${call} under this Idempotency-Key has ended, and its answer is not kept: ${reason ?? 'it was not complete'}. It is not run again, so that it is not charged again. ` +
      `GET /v1/generation?id=${call} shows what it cost; send a new key to call anew.`,
    param: 'Idempotency-Key',
    headers: { 'x-should-retry': 'false' },
    facts: { call },
  })

type Running = {
  readonly asked: string
  readonly call: string
  readonly over: Promise<void>
  readonly release: () => void
}

/** Resolves when the call is over, the time is up, or the caller has left. */
const wait = async (
  over: Promise<void>,
  { clock, untilMs, signal }: { readonly clock: Clock; readonly untilMs: number; readonly signal: AbortSignal },
): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const leave = (): void => resolve()
  const cancel = clock.after(Math.max(0, untilMs - clock.monotonicMs()), leave)
  signal.addEventListener('abort', leave, { once: true })
  await Promise.race([over, promise])
  cancel()
  signal.removeEventListener('abort', leave)
}

class RepeatTable implements Repeats {
  readonly #options: RepeatsOptions
  /** Keys whose call runs here, or is being asked for in the store. */
  readonly #running = new Map<string, Running>()
  readonly #shares: OwnShares
  #waiters = 0
  #answers = 0
  #keptBytes = 0
  #waitingBytes = 0
  #closed = false
  #cancel = (): void => {}
  #sweeping = Promise.resolve()

  constructor(options: RepeatsOptions) {
    this.#options = options
    this.#shares = ownShares(options.clock)
  }

  /** Resolves what earlier processes left, and goes on to delete what has had its time. */
  async open(): Promise<void> {
    const { store, owner, ownersOf = '' } = this.#options
    for (let seen = 0; seen < answersMax; ) {
      const count = await store.resolveAnswers({ limit: sweptAtOnceMax, of: { notOwner: owner, ownersOf } })
      seen += count
      if (count < sweptAtOnceMax) break
    }
    const { answers, sizeBytes } = await store.answersTotal()
    this.#answers = answers
    this.#keptBytes = sizeBytes
    this.#plan()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#sweeping
  }

  async take(question: RepeatQuestion): Promise<Turn> {
    const { clock } = this.#options
    const untilMs = clock.monotonicMs() + waitMsMax
    for (;;) {
      question.signal.throwIfAborted()
      const other = this.#running.get(question.id)
      if (other === undefined) {
        const turn = await this.#claim(question, untilMs)
        if (turn !== null) return turn
        continue
      }
      if (other.asked !== question.asked) throw reused(other.call)
      if (!this.#mayWait(untilMs)) throw inProgress(other.call)
      this.#waiters += 1
      await wait(other.over, { clock, untilMs, signal: question.signal })
      this.#waiters -= 1
    }
  }

  async conclude({ id, call, head, text }: LateAnswer): Promise<void> {
    const { store, seal } = this.#options
    const waiting: Waiting = { add: () => true, done: () => {} }
    const kept = (sizeBytes: number): void => {
      this.#keptBytes += sizeBytes
    }
    const keeper = makeKeeper({ id, call, store, seal, waiting, kept, unkept: null })
    keeper.head(head)
    keeper.piece(Buffer.from(text))
    await keeper.end('kept')
  }

  #mayWait(untilMs: number): boolean {
    return this.#waiters < waitersMax && this.#options.clock.monotonicMs() < untilMs
  }

  /** Asks the store, while others wait; `null` = ask anew. */
  async #claim(question: RepeatQuestion, untilMs: number): Promise<Turn | null> {
    const { id, asked, call, account, isFree, signal } = question
    const { store, owner, ownersOf = '', clock } = this.#options
    const own = this.#shares.of(account).answers
    if (isFull(answersMax, { taken: this.#answers, own, isFree }))
      throw new Problem('overloaded', {
        message:
          this.#answers >= roomOf(answersMax, isFree)
            ? `${roomOf(answersMax, isFree)} Idempotency-Keys are kept already. Repeat later, or without a key.`
            : `${own} Idempotency-Keys of this account are kept already, and the rest of the room is for others. Repeat later, or without a key.`,
        retryAfterMs: sweepEveryMs,
      })
    const { promise, resolve } = Promise.withResolvers<void>()
    const release = (): void => {
      this.#running.delete(id)
      resolve()
    }
    this.#running.set(id, { asked, call, over: promise, release })
    let isFirst = false
    try {
      const ask = () => {
        const nowMs = clock.nowMs()
        return store.claimAnswer({ id, asked, call, owner, nowMs, expiresMs: nowMs + keptForMs })
      }
      let found = await ask()
      if (found.state === 'running') {
        // No call of this process: one that could not be ended in the store, or another process's.
        await store.resolveAnswers({ limit: 1, of: { id, call: found.call, ownersOf } })
        found = await ask()
      }
      // Another process's call tells nobody here when it is over: the store is asked.
      const isElsewhere = ownersOf !== ''
      while (isElsewhere && found.state === 'running' && found.asked === asked && !signal.aborted) {
        if (!this.#mayWait(untilMs)) break
        this.#waiters += 1
        await wait(Promise.withResolvers<void>().promise, {
          clock,
          untilMs: Math.min(untilMs, clock.monotonicMs() + elsewhereEveryMs),
          signal,
        })
        this.#waiters -= 1
        found = await ask()
      }
      isFirst = found.state === 'first'
      if (found.state === 'first') return this.#first(question, release)
      if (found.asked !== asked) throw reused(found.call)
      if (found.state === 'running') throw inProgress(found.call)
      if (found.state === 'ended') throw notReplayable(found)
      return this.#again(id, found)
    } finally {
      if (!isFirst) release()
    }
  }

  #first({ id, call, account, isFree }: RepeatQuestion, release: () => void): Turn {
    const { store, seal, clock } = this.#options
    const claimedMs = clock.nowMs()
    this.#answers += 1
    const own = this.#shares.of(account).sizeBytes
    this.#shares.add(account, { answers: 1 }, claimedMs)
    const isRoomFull = isFull(totalBytesMax, { taken: this.#keptBytes, own, isFree })
    const unkept = isRoomFull ? 'the room for kept answers is full' : null
    const waiting: Waiting = {
      add: (sizeBytes) => {
        if (this.#waitingBytes + sizeBytes > waitingBytesMax) return false
        this.#waitingBytes += sizeBytes
        return true
      },
      done: (sizeBytes) => {
        this.#waitingBytes -= sizeBytes
      },
    }
    const kept = (sizeBytes: number): void => {
      this.#keptBytes += sizeBytes
      this.#shares.add(account, { sizeBytes }, claimedMs)
    }
    const keeper = makeKeeper({ id, call, store, seal, waiting, kept, unkept })
    const end: Keeper['end'] = async (outcome) => {
      await keeper.end(outcome)
      if (outcome !== 'free') return
      this.#answers -= 1
      this.#shares.add(account, { answers: -1 }, claimedMs)
    }
    return { kind: 'first', keeper: { ...keeper, end }, unkept, release }
  }

  #again(id: string, found: FoundAnswer): Turn {
    const { store, seal } = this.#options
    const { call } = found
    const opened = seal.open(placeOf(id, call, 'head'), found.head ?? new Uint8Array())
    const { pieces, ...head } = JSON.parse(opened.toString('utf8')) as AnswerHead & { readonly pieces: number }
    async function* read(): AsyncGenerator<Uint8Array> {
      for (let from = 0; from < pieces; ) {
        const some = await store.answerPieces({ id, call, from, limit: piecesPerReading })
        if (some.length === 0) throw notReplayable({ ...found, reason: 'it has just had its time' })
        for (const { place, bytes } of some) yield seal.open(placeOf(id, call, place), bytes)
        from += some.length
      }
    }
    return { kind: 'again', call, head, pieces: read }
  }

  #plan(): void {
    if (this.#closed) return
    this.#cancel = this.#options.clock.after(sweepEveryMs, () => {
      this.#sweeping = this.#sweep()
    })
  }

  async #sweep(): Promise<void> {
    const { store, clock, log } = this.#options
    this.#shares.sweep()
    try {
      for (let swept = 0; swept < answersMax && !this.#closed; swept += sweptAtOnceMax) {
        const { answers, sizeBytes } = await store.sweepAnswers(clock.nowMs(), sweptAtOnceMax)
        this.#answers -= answers
        this.#keptBytes -= sizeBytes
        if (answers < sweptAtOnceMax) break
      }
    } catch (thrown) {
      log.warn('kept answers could not be swept', { problem: asProblem(thrown).message })
    }
    this.#plan()
  }
}

/** Opens the table of keys. Rejects with what the store says. */
export const openRepeats = async (options: RepeatsOptions): Promise<Repeats> => {
  const table = new RepeatTable(options)
  await table.open()
  return table
}
