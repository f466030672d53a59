/** Redeem codes as text: made, and read as people type them. */

import type { Ids } from '#base/id.ts'

/** Crockford's base 32: no letter looks like a digit. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeBytes = 16
const groupLength = 4
const prefix = 'DRV'

/** `DRV-XXXX-XXXX-XXXX-XXXX`: 80 bits of chance. */
export const makeCode = (ids: Pick<Ids, 'bytes'>): string => {
  const letters = [...ids.bytes(codeBytes)].map((byte) => alphabet.charAt(byte & 31)).join('')
  const groups = letters.match(new RegExp(`.{${groupLength}}`, 'g')) ?? []
  return [prefix, ...groups].join('-')
}

/** The code as it was made, of whatever way it was typed: case, width of letters, blanks and dashes do not count, O is 0, I and L are 1. */
export const normalCode = (text: string): string => {
  const plain = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}\p{Cf}]/gu, '')
  const letters = (plain.startsWith(prefix) ? plain.slice(prefix.length) : plain)
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  return `${prefix}${letters}`
}
