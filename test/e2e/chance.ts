/** Chance that is the same each time: the seed decides. */

/** A generator of numbers from 0 (inclusive) to 1 (exclusive): Marsaglia's xorshift on 32 bits. */
export function makeChance(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 88_675_123) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}

const pieceBytesMax = 400

/** Lengths that cut so many bytes at places decided by the seed, most of them inside an event. */
export function chunkLengths(totalBytes: number, seed: number): readonly number[] {
  const chance = makeChance(seed)
  const lengths: number[] = []
  for (let taken = 0; taken < totalBytes; ) {
    const length = 1 + Math.floor(chance() ** 2 * pieceBytesMax)
    lengths.push(length)
    taken += length
  }
  return lengths
}
