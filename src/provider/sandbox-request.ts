/** A request to the sandbox as a server reads it: which protocol its path means, its body, what its answer depends on. */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { Inbound, InboundBody } from '#http/inbound.ts'
import type { UpstreamRequest } from '#http/transport.ts'
import type { Call } from '#protocol/call.ts'
import type { Protocol, ProtocolName } from '#protocol/protocol.ts'
import { measureForm } from './sandbox-form.ts'

/** What is no form is read whole, up to this. */
const bodyBytesMax = 67_108_864
/** By name; the sandbox is a server of those that it is given. */
export type SandboxProtocols = Readonly<Partial<Record<ProtocolName, Protocol>>>

const paths: Readonly<Record<string, ProtocolName>> = {
  'chat/completions': 'openai-chat',
  completions: 'openai-completions',
  embeddings: 'openai-embeddings',
  moderations: 'openai-moderations',
  'images/generations': 'openai-images',
  'images/edits': 'openai-images',
  'images/variations': 'openai-images',
  'audio/speech': 'openai-speech',
  'audio/transcriptions': 'openai-transcriptions',
  'audio/translations': 'openai-transcriptions',
  rerank: 'openai-rerank',
}

/** @throws Problem `not_found`. */
export const protocolFor = (request: UpstreamRequest, protocols: SandboxProtocols): Protocol => {
  const { pathname } = new URL(request.url)
  const path = pathname.replace(/^\/v1\//, '')
  const name = Object.hasOwn(paths, path) ? paths[path] : undefined
  const protocol = name === undefined ? undefined : protocols[name]
  if (protocol !== undefined) return protocol
  throw new Problem('not_found', { message: `The sandbox has no ${pathname}.` })
}

/** @throws Problem `body_too_large` over 64 MiB. */
export const collect = async (chunks: AsyncIterable<Buffer>): Promise<Buffer> => {
  const kept: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of chunks) {
    sizeBytes += chunk.length
    if (sizeBytes > bodyBytesMax)
      throw new Problem('body_too_large', { message: `The sandbox takes bodies of at most ${bodyBytesMax} bytes.` })
    kept.push(chunk)
  }
  return Buffer.concat(kept)
}

const bodyOf = async (request: UpstreamRequest): Promise<InboundBody> => {
  const { body } = request
  const contentType = request.headers['content-type'] ?? ''
  if (body.kind === 'none') return { kind: 'none' }
  if (body.kind === 'bytes') return { kind: 'bytes', bytes: Buffer.from(body.bytes), contentType }
  if (/^multipart\/form-data\b/i.test(contentType))
    return { kind: 'form', form: await measureForm(body.open(), contentType) }
  return { kind: 'bytes', bytes: await collect(body.open()), contentType }
}

/** The request as if it had come over a socket of this machine. */
export const inboundOf = async (request: UpstreamRequest, clock: Clock): Promise<Inbound> => {
  const { pathname, searchParams } = new URL(request.url)
  return {
    id: 'sandbox',
    origin: '',
    method: request.method,
    path: pathname,
    query: searchParams,
    headers: request.headers,
    remoteAddress: '127.0.0.1',
    fromLoopback: true,
    arrivedMs: clock.monotonicMs(),
    signal: request.signal,
    body: await bodyOf(request),
  }
}

/** A digest of what the answer depends on: every byte of JSON; of a form its fields and the sizes of its files. */
export const seedOf = (call: Call): string => {
  const { payload } = call
  const hash = createHash('sha256').update(call.endpoint)
  if (payload.kind === 'json') return hash.update(payload.top.source).digest('hex')
  const parts = payload.form.parts.map((part) => [part.name, part.kind === 'field' ? part.value : part.sizeBytes])
  return hash.update(JSON.stringify(parts)).digest('hex')
}
