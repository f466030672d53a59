/** A multipart form as it comes in: read with busboy, large files spooled, everything bounded. */

import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import busboy from 'busboy'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { Form, FormPart } from './inbound.ts'
import type { ReadBounds } from './request-bytes.ts'
import { readChunks } from './request-bytes.ts'
import type { Spool } from './spool.ts'
import { createSpool } from './spool.ts'

export type FormOptions = {
  readonly bounds: ReadBounds
  readonly spoolDir: string
  readonly ids: Ids
}

const fieldsMax = 256
const filesMax = 64
const nameBytesMax = 256
const filenameLengthMax = 1024
const fieldBytesMax = 1024 * 1024

const malformed = (message: string, cause?: unknown): Problem =>
  new Problem('invalid_request_error', { message: `The multipart form cannot be read: ${message}`, cause })

/** The parser leaves a missing name out, whatever its types say. */
const isBadName = (name: string | undefined): boolean =>
  name === undefined || name === '' || Buffer.byteLength(name) > nameBytesMax

const parserOf = (contentType: string): busboy.Busboy => {
  const limits = {
    fields: fieldsMax,
    files: filesMax,
    parts: fieldsMax + filesMax,
    fieldNameSize: nameBytesMax,
    fieldSize: fieldBytesMax,
    headerPairs: 32,
  }
  try {
    return busboy({ headers: { 'content-type': contentType }, limits, defParamCharset: 'utf8', preservePath: true })
  } catch (cause) {
    throw malformed('its content-type has no usable boundary.', cause)
  }
}

/** Part places are taken in order of arrival; a file's is filled when its last byte has been kept. */
class FormReading {
  readonly #parts: (FormPart | null)[] = []
  readonly #files: Promise<void>[] = []
  readonly #spool: Spool
  readonly #parser: busboy.Busboy
  #failure: { readonly cause: unknown } | null = null
  #fail: (failure: unknown) => void = () => {}
  readonly #done: Promise<void>

  constructor(parser: busboy.Busboy, spool: Spool) {
    this.#parser = parser
    this.#spool = spool
    this.#done = new Promise((resolve, reject) => {
      this.#fail = (cause) => {
        this.#failure ??= { cause }
        reject(cause)
      }
      parser.on('close', resolve)
      parser.on('error', (error) => this.#fail(malformed('it is damaged or ends before its last boundary.', error)))
    })
    // Seen by the next chunk or by the end, whichever comes first; never unhandled before that.
    this.#done.catch(() => undefined)
    parser.on('field', (name, value, info) => this.#addField(name, value, info))
    parser.on('file', (name, stream, info) => this.#addFile(name, stream, info))
    parser.on('fieldsLimit', () => this.#refuse(`it has more than ${fieldsMax} fields.`))
    parser.on('filesLimit', () => this.#refuse(`it has more than ${filesMax} files.`))
    parser.on('partsLimit', () => this.#refuse('it has too many parts.'))
  }

  #refuse(message: string): void {
    this.#fail(malformed(message))
  }

  #addField(name: string, value: string, info: busboy.FieldInfo): void {
    if (isBadName(name) || info.nameTruncated) this.#refuse('a part has no name, or one that is too long.')
    else if (info.valueTruncated) this.#refuse(`the field "${name.slice(0, 64)}" is over ${fieldBytesMax} bytes.`)
    // The parser says text/plain where a part names no type, which is what it means (RFC 7578 section 4.4, read 2026-11-22).
    const contentType = info.mimeType === 'text/plain' ? null : info.mimeType
    this.#parts.push({ kind: 'field', name, value, contentType })
  }

  #addFile(name: string, stream: Readable & { truncated?: boolean }, info: busboy.FileInfo): void {
    const filename = (info.filename as string | undefined) ?? null
    if (isBadName(name)) {
      stream.resume()
      this.#refuse('a part has no name, or one that is too long.')
      return
    }
    if (filename !== null && filename.length > filenameLengthMax) {
      stream.resume()
      this.#refuse(`a file name is over ${filenameLengthMax} characters.`)
      return
    }
    const place = this.#parts.push(null) - 1
    const keeping = this.#keepFile(stream).then((kept) => {
      this.#parts[place] = { kind: 'file', name, filename, contentType: info.mimeType, ...kept }
    })
    keeping.catch((failure: unknown) => {
      this.#fail(failure)
      stream.resume()
    })
    this.#files.push(keeping)
  }

  async #keepFile(stream: Readable) {
    const file = this.#spool.begin()
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) await file.add(chunk as Buffer)
    return file.finish()
  }

  /** Resolves when the parser can take more, rejects when the form has failed. */
  take(chunk: Buffer): Promise<void> | undefined {
    if (this.#failure !== null) return Promise.reject(this.#failure.cause)
    if (this.#parser.write(chunk)) return undefined
    const drained = new Promise<void>((resolve) => this.#parser.once('drain', () => resolve()))
    return Promise.race([drained, this.#done])
  }

  async finish(): Promise<readonly FormPart[]> {
    this.#parser.end()
    await this.#done
    await Promise.all(this.#files)
    return this.#parts.filter((part) => part !== null)
  }

  /** Ends the reading and deletes what it kept. */
  async abandon(): Promise<void> {
    this.#parser.destroy()
    await Promise.allSettled(this.#files)
    await this.#spool.dispose()
  }
}

/**
 * Reads a form: at most 256 fields of 1 MiB, 64 files, names of 256 bytes, file names of 1,024 characters; 1 MiB of files in
 * memory, the rest in `spoolDir`. On failure everything spooled is deleted.
 * @throws Problem `body_too_large`, `invalid_request_error`, `request_timeout`, `overloaded` where the spool cannot be written.
 */
export const readForm = async (request: IncomingMessage, options: FormOptions): Promise<Form> => {
  const parser = parserOf(request.headers['content-type'] ?? '')
  const spool = createSpool({ directory: options.spoolDir, ids: options.ids })
  const reading = new FormReading(parser, spool)
  let sizeBytes = 0
  try {
    await readChunks(request, options.bounds, (chunk) => {
      sizeBytes += chunk.length
      return reading.take(chunk)
    })
    return { parts: await reading.finish(), sizeBytes, dispose: spool.dispose }
  } catch (failure) {
    await reading.abandon()
    throw failure
  }
}
