/** The answer of one call on its way into the store, in pieces, so that a long one costs little memory. */

import { Buffer } from 'node:buffer'
import type { Seal } from '#secret/seal.ts'
import type { AnswerStore } from './port.ts'

/** Bytes that are gathered before they go to the store. */
const pieceBytes = 65_536
/** A larger answer is not kept: a repeat is told so. */
export const answerBytesMax = 8_388_608

/** How a call ended, for its key. `free`: nothing was charged. */
export type Outcome = 'kept' | 'ended' | 'free'

export type AnswerHead = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** Bytes of answers that wait for the store, over all calls. */
export type Waiting = { readonly add: (sizeBytes: number) => boolean; readonly done: (sizeBytes: number) => void }

export type Keeper = {
  readonly head: (head: AnswerHead) => void
  readonly piece: (bytes: Uint8Array) => void
  /** Rejects with what the store says; the row is then resolved by what the books say of its call. */
  readonly end: (outcome: Outcome) => Promise<void>
}

export type KeeperOptions = {
  readonly id: string
  readonly call: string
  readonly store: AnswerStore
  readonly seal: Seal
  readonly waiting: Waiting
  /** Told of the bytes that the store has taken, and below zero of those that it has given back. */
  readonly kept: (sizeBytes: number) => void
  /** Why nothing is kept, from the beginning; `null` = it is. */
  readonly unkept: string | null
}

/** Where a piece is sealed for: neither another answer's nor another place's piece can stand in for it. */
export const placeOf = (id: string, call: string, place: number | 'head'): string => `${id}/${call}/${place}`

export const makeKeeper = (options: KeeperOptions): Keeper => {
  const { id, call, store, seal, waiting, kept } = options
  let unkept = options.unkept
  let head: AnswerHead | null = null
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let sizeBytes = 0
  let pieces = 0
  let keptBytes = 0
  let written: Promise<unknown> = Promise.resolve()

  const giveUp = (why: string): void => {
    unkept ??= why
    gathered = []
    gatheredBytes = 0
  }
  const flush = (): void => {
    if (gatheredBytes === 0) return
    const place = pieces
    const plain = Buffer.concat(gathered)
    gathered = []
    gatheredBytes = 0
    pieces += 1
    if (!waiting.add(plain.length)) {
      giveUp('the store was behind')
      return
    }
    const bytes = seal.close(placeOf(id, call, place), plain)
    const taken = store.keepPiece({ id, call, place, bytes }).then(
      () => {
        keptBytes += bytes.length
        kept(bytes.length)
      },
      () => giveUp('the store did not take it'),
    )
    written = Promise.all([written, taken.finally(() => waiting.done(plain.length))])
  }
  return {
    head: (given) => {
      head = given
    },
    piece: (bytes) => {
      if (unkept !== null) return
      sizeBytes += bytes.length
      if (sizeBytes > answerBytesMax) {
        giveUp(`it is larger than ${answerBytesMax} bytes`)
        return
      }
      gathered.push(bytes)
      gatheredBytes += bytes.length
      if (gatheredBytes >= pieceBytes) flush()
    },
    end: async (outcome) => {
      if (outcome === 'kept') flush()
      await written
      if (outcome === 'kept' && unkept === null && head !== null) {
        const sealed = seal.close(placeOf(id, call, 'head'), Buffer.from(JSON.stringify({ ...head, pieces })))
        return store.endAnswer({ id, call, state: 'kept', head: sealed, sizeBytes: keptBytes })
      }
      kept(-keptBytes)
      if (outcome === 'free') return store.endAnswer({ id, call, state: 'free' })
      return store.endAnswer({ id, call, state: 'ended', reason: unkept ?? 'it was not complete' })
    },
  }
}
