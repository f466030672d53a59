/** MP3: frames one after the other, each of which says its own length (ISO/IEC 11172-3 and 13818-3, layer III; from memory, held against files that FFmpeg wrote). */

import type { Forward } from './forward.ts'

const kbitsOfFirst: readonly number[] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const kbitsOfSecond: readonly number[] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
const ratesOfFirst: readonly number[] = [44_100, 48_000, 32_000]
/** By the two bits of the version: 2.5, none, 2, 1. */
const slowing: readonly number[] = [4, 0, 2, 1]

/** Behind the frames stand titles and pictures at times: of more than this share of the file nobody knows what it is. */
const otherShareMax = 0.25

type MpegFrame = { readonly lengthBytes: number; readonly seconds: number }

const frameOf = (head: number): MpegFrame | null => {
  const slow = slowing[(head >>> 19) & 3] as number
  const rate = ratesOfFirst[(head >>> 10) & 3]
  const kbits = (slow === 1 ? kbitsOfFirst : kbitsOfSecond)[(head >>> 12) & 15] ?? 0
  if (head >>> 21 !== 0x7ff || ((head >>> 17) & 3) !== 1 || slow === 0 || rate === undefined || kbits === 0) return null
  const samples = slow === 1 ? 1_152 : 576
  const padding = (head >>> 9) & 1
  const samplesPerSecond = rate / slow
  return {
    lengthBytes: Math.floor(((samples / 8) * kbits * 1_000) / samplesPerSecond) + padding,
    seconds: samples / samplesPerSecond,
  }
}

/** Seconds that its frames play; `null` = it is not of such frames. `begin`: where they begin in the file. */
export const mpegSeconds = async (
  file: Forward,
  { begin, sizeBytes }: { readonly begin: number; readonly sizeBytes: number },
): Promise<number | null> => {
  let at = begin
  let seconds = 0
  while (true) {
    const head = await file.bytes(at, 4)
    const frame = head === null ? null : frameOf(head.readUInt32BE(0))
    if (frame === null) break
    seconds += frame.seconds
    at += frame.lengthBytes
  }
  return seconds === 0 || sizeBytes - at > (sizeBytes - begin) * otherShareMax ? null : seconds
}
