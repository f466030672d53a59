/** A multipart form as it goes out to an upstream, read for the sandbox: fields are kept, files are only measured. */

import { Buffer } from 'node:buffer'
import { Problem } from '#base/problem.ts'
import type { Form, FormPart } from '#http/inbound.ts'

const headBytesMax = 16_384
const fieldBytesMax = 1_048_576
const partsMax = 512

const malformed = (what: string): Problem =>
  new Problem('invalid_request_error', {
    message: `The multipart form cannot be read: ${what}.`,
    facts: { sandbox: true },
  })

type Open = { readonly name: string; readonly filename: string | null; readonly contentType: string | null }

const openPart = (head: string): Open => {
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? ''
  const name = /;\s*name="([^"]*)"/i.exec(disposition)?.[1]
  if (name === undefined) throw malformed('a part has no name')
  return {
    name,
    filename: /;\s*filename="([^"]*)"/i.exec(disposition)?.[1] ?? null,
    contentType: /^content-type:\s*(.*?)\s*$/im.exec(head)?.[1] ?? null,
  }
}

async function* nothing(): AsyncGenerator<Buffer> {}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

const tooLarge = (bytesMax: number): Problem =>
  new Problem('body_too_large', {
    message: `The sandbox keeps files of at most ${bytesMax} bytes.`,
    facts: { sandbox: true },
  })

/** Takes bytes in any pieces and gives the parts of one form (RFC 7578). */
class FormReading {
  readonly parts: FormPart[] = []
  sizeBytes = 0
  readonly #delimiter: Buffer
  readonly #fileBytesMax: number | null
  /** The first delimiter has no line end before it, so one is lent. */
  #held = Buffer.from('\r\n')
  #open: Open | null = null
  #value: Buffer[] = []
  #valueBytes = 0
  #state: 'value' | 'head' | 'end' = 'value'

  /** `fileBytesMax`: what is kept of each file; `null` = files are only measured. */
  constructor(boundary: string, fileBytesMax: number | null) {
    this.#fileBytesMax = fileBytesMax
    this.#delimiter = Buffer.from(`\r\n--${boundary}`)
  }

  take(chunk: Buffer): void {
    this.sizeBytes += chunk.length
    this.#held = Buffer.concat([this.#held, chunk])
    while (this.#state !== 'end' && (this.#state === 'head' ? this.#readHead() : this.#readValue()));
  }

  finish(): readonly FormPart[] {
    if (this.#state !== 'end') throw malformed('it ends before its last boundary')
    return this.parts
  }

  /** Whether there may be more to read in what is held. */
  #readValue(): boolean {
    const at = this.#held.indexOf(this.#delimiter)
    const after = at + this.#delimiter.length
    if (at === -1 || this.#held.length < after + 2) {
      const sure = at === -1 ? Math.max(0, this.#held.length - this.#delimiter.length + 1) : at
      this.#keep(this.#held.subarray(0, sure))
      this.#held = this.#held.subarray(sure)
      return false
    }
    this.#keep(this.#held.subarray(0, at))
    this.#closePart()
    this.#state = this.#held.toString('latin1', after, after + 2) === '--' ? 'end' : 'head'
    this.#held = this.#held.subarray(after)
    return true
  }

  #readHead(): boolean {
    const end = this.#held.indexOf('\r\n\r\n')
    if ((end === -1 ? this.#held.length : end) > headBytesMax) throw malformed('the head of a part is too long')
    if (end === -1) return false
    this.#open = openPart(this.#held.toString('utf8', 0, end))
    this.#held = this.#held.subarray(end + 4)
    this.#state = 'value'
    return true
  }

  #keep(bytes: Buffer): void {
    if (this.#open === null) return
    this.#valueBytes += bytes.length
    if (this.#open.filename !== null) {
      if (this.#fileBytesMax === null) return
      if (this.#valueBytes > this.#fileBytesMax) throw tooLarge(this.#fileBytesMax)
      this.#value.push(Buffer.from(bytes))
      return
    }
    if (this.#valueBytes > fieldBytesMax) throw malformed('a field is over 1 MiB')
    this.#value.push(bytes)
  }

  #closePart(): void {
    const open = this.#open
    if (open === null) return
    if (this.parts.length === partsMax) throw malformed('it has too many parts')
    const { name, filename, contentType } = open
    if (filename === null)
      this.parts.push({ kind: 'field', name, value: Buffer.concat(this.#value).toString('utf8'), contentType })
    else {
      const kept = this.#fileBytesMax === null ? null : Buffer.concat(this.#value)
      const rest = {
        contentType: contentType ?? 'application/octet-stream',
        sizeBytes: this.#valueBytes,
        open: kept === null ? nothing : () => once(kept),
      }
      this.parts.push({ kind: 'file', name, filename, ...rest })
    }
    this.#value = []
    this.#valueBytes = 0
    this.#open = null
  }
}

const readForm = async (
  body: AsyncIterable<Buffer>,
  contentType: string,
  fileBytesMax: number | null,
): Promise<Form> => {
  const boundary = /;\s*boundary=("?)([^";\s]{1,200})\1/i.exec(contentType)?.[2]
  if (boundary === undefined) throw malformed('its content-type has no boundary')
  const reading = new FormReading(boundary, fileBytesMax)
  for await (const chunk of body) reading.take(chunk)
  return { parts: reading.finish(), sizeBytes: reading.sizeBytes, dispose: async () => undefined }
}

/**
 * The form in these bytes. Its files have a size and no content: nothing of an upload is kept.
 * @throws Problem `invalid_request_error` for what is no form, or one of parts over 512 or fields over 1 MiB.
 */
export const measureForm = (body: AsyncIterable<Buffer>, contentType: string): Promise<Form> =>
  readForm(body, contentType, null)

/** The same with the content of its files in memory. @throws Problem `body_too_large` for a file over `fileBytesMax`. */
export const wholeForm = (body: AsyncIterable<Buffer>, contentType: string, fileBytesMax: number): Promise<Form> =>
  readForm(body, contentType, fileBytesMax)
