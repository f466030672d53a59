/** Ogg with Opus or Vorbis: every page says how far it plays (RFC 3533, RFC 7845, Vorbis I; from memory, held against files that FFmpeg and libsndfile wrote). */

import type { Buffer } from 'node:buffer'
import type { Forward } from './forward.ts'

const headBytes = 27
/** No page plays longer: a first one that ends later begins a recording in its middle. */
const pageSecondsMax = 31
/** A page on which no packet ends says nothing. */
const nothingEnds = 0xffff_ffff_ffff_ffffn

type Codec = { readonly rate: number; readonly skippedSamples: number }

/** What the first packet says. */
const codecOf = (packet: Buffer): Codec | null => {
  if (packet.toString('latin1', 0, 8) === 'OpusHead') return { rate: 48_000, skippedSamples: packet.readUInt16LE(10) }
  if (packet.toString('latin1', 0, 7) === '\x01vorbis') return { rate: packet.readUInt32LE(12), skippedSamples: 0 }
  return null
}

type Page = { readonly serial: number; readonly granule: bigint; readonly bodyAt: number; readonly endsAt: number }

const pageAt = async (file: Forward, at: number): Promise<Page | null> => {
  const head = await file.bytes(at, headBytes)
  if (head === null || head.toString('latin1', 0, 4) !== 'OggS') return null
  const serial = head.readUInt32LE(14)
  const granule = head.readBigUInt64LE(6)
  const segments = head.readUInt8(26)
  const lengths = await file.bytes(at + headBytes, segments)
  if (lengths === null) return null
  const bodyAt = at + headBytes + segments
  return { serial, granule, bodyAt, endsAt: lengths.reduce((sum, length) => sum + length, bodyAt) }
}

/** Seconds that it plays; `null` = it is of another codec, or says nothing. */
export const oggSeconds = async (file: Forward): Promise<number | null> => {
  const first = await pageAt(file, 0)
  const packet = first === null ? null : await file.bytes(first.bodyAt, 16)
  const codec = packet === null ? null : codecOf(packet)
  if (first === null || codec === null || codec.rate === 0) return null
  let begin: number | null = null
  let end: number | null = null
  for (let page = await pageAt(file, first.endsAt); page !== null; page = await pageAt(file, page.endsAt)) {
    if (page.serial !== first.serial || page.granule === nothingEnds || page.granule === 0n) continue
    end = Number(page.granule) / codec.rate
    begin ??= end > pageSecondsMax ? end : codec.skippedSamples / codec.rate
  }
  return begin === null || end === null || end <= begin ? null : end - begin
}
