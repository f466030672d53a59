/** An answer that was kept, delivered behind its head. */

import { Buffer } from 'node:buffer'
import type { Journey } from './journey.ts'

/** Gives the pieces one by one; the record says whether the caller stayed. */
export const deliverPieces = async (
  { draft, exchange: { inbound, outbound } }: Pick<Journey, 'draft' | 'exchange'>,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> => {
  try {
    for await (const piece of pieces) {
      draft.responseBytes += piece.length
      await outbound.write(piece)
    }
    await outbound.end(Buffer.alloc(0))
    draft.end = 'complete'
  } catch (thrown) {
    if (!inbound.signal.aborted) throw thrown
    draft.end = 'left'
    outbound.cut()
  }
}
