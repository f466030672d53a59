/** The server's key as bytes. */

const hexadecimal = /^hex:((?:[0-9a-f]{2}){32,})$/i

/** The text itself, or after `hex:` the bytes that it writes: a key that was made as a file has bytes that are no text. */
export const keyBytes = (text: string): Uint8Array => {
  const digits = hexadecimal.exec(text)?.[1]
  return digits === undefined ? Buffer.from(text) : Buffer.from(digits, 'hex')
}
