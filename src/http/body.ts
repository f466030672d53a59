/** The body of a request, read within its limit and only in a form that the endpoint takes. */

import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { BodyKind } from './endpoint.ts'
import type { InboundBody } from './inbound.ts'
import { readForm } from './multipart.ts'
import type { ReadBounds } from './request-bytes.ts'
import { bodyTooLarge, readArrived, readChunks } from './request-bytes.ts'

export type BodyOptions = {
  readonly accepts: readonly BodyKind[]
  readonly bodyLimitBytes: number
  readonly uploadLimitBytes: number
  /** Names of the settings that give the two limits. */
  readonly limitNames: { readonly body: string; readonly upload: string }
  readonly bodyTimeoutMs: number
  readonly uploadTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Where large parts of forms are spooled; made when it is missing. */
  readonly spoolDir: string
  readonly clock: Clock
  readonly ids: Ids
  readonly signal: AbortSignal
  /** Called before the first byte is asked for: answers `expect: 100-continue`. */
  readonly begin: () => void
}

/** More than this from one compressed byte is a bomb, once the result is over 1 MiB. */
const ratioMax = 200
const ratioFreeBytes = 1024 * 1024

type Decode = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

const decoders: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
])

const encodingsText = 'gzip, deflate, br, zstd'

const decoderOf = (encoding: string): Decode | null => {
  const name = encoding.trim().toLowerCase()
  if (name === '' || name === 'identity') return null
  const decode = decoders.get(name)
  if (decode === undefined)
    throw new Problem('unsupported_media_type', {
      message: `The content-encoding "${encoding.slice(0, 40)}" is not read here. Send one of ${encodingsText}, or none.`,
      headers: { 'accept-encoding': encodingsText },
    })
  return decode
}

const readWhole = async (request: IncomingMessage, bounds: ReadBounds): Promise<Buffer> => {
  // Whoever asks while the parser is at the head finds in the next turn what came with it.
  await null
  const here = readArrived(request, bounds)
  if (here !== null) return here
  const chunks: Buffer[] = []
  await readChunks(request, bounds, (chunk) => {
    chunks.push(chunk)
    return undefined
  })
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

const decompressed = async (decode: Decode, bytes: Buffer, bounds: ReadBounds): Promise<Buffer> => {
  const maxOutputLength = Math.min(bounds.limitBytes, Math.max(ratioFreeBytes, bytes.length * ratioMax))
  try {
    return await decode(bytes, { maxOutputLength })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(bounds)
    throw new Problem('invalid_request_error', { message: 'The compressed body cannot be decompressed.', cause })
  }
}

const jsonForm = /^(?:application\/(?:[\w.+-]+\+)?json|text\/json)$/

const wrongType = (found: string, accepts: readonly BodyKind[]): Problem => {
  const wanted = accepts.map((kind) => (kind === 'form' ? 'multipart/form-data' : 'application/json')).join(' or ')
  const shown = found === '' ? 'no content-type' : `"${found.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')}"`
  return new Problem('unsupported_media_type', {
    message: `The request has ${shown}. Send "content-type: ${wanted}".`,
    headers: { accept: wanted },
  })
}

const looksLikeJson = (bytes: Buffer): boolean => /^\s*[{[]/.test(bytes.toString('latin1', 0, 64))

const checkCharset = (contentType: string): void => {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1]
  if (charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset)) return
  throw new Problem('unsupported_media_type', {
    message: `The charset "${charset.slice(0, 40)}" is not read here. JSON is UTF-8; send it so.`,
  })
}

/** Whether a request announces a body at all. */
export const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0

/**
 * Reads a body. Without one, an endpoint that takes JSON gets zero bytes, so that its protocol says what is missing.
 * @throws Problem `body_too_large`, `unsupported_media_type`, `request_timeout`, `invalid_request_error`; the signal's
 * reason when the caller leaves.
 */
export const readBody = async (request: IncomingMessage, options: BodyOptions): Promise<InboundBody> => {
  const { accepts, limitNames, clock, signal } = options
  const contentType = request.headers['content-type'] ?? ''
  if (accepts.length === 0) return { kind: 'none' }
  if (!hasBody(request))
    return accepts.includes('form') && !accepts.includes('json')
      ? { kind: 'none' }
      : { kind: 'bytes', bytes: Buffer.alloc(0), contentType }
  const essence = (contentType.split(';')[0] as string).trim().toLowerCase()
  const decode = decoderOf(request.headers['content-encoding'] ?? '')
  const idle = { idleTimeoutMs: options.idleTimeoutMs, clock, signal }
  if (essence === 'multipart/form-data' && accepts.includes('form')) {
    if (decode !== null)
      throw new Problem('unsupported_media_type', {
        message: 'A multipart form is taken without content-encoding only.',
      })
    options.begin()
    const limit = { limitBytes: options.uploadLimitBytes, limitName: limitNames.upload }
    const bounds = { ...limit, ...idle, totalTimeoutMs: options.uploadTimeoutMs }
    return { kind: 'form', form: await readForm(request, { bounds, spoolDir: options.spoolDir, ids: options.ids }) }
  }
  const asJson = accepts.includes('json') && (jsonForm.test(essence) || essence === '')
  if (!asJson && !accepts.includes('any')) throw wrongType(contentType, accepts)
  if (!accepts.includes('any')) checkCharset(contentType)
  const limit = { limitBytes: options.bodyLimitBytes, limitName: limitNames.body }
  const bounds: ReadBounds = { ...limit, ...idle, totalTimeoutMs: options.bodyTimeoutMs }
  if (Number(request.headers['content-length'] ?? 0) > bounds.limitBytes) throw bodyTooLarge(bounds)
  options.begin()
  const raw = await readWhole(request, bounds)
  const bytes = decode === null ? raw : await decompressed(decode, raw, bounds)
  if (essence === '' && !accepts.includes('any') && bytes.length > 0 && !looksLikeJson(bytes))
    throw wrongType(contentType, accepts)
  return { kind: 'bytes', bytes, contentType }
}
