/** How long a file of sound plays, by what the file says of itself: nothing is decoded. */

import type { Buffer } from 'node:buffer'
import { flacSeconds } from './flac.ts'
import type { Forward } from './forward.ts'
import { forward } from './forward.ts'
import { mp4Seconds } from './mp4.ts'
import { mpegSeconds } from './mpeg.ts'
import { oggSeconds } from './ogg.ts'
import { waveSeconds } from './wave.ts'

/** The least that a second of sound takes: below the lowest rate of any codec for speech. What claims to last longer is not believed. */
export const soundBytesPerSecondMin = 500
/** The most: eight channels of 32 bits at 192 kHz. What claims to be shorter is not believed. */
const soundBytesPerSecondMax = 6_144_000

export type SoundFile = {
  readonly sizeBytes: number
  /** Reads it from its beginning. */
  readonly open: () => AsyncIterable<Buffer>
}

/** Where the sound begins behind a title in front of it (ID3v2, from memory). */
const behindTitle = async (file: Forward): Promise<number> => {
  const head = await file.bytes(0, 10)
  if (head === null || head.toString('latin1', 0, 3) !== 'ID3') return 0
  const length = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + (head.readUInt8(at) & 0x7f), 0)
  return 10 + length + ((head.readUInt8(5) & 0x10) === 0 ? 0 : 10)
}

const statedSeconds = async (file: Forward, sizeBytes: number): Promise<number | null> => {
  const head = await file.bytes(0, 12)
  if (head === null) return null
  const mark = head.toString('latin1', 0, 4)
  if (mark === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE') return waveSeconds(file, sizeBytes)
  if (mark === 'OggS') return oggSeconds(file)
  if (head.toString('latin1', 4, 8) === 'ftyp') return mp4Seconds(file, sizeBytes)
  const begin = await behindTitle(file)
  const first = await file.bytes(begin, 4)
  return first?.toString('latin1') === 'fLaC' ? flacSeconds(file, begin) : mpegSeconds(file, { begin, sizeBytes })
}

/**
 * Seconds that a file plays: WAV, FLAC, MP3, Ogg (Opus, Vorbis) and MP4. `null` = it is of another kind, does not say, or says what cannot
 * be. It is read once at most, and never kept.
 */
export const soundSeconds = async ({ sizeBytes, open }: SoundFile): Promise<number | null> => {
  const file = forward(open())
  const seconds = await statedSeconds(file, sizeBytes).finally(file.close)
  if (seconds === null || !(seconds > 0)) return null
  const isLikely = seconds <= sizeBytes / soundBytesPerSecondMin && seconds >= sizeBytes / soundBytesPerSecondMax
  return isLikely ? seconds : null
}
