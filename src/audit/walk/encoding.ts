/** Bytes as text and back: UTF-8, or UTF-16 where the file begins with its mark. */

type Encoding = 'utf8' | 'utf16le' | 'utf16be'

/** How far bytes are looked through for what is no text. */
const headBytes = 4096

const encodingOf = (bytes: Buffer): Encoding => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf16be' : 'utf8'
}

/** The text, with its mark if it has one; `null` = the bytes are no text. */
export const textOf = (bytes: Buffer): string | null => {
  const encoding = encodingOf(bytes)
  if (encoding === 'utf8') return bytes.subarray(0, headBytes).includes(0) ? null : bytes.toString('utf8')
  const even = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)))
  const text = (encoding === 'utf16be' ? even.swap16() : even).toString('utf16le')
  // UTF-32 begins likewise.
  return text.slice(0, headBytes).includes('\0') ? null : text
}

/** The text in the encoding that the bytes of the file are in. */
export const bytesLike = (file: Buffer, text: string): Buffer => {
  const encoding = encodingOf(file)
  if (encoding === 'utf8') return Buffer.from(text, 'utf8')
  const bytes = Buffer.from(text, 'utf16le')
  return encoding === 'utf16be' ? bytes.swap16() : bytes
}
