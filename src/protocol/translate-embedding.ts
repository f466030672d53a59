/** A call for embeddings in the format of a target that does not speak the caller's, and its answer on the way back. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { scanTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call, Converted, Warning } from './call.ts'
import type { EmbeddingRequest } from './embedding.ts'
import { estimatedUsage } from './embedding.ts'
import { isErrorDocument } from './openai/stated-error.ts'
import { readInBandProblem } from './openai/upstream-problem.ts'
import type { Part } from './part.ts'
import type { Frame, Protocol, ReplyContext, ReplyHead, ReplyReader, UpstreamProtocol } from './protocol.ts'

/** An answer may not be larger than this. */
const answerBytesMax = 67_108_864

export type EmbeddingTranslation = { readonly call: Call; readonly request: EmbeddingRequest }

/**
 * The call as if its caller spoke the format of the target.
 * @throws Problem `invalid_request_error`, `unsupported_parameter` naming what cannot be read or said.
 */
export const translateEmbedding = (
  call: Call,
  { from, to, model }: { readonly from: Protocol; readonly to: UpstreamProtocol; readonly model: string },
): Converted<EmbeddingTranslation> => {
  const { readEmbedding } = from.server
  const { writeEmbedding } = to.client
  assert(readEmbedding !== undefined && writeEmbedding !== undefined, 'only formats of one kind are translated')
  const { value: request, warnings: read } = readEmbedding(call)
  const { value: written, warnings } = writeEmbedding(request, model)
  const bytes = Buffer.from(JSON.stringify(written.body))
  const unknown = Object.keys(request.extra).map(
    (field): Warning => ({ field, reason: 'unknown to the format of the target' }),
  )
  return {
    value: {
      request,
      call: {
        ...call,
        protocol: to.name,
        endpoint: written.endpoint,
        models: [],
        payload: { kind: 'json', top: scanTopLevel(bytes) },
        body: () => written.body,
        warnings: [],
      },
    },
    warnings: [...read, ...unknown, ...warnings],
  }
}

const broken = (message: string, fault: 'cut' | 'protocol'): Problem =>
  new Problem('upstream_error', { message, facts: { fault } })

const parsed = (bytes: Buffer): JsonObject => {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (isObject(value)) return value
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown
    throw broken('The provider answered with success, but its JSON is cut off or broken.', 'cut')
  }
  throw broken('The provider answered with JSON that is not an object.', 'protocol')
}

export type EmbeddingReading = {
  readonly from: Protocol
  readonly to: UpstreamProtocol
  readonly request: EmbeddingRequest
  readonly head: ReplyHead
  readonly context: ReplyContext
  /** Told where the provider says no usage, so that it is estimated. */
  readonly estimated?: () => void
}

class EmbeddingReader implements ReplyReader {
  readonly form = 'json'
  readonly #reading: EmbeddingReading
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0
  #complete = false

  constructor(reading: EmbeddingReading) {
    this.#reading = reading
  }

  read(bytes: Buffer): readonly Frame[] {
    this.#sizeBytes += bytes.length
    if (this.#sizeBytes > answerBytesMax)
      throw broken(`The provider's answer is larger than ${answerBytesMax} bytes.`, 'protocol')
    this.#chunks.push(bytes)
    return []
  }

  end(): readonly Frame[] {
    const bytes = Buffer.concat(this.#chunks)
    const document = parsed(bytes)
    if (isErrorDocument(document)) {
      const problem = readInBandProblem(document, bytes)
      return [{ raw: bytes, parts: [{ type: 'error', problem, raw: document }], role: 'content' }]
    }
    const { from, to, request, head, context, estimated } = this.#reading
    const reply = to.client.readEmbedding?.(document, head)
    if (reply === undefined || reply.vectors.length !== request.inputs.length)
      throw broken(
        `The provider gave ${reply?.vectors.length ?? 0} vectors for ${request.inputs.length} texts.`,
        'protocol',
      )
    if (reply.usage === null) estimated?.()
    const usage = reply.usage ?? estimatedUsage(request)
    const written = from.server.writeEmbedding?.({ ...reply, usage }, { request, context }) ?? {}
    this.#complete = true
    const told: Part = { type: 'usage', usage, raw: {} }
    return [{ raw: Buffer.from(JSON.stringify(written)), parts: [told], role: 'content' }]
  }

  complete(): boolean {
    return this.#complete
  }
}

/** Reads an answer of the target's and gives it in the caller's format, once it is whole. */
export const embeddingReader = (reading: EmbeddingReading): ReplyReader => new EmbeddingReader(reading)
