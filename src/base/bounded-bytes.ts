/** A body read to its end, and no further than it may be long. */

/**
 * All of a body's bytes; `null` = it is longer than `bytesMax`, and is read no further: whoever asked for it lets go of it then.
 * Rejects as the body does.
 */
export const boundedBytes = async (body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer | null> => {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of body) {
    sizeBytes += piece.length
    if (sizeBytes > bytesMax) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
