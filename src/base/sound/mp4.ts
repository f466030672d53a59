/** MP4, M4A, MOV: boxes within boxes, of which `mvhd` says how long it plays (ISO/IEC 14496-12; from memory, held against files that FFmpeg wrote). */

import type { Forward } from './forward.ts'

/** A file of more boxes before that one is none that anybody made. */
const boxesMax = 256

type Box = { readonly name: string; readonly bodyAt: number; readonly endsAt: number }

const boxAt = async (file: Forward, at: number, sizeBytes: number): Promise<Box | null> => {
  const head = await file.bytes(at, 8)
  if (head === null) return null
  const name = head.toString('latin1', 4, 8)
  const length = head.readUInt32BE(0)
  if (length === 0) return { name, bodyAt: at + 8, endsAt: sizeBytes }
  if (length !== 1) return length < 8 ? null : { name, bodyAt: at + 8, endsAt: at + length }
  const long = await file.bytes(at + 8, 8)
  const longBytes = long === null ? 0 : Number(long.readBigUInt64BE(0))
  return longBytes < 16 ? null : { name, bodyAt: at + 16, endsAt: at + longBytes }
}

const durationIn = async (file: Forward, { bodyAt }: Box): Promise<number | null> => {
  const body = await file.bytes(bodyAt, 32)
  if (body === null) return null
  const isLong = body.readUInt8(0) === 1
  const unitsPerSecond = body.readUInt32BE(isLong ? 20 : 12)
  const units = isLong ? Number(body.readBigUInt64BE(24)) : body.readUInt32BE(16)
  // All ones: it is not known. None: the pieces of the file would have to be added up.
  return unitsPerSecond === 0 || units === 0 || (!isLong && units === 0xffff_ffff) ? null : units / unitsPerSecond
}

/** Seconds that it plays; `null` = it does not say. */
export const mp4Seconds = async (file: Forward, sizeBytes: number): Promise<number | null> => {
  let at = 0
  for (let count = 0; count < boxesMax; count += 1) {
    const box = await boxAt(file, at, sizeBytes)
    if (box === null) return null
    if (box.name === 'mvhd') return durationIn(file, box)
    at = box.name === 'moov' ? box.bodyAt : box.endsAt
  }
  return null
}
