/** WAV: chunks, of which one says how fast the other plays (RIFF; from memory, held against files that FFmpeg wrote). */

import type { Forward } from './forward.ts'

/** A file of more chunks before its sound is none that anybody made. */
const chunksMax = 256

/** Formats of which every sample is one block: PCM, floats, A-law, µ-law, and those that say more. */
const sampled: readonly number[] = [1, 3, 6, 7, 0xfffe]

/** Seconds that it plays; `null` = it does not say. A recorder that was never ended leaves no length: then all that is there is sound. */
export const waveSeconds = async (file: Forward, sizeBytes: number): Promise<number | null> => {
  let bytesPerSecond = 0
  let at = 12
  for (let chunk = 0; chunk < chunksMax; chunk += 1) {
    const head = await file.bytes(at, 8)
    if (head === null) return null
    const name = head.toString('latin1', 0, 4)
    const length = head.readUInt32LE(4)
    if (name === 'fmt ') {
      const format = await file.bytes(at + 8, 16)
      if (format === null) return null
      bytesPerSecond = sampled.includes(format.readUInt16LE(0))
        ? format.readUInt32LE(4) * format.readUInt16LE(12)
        : format.readUInt32LE(8)
    }
    if (name === 'data') {
      const there = sizeBytes - at - 8
      return bytesPerSecond === 0 ? null : (length === 0 ? there : Math.min(length, there)) / bytesPerSecond
    }
    at += 8 + length + (length % 2)
  }
  return null
}
