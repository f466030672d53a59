/** How many bytes of a body a model can read as text: images, files and sound lie in it as base64 and are counted by the piece. */

import type { Buffer } from 'node:buffer'

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
/** Shorter strings count as text: nothing is gained by leaving them out. */
const mediaBytesMin = 256

/** Keys whose string may be a medium. A text under another key is always counted, whatever it looks like. */
const mediaKeys = new Set(['url', 'image_url', 'data', 'file_data', 'b64_json', 'image'])

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d

/** Base64 and data URLs have no escapes but `\/`, so a medium ends at the next quote. */
const isMedium = (text: string): boolean => /^(?:data:[\w.+/;=,-]{1,200})?[\w+/=\\-]*$/.test(text)

/** The key that a string value at `open` belongs to; `null` = it is no member's value. */
const keyBefore = (source: Buffer, open: number): string | null => {
  let at = open - 1
  while (isBlank(source[at])) at -= 1
  if (source[at] !== colon) return null
  at -= 1
  while (isBlank(source[at])) at -= 1
  if (source[at] !== quote) return null
  const start = source.lastIndexOf(quote, at - 1)
  return start === -1 || source[start - 1] === backslash ? null : source.toString('utf8', start + 1, at)
}

/** Bytes of the medium whose string begins at `open`; 0 = it is text. */
const mediumBytes = (source: Buffer, open: number): number => {
  if (!mediaKeys.has(keyBefore(source, open) ?? '')) return 0
  const close = source.indexOf(quote, open + 1)
  if (close === -1 || close - open < mediaBytesMin || source[close - 1] === backslash) return 0
  return isMedium(source.toString('latin1', open + 1, close)) ? close - open - 1 : 0
}

/** Whole-word search for members that hold media: `"data": "…"`, and anything that begins `"data:`. */
const marks: readonly string[] = ['"data:', '"data"', '"file_data"', '"b64_json"']

/**
 * The bytes of a JSON body without its media: an upper bound of the tokens of its text. Linear in the body's size; where `names`, the
 * body's `TopLevel.names`, tell of no medium, nothing else is looked at.
 */
export const textBytes = (source: Buffer, names?: string): number => {
  if (names !== undefined && !marks.some((mark) => names.includes(mark))) return source.length
  const counted = new Set<number>()
  let bytes = source.length
  for (const mark of marks) {
    for (let at = source.indexOf(mark); at !== -1; at = source.indexOf(mark, at + mark.length)) {
      let open = at
      if (mark.endsWith('"')) {
        open = at + mark.length
        while (isBlank(source[open]) || source[open] === colon) open += 1
      }
      if (source[open] !== quote || counted.has(open)) continue
      counted.add(open)
      bytes -= mediumBytes(source, open)
    }
  }
  return bytes
}
