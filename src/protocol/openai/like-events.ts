/**
 * Events of a stream that are, byte for byte, the one before but for one text. Of most providers all are while a text lasts: each repeats id,
 * time and model. Such an event is compared, and neither cut into lines nor parsed.
 */

import { Buffer } from 'node:buffer'
import type { ReasoningDeltaPart, TextDeltaPart } from '#protocol/part.ts'
import type { Frame } from '#protocol/protocol.ts'

/** So many events in a row that were like none before: this stream has something of its own in each (a number, a padding), and no more is looked. */
const strangersMax = 8

type Prose = TextDeltaPart | ReasoningDeltaPart

/**
 * An event without its text: what stands before and after it, its quotes included, and what it was read as. Blanks before the last brace are left
 * out: Claude's events are padded there, each by another number of them.
 */
type Mould = { readonly before: Buffer; readonly after: Buffer; readonly tail: Buffer; readonly part: Prose }

const lineFeed = 0x0a
const blank = 0x20
const brace = 0x7d

/** The first of the blanks that lead up to this place. */
const blanksBefore = (raw: Buffer, at: number): number => {
  let from = at
  while (from > 0 && raw[from - 1] === blank) from -= 1
  return from
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON forbids within a string (RFC 8259, section 7).
const forbidden = /[\u0000-\u001f]/
const escaped = /["\\]/

/** What these characters say between quotes; `null` = they are not the inside of one string. */
const textOf = (written: string): string | null => {
  if (forbidden.test(written)) return null
  if (!escaped.test(written)) return written
  try {
    return JSON.parse(`"${written}"`) as string
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null
    throw thrown
  }
}

/** The only part of an event, where that is a piece of prose. */
const proseOf = ({ parts, role }: Frame): Prose | null => {
  const [part] = parts
  if (role !== 'content' || part === undefined || parts.length > 1) return null
  return (part.type === 'text-delta' || part.type === 'reasoning-delta') && part.text !== '' ? part : null
}

/** The mould of an event that ends in a line feed, and in which its text stands once. */
const mouldOf = (frame: Frame): Mould | null => {
  const part = proseOf(frame)
  const { raw } = frame
  if (part === null || raw[raw.length - 1] !== lineFeed) return null
  const quoted = Buffer.from(JSON.stringify(part.text))
  const at = raw.indexOf(quoted)
  if (at === -1 || raw.includes(quoted, at + 1)) return null
  const end = at + quoted.length - 1
  const tailAt = raw.lastIndexOf(brace)
  if (tailAt <= end) return null
  // Copies: a view would keep all that was read with it.
  const copy = (from: number, to: number): Buffer => Buffer.from(raw.subarray(from, to))
  return { before: copy(0, at + 1), after: copy(end, blanksBefore(raw, tailAt)), tail: copy(tailAt, raw.length), part }
}

const isSame = (one: Mould, other: Mould): boolean =>
  one.before.equals(other.before) &&
  one.after.equals(other.after) &&
  one.tail.equals(other.tail) &&
  one.part.text !== other.part.text &&
  JSON.stringify({ ...one.part, text: '' }) === JSON.stringify({ ...other.part, text: '' })

/**
 * Learns from events that were read in full, and reads those that are like them. Two that follow each other and have the same mould are needed:
 * what reads them has then been seen to say the same of both, so that a third changes nothing in it either. Only for steps of whom that is true.
 */
export class LikeEvents {
  #last: Mould | null = null
  #mould: Mould | null = null
  #strangers = 0

  /** What the event says; `null` = it has to be read. `raw` may be any bytes. */
  read(raw: Buffer): Frame | null {
    const mould = this.#mould
    if (mould === null) return null
    const { before, after, tail, part } = mould
    const tailAt = raw.length - tail.length
    if (tailAt < before.length || raw.compare(tail, 0, tail.length, tailAt) !== 0) return null
    const afterEnd = blanksBefore(raw, tailAt)
    const end = afterEnd - after.length
    if (end <= before.length || raw.compare(after, 0, after.length, end, afterEnd) !== 0) return null
    if (raw.compare(before, 0, before.length, 0, before.length) !== 0) return null
    const text = textOf(raw.toString('utf8', before.length, end))
    return text === null ? null : { raw, parts: [{ ...part, text }], role: 'content' }
  }

  /** Told of every event that was read in full. */
  note(frame: Frame): void {
    this.#mould = null
    if (this.#strangers >= strangersMax) return
    const mould = mouldOf(frame)
    if (mould !== null && this.#last !== null && isSame(mould, this.#last)) {
      this.#mould = mould
      this.#strangers = 0
    } else if (mould !== null) this.#strangers += 1
    this.#last = mould
  }
}
