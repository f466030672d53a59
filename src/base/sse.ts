/**
 * Server-sent events as bytes: cuts a stream into events whose raw pieces, joined, are exactly what came in.
 * After https://html.spec.whatwg.org/multipage/server-sent-events.html (read 2026-11-22), but a last event without its
 * blank line is given out too, because providers end streams that way.
 */

import { Buffer } from 'node:buffer'
import { Problem } from './problem.ts'

export type SseEvent = {
  /** All bytes of the event: fields, comments, the blank line that ends it, and a byte order mark before the first. */
  readonly raw: Buffer
  /** The event's name; `null` = none was given. */
  readonly event: string | null
  /** The data lines joined by LF, without the optional blank after the colon; `null` = no data line. */
  readonly data: Buffer | null
  readonly id: string | null
  /** Nothing but comments and blank lines. */
  readonly comment: boolean
  /** Whether the blank line came; false only for what `end` gives. */
  readonly closed: boolean
}

export type SseSplitter = {
  /** The events that these bytes complete. Bytes are shared with the chunk where an event lies in one chunk. */
  readonly feed: (chunk: Buffer) => readonly SseEvent[]
  /** Whether all that came is given, and what comes next begins an event. False before the first, which may begin with a mark. */
  readonly isBetween: () => boolean
  /** What is left when the stream has ended: at most one event. */
  readonly end: () => readonly SseEvent[]
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const colon = 0x3a
const space = 0x20

/** Gives, for rising places in one chunk, the next CR or LF; each byte is looked at once for either. */
class LineEnds {
  readonly #chunk: Buffer
  #lineFeedAt = -1
  #returnAt = -1

  constructor(chunk: Buffer) {
    this.#chunk = chunk
  }

  /** The chunk's length when there is none. */
  next(from: number): number {
    if (this.#lineFeedAt < from) this.#lineFeedAt = this.#find(lineFeed, from)
    if (this.#returnAt < from) this.#returnAt = this.#find(carriageReturn, from)
    return Math.min(this.#lineFeedAt, this.#returnAt)
  }

  #find(byte: number, from: number): number {
    const at = this.#chunk.indexOf(byte, from)
    return at === -1 ? this.#chunk.length : at
  }
}

type Fields = { event: string | null; id: string | null; data: Buffer[]; any: boolean }

/** A line by where it lies in its event: a view of each would cost more than reading it. */
type Line = { readonly raw: Buffer; readonly start: number; readonly end: number }

const isField = ({ raw, start }: Line, nameEnd: number, name: string): boolean => {
  if (nameEnd - start !== name.length) return false
  for (let place = 0; place < name.length; place += 1) if (raw[start + place] !== name.charCodeAt(place)) return false
  return true
}

const readLine = (line: Line, fields: Fields): void => {
  const { raw, start, end } = line
  if (start === end || raw[start] === colon) return
  fields.any = true
  let nameEnd = start
  while (nameEnd < end && raw[nameEnd] !== colon) nameEnd += 1
  const afterColon = Math.min(end, nameEnd + 1)
  const valueStart = afterColon < end && raw[afterColon] === space ? afterColon + 1 : afterColon
  if (isField(line, nameEnd, 'data')) fields.data.push(raw.subarray(valueStart, end))
  else if (isField(line, nameEnd, 'event')) fields.event = raw.toString('utf8', valueStart, end) || null
  else if (isField(line, nameEnd, 'id') && !raw.subarray(start, end).includes(0))
    fields.id = raw.toString('utf8', valueStart, end)
}

const joinLines = (lines: readonly Buffer[]): Buffer =>
  Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [Buffer.of(lineFeed), line])))

const readEvent = (raw: Buffer, start: number, closed: boolean): SseEvent => {
  const fields: Fields = { event: null, id: null, data: [], any: false }
  const ends = new LineEnds(raw)
  for (let at = start; at < raw.length; ) {
    const end = ends.next(at)
    readLine({ raw, start: at, end }, fields)
    at = end + (raw[end] === carriageReturn && raw[end + 1] === lineFeed ? 2 : 1)
  }
  const [first, ...more] = fields.data
  const data = first === undefined ? null : more.length === 0 ? first : joinLines(fields.data)
  return { raw, event: fields.event, data, id: fields.id, comment: !fields.any, closed }
}

/** Bytes of an event that has not ended, gathered in one buffer that doubles, so that tiny chunks cost no more than large ones. */
class Tail {
  #buffer: Buffer = Buffer.alloc(0)
  length = 0

  append(bytes: Buffer): void {
    if (this.length + bytes.length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(512, 2 * (this.length + bytes.length)))
      this.#buffer.copy(grown, 0, 0, this.length)
      this.#buffer = grown
    }
    bytes.copy(this.#buffer, this.length)
    this.length += bytes.length
  }

  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.length)
    this.#buffer = Buffer.alloc(0)
    this.length = 0
    return bytes
  }
}

/** Most chunks are one event, and then no view of a part is made. */
const cut = (chunk: Buffer, start: number, end: number): Buffer =>
  start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end)

class Splitter {
  readonly #eventBytesMax: number
  readonly #tail = new Tail()
  #lineEmpty = true
  /** The last byte was a CR: a LF now belongs to it. */
  #afterReturn = false
  /** That CR ended a blank line, so the event is over once it is known whether a LF follows. */
  #eventOver = false
  #first = true
  #failure: Problem | null = null

  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax
  }

  feed(chunk: Buffer): readonly SseEvent[] {
    if (this.#failure !== null) throw this.#failure
    const events: SseEvent[] = []
    const ends = new LineEnds(chunk)
    let start = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#afterReturn) {
        this.#afterReturn = false
        if (chunk[at] === lineFeed) at += 1
        if (this.#eventOver) {
          this.#give(events, cut(chunk, start, at))
          start = at
          this.#eventOver = false
        }
        continue
      }
      const end = ends.next(at)
      if (end > at) this.#lineEmpty = false
      at = end + 1
      if (end === chunk.length) break
      if (chunk[end] === carriageReturn) {
        this.#afterReturn = true
        this.#eventOver = this.#lineEmpty
      } else if (this.#lineEmpty) {
        this.#give(events, cut(chunk, start, at))
        start = at
      }
      this.#lineEmpty = true
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return this.#given(events)
  }

  isBetween(): boolean {
    return this.#tail.length === 0 && !this.#first && this.#lineEmpty && !this.#afterReturn && this.#failure === null
  }

  end(): readonly SseEvent[] {
    if (this.#failure !== null) throw this.#failure
    if (this.#tail.length === 0) return []
    const raw = this.#tail.take()
    return [readEvent(raw, this.#markLength(raw), this.#eventOver)]
  }

  /** The mark is no part of the first line; where the event ends does not depend on it. */
  #markLength(raw: Buffer): number {
    const marked = this.#first && raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf
    this.#first = false
    return marked ? 3 : 0
  }

  #give(events: SseEvent[], rest: Buffer): void {
    this.#checkSize(rest)
    if (this.#failure !== null) return
    if (this.#tail.length > 0) this.#tail.append(rest)
    const raw = this.#tail.length > 0 ? this.#tail.take() : rest
    events.push(readEvent(raw, this.#markLength(raw), true))
  }

  #keep(rest: Buffer): void {
    this.#checkSize(rest)
    if (this.#failure === null) this.#tail.append(rest)
  }

  #checkSize(rest: Buffer): void {
    if (this.#failure !== null || this.#tail.length + rest.length <= this.#eventBytesMax) return
    this.#failure = new Problem('upstream_error', {
      message: `The provider sent one event of more than ${this.#eventBytesMax} bytes.`,
      facts: { fault: 'protocol' },
    })
  }

  /** Events before an oversized one are still given; the failure follows with the next call. */
  #given(events: SseEvent[]): readonly SseEvent[] {
    if (this.#failure !== null && events.length === 0) throw this.#failure
    return events
  }
}

/**
 * A splitter for one stream. Chunks may be cut anywhere, also between CR and LF: the LF belongs to the event before, which
 * is why an event that ends in a CR is given with the byte after it.
 * @throws Problem `upstream_error` from `feed` or `end` when one event is over `eventBytesMax` (16 MiB).
 */
export const sseSplitter = ({
  eventBytesMax = 16 * 1024 * 1024,
}: {
  readonly eventBytesMax?: number
} = {}): SseSplitter => {
  const splitter = new Splitter(eventBytesMax)
  return {
    feed: (chunk) => splitter.feed(chunk),
    isBetween: () => splitter.isBetween(),
    end: () => splitter.end(),
  }
}
