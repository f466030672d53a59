/** JSON as bytes: what the relay needs of a body is read where it lies, and what must change is spliced, so that all else keeps its bytes. */

import { Buffer, isUtf8 } from 'node:buffer'
import { Problem } from './problem.ts'

/** One `"key": value` of the top level; offsets into the source, ends exclusive, quotes of the key included. */
export type Member = {
  /** Decoded: escapes are resolved. */
  readonly key: string
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** The top level of one JSON object in bytes. `open` and `close` are the offsets of its braces. */
export type TopLevel = {
  readonly source: Buffer
  /** In order, duplicate keys included: the last one counts, as in JSON.parse. */
  readonly members: readonly Member[]
  readonly open: number
  readonly close: number
  /**
   * The document as text, one character for each byte, with no more than the beginning of each long string: enough to look for names in,
   * so that a prompt is not gone through for each thing that it does not say. Made when it is first asked for.
   */
  readonly names: () => string
  /** Lets go of that text: it takes a kilobyte of each message, and is made anew where it is asked for again. */
  readonly forget: () => void
}

/** Changes to the top level. Every occurrence of a named key is changed, so that no reader can see the old value. */
export type Splice = {
  /** JSON text by key: replaces the value, or adds a member at the end. */
  readonly set?: Readonly<Record<string, string>>
  readonly cut?: readonly string[]
  /** New name by old name. A member that has the new name already wins, and the renamed one is cut. */
  readonly rename?: Readonly<Record<string, string>>
}

export type ScanBounds = {
  /** Nested objects and arrays, the top level included. */
  readonly depthMax?: number
  readonly membersMax?: number
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const colon = 0x3a
const minus = 0x2d
const zero = 0x30

const tableOf = (holds: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))

/** Bytes that stand in a string for themselves: no control character, quote or backslash. */
const plain = tableOf((byte) => byte >= 0x20 && byte !== quote && byte !== backslash)
const blank = tableOf((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
const escapable = tableOf((byte) => '"\\/bfnrt'.includes(String.fromCharCode(byte)))
const hexadecimal = tableOf((byte) => /^[0-9a-fA-F]$/.test(String.fromCharCode(byte)))
const digit = tableOf((byte) => byte >= 0x30 && byte <= 0x39)
const keyExpected = 'a key in double quotes'
const literals: Readonly<Record<number, string>> = { 116: 'true', 102: 'false', 110: 'null' }

const printable = (byte: number): string =>
  byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `the byte 0x${byte.toString(16).padStart(2, '0')}`

/** The offset of broken UTF-8, to within a few bytes; linear, because every half is looked at once. */
const brokenTextAt = (source: Buffer): number => {
  let low = 0
  let high = source.length
  while (high - low > 8) {
    let middle = (low + high) >> 1
    for (let back = 0; back < 3 && ((source[middle] as number) & 0xc0) === 0x80; back += 1) middle -= 1
    if (isUtf8(source.subarray(low, middle))) low = middle
    else high = middle
  }
  return low
}

/** Of a string so much is looked through for names: the longest that any provider knows, with every letter written by its number. */
const nameBytesMax = 1_024

/** A string that goes on behind so many plain bytes is long: looking at words pays. */
const nearBytes = 64

/** The whole words of a body, wherever in memory it begins. */
const wordsIn = ({ buffer, byteOffset, length }: Buffer): Int32Array => {
  const before = (4 - (byteOffset & 3)) & 3
  return new Int32Array(buffer, byteOffset + before, Math.max(0, length - before) >> 2)
}

/**
 * Whether all four bytes stand for themselves: none is below 0x20, and none is a quote or a backslash, which become 0 by what they are crossed
 * with. A byte that a subtraction borrows from may look like one, but only behind a byte that is one.
 */
const isPlain = (word: number): boolean => {
  const quoted = word ^ 0x22222222
  const escaped = word ^ 0x5c5c5c5c
  return (
    ((((word - 0x20202020) & ~word) | ((quoted - 0x01010101) & ~quoted) | ((escaped - 0x01010101) & ~escaped)) &
      0x80808080) ===
    0
  )
}

/** Walks one document, strictly after RFC 8259 (https://www.rfc-editor.org/rfc/rfc8259, read 2026-11-22). */
class Scanner {
  readonly #source: Buffer
  readonly #end: number
  /** Whether the container at a depth is an object. A list: bytes of its own would cost more than to scan a short document. */
  readonly #isObject: boolean[] = [false, true]
  readonly #depthMax: number
  /** Made for the first long string. */
  #words: Int32Array | null = null
  /** Where the rest of each long string begins and ends, one after the other. */
  readonly restsOfStrings: number[] = []

  constructor(source: Buffer, depthMax: number) {
    this.#source = source
    this.#end = source.length
    this.#depthMax = depthMax
  }

  fail(at: number, expected: string): never {
    const found = at < this.#end ? `found ${printable(this.#source[at] as number)}` : 'but the body ends there'
    throw new Problem('invalid_json', {
      message: `The body is not valid JSON: expected ${expected} at byte ${at}, ${found}.`,
      facts: { byte: at, expected },
    })
  }

  skipBlanks(from: number): number {
    const source = this.#source
    const end = this.#end
    let at = from
    while (at < end && blank[source[at] as number] === 1) at += 1
    return at
  }

  expect(at: number, byte: number, expected: string): void {
    if (this.#source[at] !== byte || at >= this.#end) this.fail(at, expected)
  }

  /** After what stands for itself in a string. */
  #skipPlain(from: number): number {
    const source = this.#source
    const end = this.#end
    const nearEnd = Math.min(end, from + nearBytes)
    let at = from
    while (
      at + 4 <= nearEnd &&
      ((plain[source[at] as number] as number) &
        (plain[source[at + 1] as number] as number) &
        (plain[source[at + 2] as number] as number) &
        (plain[source[at + 3] as number] as number)) ===
        1
    )
      at += 4
    if (at === from + nearBytes) at = this.#skipWords(at)
    while (at < end && plain[source[at] as number] === 1) at += 1
    return at
  }

  /** The same four bytes at a time, up to the word in which something else stands. */
  #skipWords(from: number): number {
    this.#words ??= wordsIn(this.#source)
    const words = this.#words
    const firstAt = words.byteOffset - this.#source.byteOffset
    let index = (from - firstAt + 3) >> 2
    for (let at = from; at < firstAt + index * 4; at += 1) if (plain[this.#source[at] as number] !== 1) return at
    while (index < words.length && isPlain(words[index] as number)) index += 1
    return Math.min(this.#end, firstAt + index * 4)
  }

  /** From the opening quote to after the closing one. */
  skipString(from: number, expected: string): number {
    this.expect(from, quote, expected)
    const source = this.#source
    const end = this.#end
    let at = from + 1
    for (;;) {
      at = this.#skipPlain(at)
      if (at >= end) this.fail(at, 'the end of a string')
      const byte = source[at]
      if (byte === quote) {
        if (at - from > nameBytesMax) this.restsOfStrings.push(from + nameBytesMax, at)
        return at + 1
      }
      if (byte !== backslash) this.fail(at, 'an escaped control character (\\n, \\u000a)')
      at = this.#skipEscape(at + 1)
    }
  }

  #skipEscape(at: number): number {
    const source = this.#source
    if (at < this.#end && escapable[source[at] as number] === 1) return at + 1
    if (source[at] !== 0x75) this.fail(at, 'an escape after "\\"')
    for (let place = at + 1; place <= at + 4; place += 1)
      if (place >= this.#end || hexadecimal[source[place] as number] !== 1) this.fail(place, 'four hexadecimal digits')
    return at + 5
  }

  #skipDigits(from: number): number {
    const source = this.#source
    const end = this.#end
    let at = from
    while (at < end && digit[source[at] as number] === 1) at += 1
    if (at === from) this.fail(at, 'a digit')
    return at
  }

  #skipNumber(from: number): number {
    const source = this.#source
    let at = source[from] === minus ? from + 1 : from
    at = source[at] === zero ? at + 1 : this.#skipDigits(at)
    if (source[at] === 0x2e) at = this.#skipDigits(at + 1)
    if (source[at] === 0x65 || source[at] === 0x45) {
      const sign = source[at + 1]
      at = this.#skipDigits(sign === 0x2b || sign === minus ? at + 2 : at + 1)
    }
    return at
  }

  #skipScalar(at: number): number {
    const byte = at < this.#end ? (this.#source[at] as number) : 0
    if (byte === quote) return this.skipString(at, 'a string')
    if (byte === minus || digit[byte] === 1) return this.#skipNumber(at)
    const literal = literals[byte]
    if (literal === undefined) return this.fail(at, 'a value')
    for (let place = 1; place < literal.length; place += 1)
      this.expect(at + place, literal.charCodeAt(place), `"${literal}"`)
    return at + literal.length
  }

  /** From a key to the start of its value. */
  #skipKey(from: number): number {
    return this.skipColon(this.skipString(from, keyExpected))
  }

  /** From after a key to the start of its value. */
  skipColon(from: number): number {
    const at = this.skipBlanks(from)
    this.expect(at, colon, '":" after a key')
    return this.skipBlanks(at + 1)
  }

  /** From the start of a value to after it. `depth` counts the containers around it. */
  skipValue(from: number, outerDepth: number): number {
    const source = this.#source
    let depth = outerDepth
    let at = from
    for (;;) {
      const byte = source[at]
      if (byte === openBrace || byte === openBracket) {
        depth += 1
        if (depth > this.#depthMax) this.#failDepth(at)
        this.#isObject[depth] = byte === openBrace
        const inside = this.skipBlanks(at + 1)
        if (source[inside] !== (byte === openBrace ? closeBrace : closeBracket)) {
          at = byte === openBrace ? this.#skipKey(inside) : inside
          continue
        }
        depth -= 1
        at = inside + 1
      } else at = this.#skipScalar(at)
      const next = this.#leaveContainers(at, depth, outerDepth)
      if (next < 0) return ~next
      at = next
      depth = this.#depthLeft
    }
  }

  #depthLeft = 0

  /** After a value: closes containers; gives the start of the next value, or `~end` when the outermost value is over. */
  #leaveContainers(from: number, fromDepth: number, outerDepth: number): number {
    let at = from
    let depth = fromDepth
    while (depth > outerDepth) {
      at = this.skipBlanks(at)
      const inObject = this.#isObject[depth] === true
      const byte = this.#source[at]
      if (byte === comma) {
        this.#depthLeft = depth
        const next = this.skipBlanks(at + 1)
        return inObject ? this.#skipKey(next) : next
      }
      if (byte !== (inObject ? closeBrace : closeBracket)) this.fail(at, inObject ? '"," or "}"' : '"," or "]"')
      depth -= 1
      at += 1
    }
    return ~at
  }

  #failDepth(at: number): never {
    throw new Problem('invalid_json', {
      message: `The body is nested more than ${this.#depthMax} levels deep at byte ${at}. Flatten it.`,
      facts: { byte: at, expected: `at most ${this.#depthMax} levels` },
    })
  }
}

const checkText = (source: Buffer): void => {
  if (source.length === 0)
    throw new Problem('invalid_json', { message: 'The body is empty; a JSON object is expected.', facts: { byte: 0 } })
  if (source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf)
    throw new Problem('invalid_json', {
      message: 'The body begins with a byte order mark (EF BB BF), which JSON does not allow. Send it without one.',
      facts: { byte: 0 },
    })
  if (isUtf8(source)) return
  const at = brokenTextAt(source)
  throw new Problem('invalid_json', {
    message: `The body is not valid UTF-8 near byte ${at}. Encode it as UTF-8.`,
    facts: { byte: at, expected: 'UTF-8' },
  })
}

/** A key without escapes is its own text; only others need a JSON reading. */
const keyText = (source: Buffer, start: number, end: number): string => {
  const text = source.toString('utf8', start, end)
  return text.includes('\\') ? JSON.parse(text) : text.slice(1, -1)
}

/** The text without these stretches of it. */
const textWithout = (source: Buffer, stretches: readonly number[]): string => {
  let text = ''
  let from = 0
  for (let index = 0; index < stretches.length; index += 2) {
    text += source.toString('latin1', from, stretches[index])
    from = stretches[index + 1] as number
  }
  return text + source.toString('latin1', from)
}

/**
 * Checks a whole document and lists the members of its top level, in one pass, linear in its size.
 * Bounds: `depthMax` levels (64), `membersMax` members of the top level (4,096).
 * @throws Problem `invalid_json`, with `facts.byte` and what was expected, unless it is exactly one JSON object in UTF-8.
 */
export const scanTopLevel = (source: Buffer, { depthMax = 64, membersMax = 4096 }: ScanBounds = {}): TopLevel => {
  checkText(source)
  const scanner = new Scanner(source, depthMax)
  const open = scanner.skipBlanks(0)
  scanner.expect(open, openBrace, 'a JSON object')
  const members: Member[] = []
  let at = scanner.skipBlanks(open + 1)
  while (members.length > 0 || source[at] !== closeBrace) {
    if (members.length >= membersMax)
      throw new Problem('invalid_json', {
        message: `The body has more than ${membersMax} members at its top level.`,
        facts: { byte: at },
      })
    const keyStart = at
    const keyEnd = scanner.skipString(keyStart, keyExpected)
    const valueStart = scanner.skipColon(keyEnd)
    const valueEnd = scanner.skipValue(valueStart, 1)
    members.push({ key: keyText(source, keyStart, keyEnd), keyStart, keyEnd, valueStart, valueEnd })
    at = scanner.skipBlanks(valueEnd)
    if (source[at] === closeBrace) break
    scanner.expect(at, comma, '"," or "}"')
    at = scanner.skipBlanks(at + 1)
  }
  const rest = scanner.skipBlanks(at + 1)
  if (rest < source.length) scanner.fail(rest, 'nothing after the object')
  const { restsOfStrings } = scanner
  let names: string | null = null
  return {
    source,
    members,
    open,
    close: at,
    names: () => {
      names ??= textWithout(source, restsOfStrings)
      return names
    },
    forget: () => {
      names = null
    },
  }
}

const lastMember = ({ members }: TopLevel, key: string): Member | undefined => {
  for (let index = members.length - 1; index >= 0; index -= 1) if (members[index]?.key === key) return members[index]
  return undefined
}

/** Whether the top level has a member of this name, whatever its value. */
export const hasMember = (top: TopLevel, key: string): boolean => lastMember(top, key) !== undefined

/** The JSON text of a member's value (its last occurrence), bytes shared with the source; `undefined` = there is none. */
export const memberText = (top: TopLevel, key: string): Buffer | undefined => {
  const member = lastMember(top, key)
  return member === undefined ? undefined : top.source.subarray(member.valueStart, member.valueEnd)
}

/** A member's value (its last occurrence), as JSON.parse gives it; `undefined` = there is none. */
export const readMember = (top: TopLevel, key: string): unknown => {
  const member = lastMember(top, key)
  return member === undefined ? undefined : JSON.parse(top.source.toString('utf8', member.valueStart, member.valueEnd))
}

/** The new name of each member that stays, by its index; `null` = it goes. */
const namesAfter = (
  top: TopLevel,
  cut: ReadonlySet<string>,
  rename: ReadonlyMap<string, string>,
): (string | null)[] => {
  const staying = new Set(top.members.map(({ key }) => key).filter((key) => !cut.has(key) && !rename.has(key)))
  return top.members.map(({ key }) => {
    if (cut.has(key)) return null
    const name = rename.get(key)
    if (name === undefined) return key
    return staying.has(name) ? null : name
  })
}

/**
 * The document with these changes; every other byte (blanks, escapes, order, duplicate keys) stays. Cut and rename go by the
 * names in the source, `set` by the names after them. Values of `set` must be JSON text.
 */
export const spliceTopLevel = (top: TopLevel, splice: Splice): Buffer => {
  const { source, members } = top
  const set = new Map(Object.entries(splice.set ?? {}))
  const names = namesAfter(top, new Set(splice.cut), new Map(Object.entries(splice.rename ?? {})))
  const pieces: Buffer[] = []
  let copied = 0
  const copyTo = (end: number): void => {
    if (end > copied) pieces.push(source.subarray(copied, end))
    copied = Math.max(copied, end)
  }
  let kept = 0
  for (const [index, member] of members.entries()) {
    const name = names[index] ?? null
    if (name === null) {
      // The comma that goes is the one before, or the one after while nothing has been kept.
      copyTo(kept > 0 ? (members[index - 1] as Member).valueEnd : member.keyStart)
      copied = kept > 0 ? member.valueEnd : (members[index + 1]?.keyStart ?? member.valueEnd)
      continue
    }
    kept += 1
    if (name !== member.key) {
      copyTo(member.keyStart)
      pieces.push(Buffer.from(JSON.stringify(name)))
      copied = member.keyEnd
    }
    const value = set.get(name)
    if (value === undefined) continue
    copyTo(member.valueStart)
    pieces.push(Buffer.from(value))
    copied = member.valueEnd
  }
  const present = new Set(names)
  const added = [...set].filter(([key]) => !present.has(key)).map(([key, value]) => `${JSON.stringify(key)}:${value}`)
  copyTo(members.at(-1)?.valueEnd ?? top.open + 1)
  if (added.length > 0) pieces.push(Buffer.from(`${kept > 0 ? ',' : ''}${added.join(',')}`))
  copyTo(source.length)
  return Buffer.concat(pieces)
}
