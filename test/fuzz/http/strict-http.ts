/**
 * What bytes on a connection mean by the letter of RFC 9112 (https://www.rfc-editor.org/rfc/rfc9112, read 2026-11-29), and nothing where two
 * readers could differ: the reading that a front and a relay must share, or refuse.
 */

import type { Buffer } from 'node:buffer'

export type StrictRequest = {
  readonly method: string
  readonly target: string
  readonly body: string
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, readonly string[]>
}

export type StrictReading = {
  readonly requests: readonly StrictRequest[]
  /** `whole`: nothing was left; `cut`: a request has begun; `refused`: what follows may mean several things. */
  readonly ended: 'whole' | 'cut' | 'refused'
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Several blanks are what lenient recipients may take for one (section 3). */
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +([\x21-\x7e]+) +HTTP\/1\.([01])$/
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/
const chunkLine = /^(0{0,64}[0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?$/

class Refused extends Error {}
class Cut extends Error {}

class Reading {
  readonly #text: string
  at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isOver(): boolean {
    return this.at >= this.#text.length
  }

  /** Up to CRLF; a LF or CR alone is refused. */
  line(): string {
    const end = this.#text.indexOf('\n', this.at)
    const upTo = end === -1 ? this.#text.slice(this.at) : this.#text.slice(this.at, end - 1)
    if (end === -1) throw upTo.slice(0, -1).includes('\r') ? new Refused() : new Cut()
    if (this.#text[end - 1] !== '\r' || end === this.at || upTo.includes('\r')) throw new Refused()
    this.at = end + 1
    return upTo
  }

  take(length: number): string {
    if (this.at + length > this.#text.length) throw new Cut()
    this.at += length
    return this.#text.slice(this.at - length, this.at)
  }

  /** Blank lines before a request are passed over, however they end: no message can begin with one. */
  skipBlank(): void {
    while (this.#text[this.at] === '\r' || this.#text[this.at] === '\n') this.at += 1
  }
}

const readFields = (reading: Reading): Map<string, string[]> => {
  const fields = new Map<string, string[]>()
  for (let line = reading.line(); line !== ''; line = reading.line()) {
    const colonAt = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colonAt))
    const value = line.slice(colonAt + 1)
    if (!token.test(name) || !valueForm.test(value)) throw new Refused()
    const list = fields.get(name.toLowerCase()) ?? []
    fields.set(name.toLowerCase(), [...list, value.replace(/^[\t ]+|[\t ]+$/g, '')])
  }
  return fields
}

const readChunks = (reading: Reading): string => {
  let body = ''
  for (;;) {
    const size = chunkLine.exec(reading.line())
    if (size === null) throw new Refused()
    const length = Number.parseInt(size[1] as string, 16)
    if (length === 0) break
    body += reading.take(length)
    if (reading.take(2) !== '\r\n') throw new Refused()
  }
  readFields(reading)
  return body
}

const readBody = (reading: Reading, version: string, headers: ReadonlyMap<string, readonly string[]>): string => {
  const codings = headers.get('transfer-encoding')
  const lengths = headers.get('content-length')
  if (codings !== undefined) {
    if (lengths !== undefined || version === '0') throw new Refused()
    if (codings.length !== 1 || codings[0]?.toLowerCase() !== 'chunked') throw new Refused()
    return readChunks(reading)
  }
  if (lengths === undefined) return ''
  const [length = ''] = lengths
  if (lengths.length !== 1 || !/^\d{1,15}$/.test(length)) throw new Refused()
  return reading.take(Number(length))
}

const readOne = (reading: Reading): StrictRequest & { readonly isLast: boolean } => {
  const parts = requestLine.exec(reading.line())
  if (parts === null) throw new Refused()
  const [, method = '', target = '', version = ''] = parts
  const headers = readFields(reading)
  const hosts = headers.get('host') ?? []
  if (hosts.length > 1 || (hosts.length === 0 && version === '1')) throw new Refused()
  const body = readBody(reading, version, headers)
  const connection = [...(headers.get('connection') ?? []), ...(headers.get('proxy-connection') ?? [])]
  const says = connection
    .join(',')
    .toLowerCase()
    .split(/[ \t]*,[ \t]*/)
  const isLast = version === '1' ? says.includes('close') : !says.includes('keep-alive')
  return { method, target, body, headers, isLast }
}

/** Reads everything that one connection carries. */
export const readStrictly = (bytes: Buffer): StrictReading => {
  const reading = new Reading(bytes.toString('latin1'))
  const requests: StrictRequest[] = []
  for (;;) {
    reading.skipBlank()
    if (reading.isOver) return { requests, ended: 'whole' }
    try {
      const { isLast, ...request } = readOne(reading)
      requests.push(request)
      // What follows the last request of a connection is nobody's.
      if (isLast) return { requests, ended: 'whole' }
    } catch (fault) {
      if (fault instanceof Refused) return { requests, ended: 'refused' }
      if (fault instanceof Cut) return { requests, ended: 'cut' }
      throw fault
    }
  }
}
