/** Files of a ZIP archive in memory: stored or deflated, no encryption, no ZIP64 (APPNOTE 6.3.10, from memory). Bounded. */

import type { Buffer } from 'node:buffer'
import { inflateRawSync } from 'node:zlib'
import { Problem } from '#base/problem.ts'

const filesMax = 100
const fileBytesMax = 256 * 1024 * 1024
const endMark = 0x06054b50
const entryMark = 0x02014b50
const localMark = 0x04034b50

export type ZipFile = { readonly name: Buffer; readonly bytes: Buffer }

const broken = (why: string): Problem =>
  new Problem('upstream_error', { message: `The archive cannot be read: ${why}.` })

const endOf = (archive: Buffer): number => {
  for (let at = archive.length - 22; at >= 0 && at > archive.length - 65_600; at -= 1)
    if (archive.readUInt32LE(at) === endMark) return at
  throw broken('it has no end')
}

const bytesAt = (archive: Buffer, entry: number): Buffer => {
  const method = archive.readUInt16LE(entry + 10)
  const [packed, size] = [archive.readUInt32LE(entry + 20), archive.readUInt32LE(entry + 24)]
  const local = archive.readUInt32LE(entry + 42)
  if (size > fileBytesMax) throw broken('a file in it is too large')
  if (archive.readUInt32LE(local) !== localMark) throw broken('a file in it is not where it should be')
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const bytes = archive.subarray(start, start + packed)
  if (method === 0) return bytes
  if (method === 8) return inflateRawSync(bytes, { maxOutputLength: fileBytesMax })
  throw broken(`method ${method} is not known`)
}

/** @throws Problem `upstream_error`. */
export const filesIn = (archive: Buffer): readonly ZipFile[] => {
  try {
    const end = endOf(archive)
    const count = archive.readUInt16LE(end + 10)
    if (count > filesMax) throw broken('it has too many files')
    let at = archive.readUInt32LE(end + 16)
    const files: ZipFile[] = []
    for (let index = 0; index < count; index += 1) {
      if (archive.readUInt32LE(at) !== entryMark) throw broken('its list is damaged')
      const nameLength = archive.readUInt16LE(at + 28)
      files.push({ name: archive.subarray(at + 46, at + 46 + nameLength), bytes: bytesAt(archive, at) })
      at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
    }
    return files
  } catch (thrown) {
    throw thrown instanceof Problem ? thrown : broken('it is damaged')
  }
}
