/**
 * A hold while its stream runs: what delivered text proves is noted at intervals, so that a crash charges it and no more; a hold
 * that was taken in slices grows ahead of delivery, and ends the answer where it can grow no further.
 */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { CallBooks } from '#ledger/port.ts'
import type { Part } from '#protocol/part.ts'
import type { Frame } from '#protocol/protocol.ts'
import { deliveredText } from './meter.ts'

/** What a crash may lose of a charge: text that was delivered within this time, */
const proofEveryMs = 2_000
/** or less than so much of it for so long: thousands of slow streams would else note a word each, and that costs more than the words. */
const proofBytesMin = 256
const proofLatestMs = 16_000
/** Output tokens that a hold grows by, where the account's plan does not say. */
export const sliceTokensDefault = 1_024
/** A hold grows when less than this is left of it, or half of a slice. */
const aheadTokensMax = 512
/** Bytes of text to a token, at least, in the languages that models are fed with: what is not counted yet is estimated so. */
const bytesPerTokenMin = 3

/** Text that waits to be counted, of one answer; what comes while so much waits is estimated for good, and proves nothing. */
const waitingBytesMax = 65_536

/** How a hold was taken in slices. */
export type Slices = {
  /** The output in all that an amount pays for, in tokens; `null` = the output costs nothing. */
  readonly outputTokensFor: (amountNanoUsd: bigint) => number | null
  readonly sliceNanoUsd: bigint
  readonly sliceTokens: number
  /** What the whole answer can cost: no hold grows beyond it. */
  readonly wholeNanoUsd: bigint
}

export type RunningHold = {
  /** Told of every part that is delivered. */
  readonly see: (part: Part) => void
  /** How many of these frames the hold covers, from the first one; `null` = it covers any answer. */
  readonly ration: ((frames: readonly Frame[]) => Promise<number> | number) | null
  /** Ends the notes, waits for what is under way, and gives what is held in the end. */
  readonly stop: () => Promise<bigint>
}

export type RunningHoldOptions = {
  readonly call: string
  readonly account: string
  readonly books: Pick<CallBooks, 'extend'>
  readonly clock: Clock
  readonly log: Log
  readonly countTokens: (text: string) => Promise<number>
  /** What output of this many tokens costs with what is known of the input. */
  readonly costOf: (outputTokens: number) => Promise<bigint | null>
  readonly heldNanoUsd: bigint
  /** `null` = the whole answer is held for. */
  readonly slices: Slices | null
}

/** Tokens of delivered text: counted as far as has been asked, estimated beyond. */
class Tally {
  readonly #countTokens: RunningHoldOptions['countTokens']
  #counted = 0
  #tail: string[] = []
  #tailBytes = 0
  #countingBytes = 0
  /** Of text that came while too much waited. */
  #passedBytes = 0
  #counting: Promise<void> = Promise.resolve()

  constructor(countTokens: RunningHoldOptions['countTokens']) {
    this.#countTokens = countTokens
  }

  see(text: string): void {
    const bytes = Buffer.byteLength(text)
    if (this.#tailBytes + this.#countingBytes + bytes > waitingBytesMax) {
      this.#passedBytes += bytes
      return
    }
    this.#tail.push(text)
    this.#tailBytes += bytes
  }

  /** Delivered since it was last counted. */
  uncountedBytes(): number {
    return this.#tailBytes
  }

  isCounted(): boolean {
    return this.#tailBytes + this.#countingBytes === 0
  }

  /** Not less than was delivered, as a rule. */
  estimate(): number {
    return this.#counted + Math.ceil((this.#tailBytes + this.#countingBytes + this.#passedBytes) / bytesPerTokenMin)
  }

  /** Counts what has been seen by now. */
  async count(): Promise<number> {
    const text = this.#tail.join('')
    const bytes = this.#tailBytes
    this.#tail = []
    this.#tailBytes = 0
    this.#countingBytes += bytes
    const before = this.#counting
    const mine = async (): Promise<void> => {
      await before
      if (text !== '') this.#counted += await this.#countTokens(text)
      this.#countingBytes -= bytes
    }
    this.#counting = mine()
    await this.#counting
    return this.#counted
  }
}

const textOf = (frames: readonly Frame[]): string =>
  frames.map(({ parts }) => parts.map(deliveredText).join('')).join('')

class Running {
  readonly #options: RunningHoldOptions
  readonly #tally: Tally
  #heldNanoUsd: bigint
  #growing: Promise<void> | null = null
  #isSpent = false
  #cancel: (() => void) | null = null
  #noting: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: RunningHoldOptions) {
    this.#options = options
    this.#tally = new Tally(options.countTokens)
    this.#heldNanoUsd = options.heldNanoUsd
  }

  see(part: Part): void {
    const text = deliveredText(part)
    if (text === '' || this.#stopped) return
    this.#tally.see(text)
    if (this.#cancel === null) this.#noteWithin(proofLatestMs)
  }

  /** Looks at what has been delivered when it may be noted, until that is enough or has waited for as long as it may. */
  #noteWithin(latestMs: number): void {
    this.#cancel = this.#options.clock.after(proofEveryMs, () => {
      this.#cancel = null
      const leftMs = latestMs - proofEveryMs
      if (leftMs > 0 && this.#tally.uncountedBytes() < proofBytesMin) this.#noteWithin(leftMs)
      else this.#noting = this.#note()
    })
  }

  async stop(): Promise<bigint> {
    this.#stopped = true
    this.#cancel?.()
    await this.#noting
    await this.#growing
    return this.#heldNanoUsd
  }

  async #note(): Promise<void> {
    const { books, log, call } = this.#options
    try {
      if (this.#growing !== null || this.#stopped) return
      await books.extend({ ...(await this.#proof()), addNanoUsd: 0n, addMinNanoUsd: 0n })
    } catch (thrown) {
      log.debug('what a stream has proven could not be noted', { call, problem: asProblem(thrown).code })
    }
  }

  async #proof() {
    const { call, account, clock, costOf } = this.#options
    const provenNanoUsd = await costOf(await this.#tally.count())
    return { call, account, nowMs: clock.nowMs(), expiresMs: null, begun: true, provenNanoUsd }
  }

  #heldTokens({ outputTokensFor, wholeNanoUsd }: Slices): number {
    if (this.#heldNanoUsd >= wholeNanoUsd) return Number.POSITIVE_INFINITY
    return outputTokensFor(this.#heldNanoUsd) ?? Number.POSITIVE_INFINITY
  }

  /** Holds one slice more, or what there is of it. */
  async #grow({ sliceNanoUsd, wholeNanoUsd }: Slices): Promise<void> {
    const { books, log, call } = this.#options
    const left = wholeNanoUsd - this.#heldNanoUsd
    const addNanoUsd = sliceNanoUsd < left ? sliceNanoUsd : left
    try {
      const held = await books.extend({ ...(await this.#proof()), addNanoUsd, addMinNanoUsd: 1n })
      if (held.ok) this.#heldNanoUsd = held.amountNanoUsd
      this.#isSpent = !held.ok
    } catch (thrown) {
      // Money that cannot be held is not given away: the answer ends where what is held ends.
      this.#isSpent = true
      log.warn('a hold could not be extended', { call, problem: asProblem(thrown).message })
    } finally {
      this.#growing = null
    }
  }

  ration(frames: readonly Frame[], slices: Slices): Promise<number> | number {
    const text = textOf(frames)
    if (text === '') return frames.length
    const estimated = Math.ceil(Buffer.byteLength(text) / bytesPerTokenMin)
    return this.#covers(estimated, slices) ? frames.length : this.#covered(frames, estimated, slices)
  }

  /** Whether what is held covers so much more; begins to hold more where that comes near its end. */
  #covers(estimatedTokens: number, slices: Slices): boolean {
    const left = this.#heldTokens(slices) - this.#tally.estimate() - estimatedTokens
    if (left < Math.min(aheadTokensMax, slices.sliceTokens / 2) && !this.#isSpent) this.#growing ??= this.#grow(slices)
    return left >= 0
  }

  /** Waits for what would cover them: more that is held, or a count in the place of an estimate. */
  async #covered(frames: readonly Frame[], estimatedTokens: number, slices: Slices): Promise<number> {
    do {
      if (this.#growing !== null) await this.#growing
      else if (this.#tally.isCounted()) return this.#fitting(frames, slices)
      else await this.#tally.count()
    } while (!this.#covers(estimatedTokens, slices))
    return frames.length
  }

  /** With everything counted: how many frames the last of the money covers. */
  async #fitting(frames: readonly Frame[], slices: Slices): Promise<number> {
    let left = this.#heldTokens(slices) - this.#tally.estimate()
    for (const [place, frame] of frames.entries()) {
      left -= await this.#options.countTokens(textOf([frame]))
      if (left < 0) return place
    }
    return frames.length
  }
}

/** Begins with the first part of a stream whose account or key pays by price. */
export const runningHold = (options: RunningHoldOptions): RunningHold => {
  const running = new Running(options)
  const { slices } = options
  return {
    see: (part) => running.see(part),
    ration: slices === null ? null : (frames) => running.ration(frames, slices),
    stop: () => running.stop(),
  }
}
