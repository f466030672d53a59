/** A file's bytes, read forward only: what lies before the last question is let go. */

import { Buffer } from 'node:buffer'

export type Forward = {
  /** These bytes, at or behind the last offset that was asked for; `null` = the file ends before. */
  readonly bytes: (offset: number, length: number) => Promise<Buffer | null>
  /** Nothing more is asked for: the file may be closed. */
  readonly close: () => Promise<void>
}

/** Reads a file that comes in pieces. */
export const forward = (pieces: AsyncIterable<Buffer>): Forward => {
  const source = pieces[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  let heldAt = 0
  let ended = false
  const more = async (): Promise<void> => {
    const step = await source.next()
    if (step.done === true) ended = true
    else held = held.length === 0 ? step.value : Buffer.concat([held, step.value])
  }
  const dropBefore = (offset: number): void => {
    const dropped = Math.min(held.length, offset - heldAt)
    held = held.subarray(dropped)
    heldAt += dropped
  }
  return {
    bytes: async (offset, length) => {
      dropBefore(offset)
      while (heldAt + held.length < offset + length) {
        if (ended) return null
        await more()
        dropBefore(offset)
      }
      return held.subarray(offset - heldAt, offset - heldAt + length)
    },
    close: async () => {
      await source.return?.()
    },
  }
}
