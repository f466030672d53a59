/** One large JSON reply read along while it passes: named top-level members are kept, all else is only counted through. */

import { Buffer } from 'node:buffer'

export type TopLevelStream = {
  /** Chunks may be cut anywhere. Never throws: what is not JSON is `broken`. */
  readonly feed: (chunk: Buffer) => void
  /** The JSON text of a wanted member (its last occurrence); `null` = not seen whole, or over `captureBytesMax`. */
  readonly text: (key: string) => Buffer | null
  /** The same, parsed; `undefined` where there is no text or it is not JSON. */
  readonly value: (key: string) => unknown
  /** How many objects the list under one of `lists` has (its last occurrence); `null` = there is no such list, or it is not over yet. */
  readonly objects: (key: string) => number | null
  /** The top-level object has been closed and only blanks followed. */
  readonly complete: () => boolean
  /** The bytes cannot become a JSON object any more. */
  readonly broken: () => boolean
}

type State = 'start' | 'key' | 'in-key' | 'colon' | 'value' | 'in-value' | 'after' | 'broken'

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const colon = 0x3a
const keyBytesMax = 256

const structural = Uint8Array.from({ length: 256 }, (_, byte) => ('"{}[],'.includes(String.fromCharCode(byte)) ? 1 : 0))
const blank = Uint8Array.from({ length: 256 }, (_, byte) => (' \n\r\t'.includes(String.fromCharCode(byte)) ? 1 : 0))

/** Bytes gathered up to a bound; beyond it they are let go. */
class Capture {
  readonly #bytesMax: number
  #pieces: Buffer[] = []
  #size = 0
  over = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Copies, so that the chunk can go. Tiny pieces are merged, so that one-byte chunks cost no more than large ones. */
  add(bytes: Buffer): void {
    this.#size += bytes.length
    this.over ||= this.#size > this.#bytesMax
    if (this.over) this.#pieces = []
    else this.#pieces.push(Buffer.from(bytes))
    if (this.#pieces.length === 1024) this.#pieces = [Buffer.concat(this.#pieces)]
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

class Stream {
  readonly #wanted: ReadonlySet<string>
  readonly #captureBytesMax: number
  readonly #texts = new Map<string, Buffer>()
  readonly #lists: ReadonlySet<string>
  readonly #objects = new Map<string, number>()
  readonly #steps: Readonly<Record<State, (chunk: Buffer, at: number) => number>>
  state: State = 'start'
  #depth = 0
  #inString = false
  #escaped = false
  #keyCapture = new Capture(keyBytesMax)
  #key: string | null = null
  #capture: Capture | null = null
  /** Objects of the list that is being read; `null` = what is read is no list that is asked for. */
  #counted: number | null = null

  constructor(wanted: readonly string[], lists: readonly string[], captureBytesMax: number) {
    this.#wanted = new Set(wanted)
    this.#lists = new Set(lists)
    this.#captureBytesMax = captureBytesMax
    this.#steps = {
      start: (chunk, at) => this.#start(chunk, at),
      key: (chunk, at) => this.#beginKey(chunk, at),
      'in-key': (chunk, at) => this.#readKey(chunk, at),
      colon: (chunk, at) => this.#skipColon(chunk, at),
      value: (chunk, at) => this.#beginValue(chunk, at),
      'in-value': (chunk, at) => this.#readValue(chunk, at),
      after: (chunk, at) => (blank[chunk[at] as number] === 1 ? at + 1 : this.#break(chunk)),
      broken: (chunk) => chunk.length,
    }
  }

  feed(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) at = this.#steps[this.state](chunk, at)
  }

  text(key: string): Buffer | null {
    return this.#texts.get(key) ?? null
  }

  objects(key: string): number | null {
    return this.#objects.get(key) ?? null
  }

  #break(chunk: Buffer): number {
    this.state = 'broken'
    return chunk.length
  }

  #start(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number
    // Some servers begin with a byte order mark; the reply is whole all the same.
    if (blank[byte] === 1 || byte === 0xef || byte === 0xbb || byte === 0xbf) return at + 1
    if (byte !== openBrace) return this.#break(chunk)
    this.state = 'key'
    return at + 1
  }

  #beginKey(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number
    if (blank[byte] === 1) return at + 1
    if (byte === closeBrace) {
      this.state = 'after'
      return at + 1
    }
    if (byte !== quote) return this.#break(chunk)
    this.#keyCapture = new Capture(keyBytesMax)
    this.#keyCapture.add(chunk.subarray(at, at + 1))
    this.#inString = true
    this.state = 'in-key'
    return at + 1
  }

  #readKey(chunk: Buffer, at: number): number {
    const end = this.#skipString(chunk, at)
    this.#keyCapture.add(chunk.subarray(at, end))
    if (this.#inString) return end
    this.#key = this.#keyCapture.over ? null : parsedKey(this.#keyCapture.bytes())
    this.state = 'colon'
    return end
  }

  #skipColon(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number
    if (blank[byte] === 1) return at + 1
    if (byte !== colon) return this.#break(chunk)
    this.state = 'value'
    return at + 1
  }

  #beginValue(chunk: Buffer, at: number): number {
    if (blank[chunk[at] as number] === 1) return at + 1
    const wanted = this.#key !== null && this.#wanted.has(this.#key)
    this.#capture = wanted ? new Capture(this.#captureBytesMax) : null
    const isList = chunk[at] === openBracket && this.#key !== null && this.#lists.has(this.#key)
    this.#counted = isList ? 0 : null
    this.state = 'in-value'
    return at
  }

  #readValue(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#skipString(chunk, at)
        continue
      }
      while (at < chunk.length && structural[chunk[at] as number] === 0) at += 1
      if (at === chunk.length) break
      if (this.#depth === 0 && this.#endsValue(chunk[at] as number)) return this.#endValue(chunk, from, at)
      this.#count(chunk[at] as number)
      at += 1
    }
    this.#capture?.add(chunk.subarray(from, at))
    return at
  }

  #endsValue(byte: number): boolean {
    return byte === comma || byte === closeBrace || byte === closeBracket
  }

  #count(byte: number): void {
    if (byte === openBrace && this.#depth === 1 && this.#counted !== null) this.#counted += 1
    if (byte === quote) this.#inString = true
    else if (byte === openBrace || byte === openBracket) this.#depth += 1
    else if (byte !== comma) this.#depth -= 1
  }

  #endValue(chunk: Buffer, from: number, at: number): number {
    if (this.#capture !== null) {
      this.#capture.add(chunk.subarray(from, at))
      if (this.#capture.over) this.#texts.delete(this.#key as string)
      else this.#texts.set(this.#key as string, this.#capture.bytes())
      this.#capture = null
    }
    if (this.#counted !== null) this.#objects.set(this.#key as string, this.#counted)
    const byte = chunk[at]
    if (byte === closeBracket) return this.#break(chunk)
    this.state = byte === comma ? 'key' : 'after'
    return at + 1
  }

  /** Within a string: to after its closing quote, or to the end of the chunk. */
  #skipString(chunk: Buffer, from: number): number {
    let at = this.#escaped ? from + 1 : from
    this.#escaped = false
    while (at < chunk.length) {
      const byte = chunk[at]
      if (byte === quote) {
        this.#inString = false
        return at + 1
      }
      at += byte === backslash ? 2 : 1
    }
    this.#escaped = at > chunk.length
    return chunk.length
  }
}

const parsed = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    // Text that is not JSON has no value; the caller reads `undefined`.
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

const parsedKey = (bytes: Buffer): string | null => {
  const key = parsed(bytes)
  return typeof key === 'string' ? key : null
}

/**
 * Reads one JSON object along. `members` are the top-level keys whose values are kept, each up to `captureBytesMax` bytes
 * (64 KiB). What lies inside other values is only matched bracket by bracket, so it costs no memory; this tells a cut reply
 * from a whole one, it does not validate. `lists`: top-level keys of which the objects are counted.
 */
export const topLevelStream = (options: {
  readonly members: readonly string[]
  readonly lists?: readonly string[]
  readonly captureBytesMax?: number
}): TopLevelStream => {
  const stream = new Stream(options.members, options.lists ?? [], options.captureBytesMax ?? 64 * 1024)
  return {
    feed: (chunk) => stream.feed(chunk),
    text: (key) => stream.text(key),
    value: (key) => {
      const text = stream.text(key)
      return text === null ? undefined : parsed(text)
    },
    objects: (key) => stream.objects(key),
    complete: () => stream.state === 'after',
    broken: () => stream.state === 'broken',
  }
}
