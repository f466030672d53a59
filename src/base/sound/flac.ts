/** FLAC: its first block says how many samples there are (RFC 9639 section 8.2, from memory, held against files that FFmpeg wrote). */

import type { Forward } from './forward.ts'

/** Seconds that it plays; `null` = its writer did not know. `begin`: where the stream begins in the file. */
export const flacSeconds = async (file: Forward, begin: number): Promise<number | null> => {
  const block = await file.bytes(begin + 4, 22)
  if (block === null || (block.readUInt8(0) & 0x7f) !== 0) return null
  const facts = block.readBigUInt64BE(14)
  const rate = Number(facts >> 44n)
  const samples = Number(facts & 0xf_ffff_ffffn)
  return rate === 0 || samples === 0 ? null : samples / rate
}
