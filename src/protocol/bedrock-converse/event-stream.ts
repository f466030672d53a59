/**
 * Amazon's binary event stream, cut anywhere: a length, headers and a body between two checksums.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html, read 2026-11-28.
 */

import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import { parseExactly } from '#base/exact-json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { notTheProtocol } from '#protocol/openai/upstream-problem.ts'

/** A message has at least its prelude (8 bytes), the prelude's checksum, and its own. */
const messageBytesMin = 16
const preludeBytes = 12
/** The most that the format allows: 16 MiB of body, 128 KiB of headers. */
const messageBytesMax = 16_777_216 + 131_072 + messageBytesMin

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
)

export type StreamMessage = {
  readonly raw: Buffer
  readonly type: 'event' | 'exception' | 'error'
  /** `contentBlockDelta`, `throttlingException` … */
  readonly name: string
  readonly body: JsonObject
}

const broken = (cause?: unknown): Error =>
  notTheProtocol("Bedrock's event stream is broken: a message does not bear out its checksum.", 'protocol', cause)

const parse = (body: Uint8Array): JsonObject => {
  if (body.length === 0) return {}
  try {
    const value: unknown = parseExactly(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
    if (isObject(value)) return value
  } catch (cause) {
    throw notTheProtocol("A message of Bedrock's event stream is no JSON.", 'protocol', cause)
  }
  throw notTheProtocol("A message of Bedrock's event stream is not a JSON object.", 'protocol')
}

const decode = (raw: Buffer): StreamMessage => {
  let message: ReturnType<EventStreamCodec['decode']>
  try {
    message = codec.decode(raw)
  } catch (cause) {
    throw broken(cause)
  }
  const header = (name: string): string => String(message.headers[name]?.value ?? '')
  const type = header(':message-type')
  if (type === 'error') {
    const said = { message: header(':error-message') }
    return { raw, type, name: header(':error-code'), body: said }
  }
  const isException = type === 'exception'
  const name = header(isException ? ':exception-type' : ':event-type')
  return { raw, type: isException ? 'exception' : 'event', name, body: parse(message.body) }
}

/** Gathers bytes into messages. */
export class StreamMessages {
  #held: Buffer[] = []
  #heldBytes = 0
  /** Of the message that is being gathered; 0 = its prelude is not here yet. */
  #lengthBytes = 0

  #join(): Buffer {
    const [only] = this.#held
    const joined = this.#held.length === 1 && only !== undefined ? only : Buffer.concat(this.#held)
    this.#held = [joined]
    return joined
  }

  /** The messages that these bytes complete. @throws Problem `upstream_error` where a checksum does not fit. */
  *read(bytes: Buffer): Generator<StreamMessage> {
    if (bytes.length === 0) return
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    while (this.#heldBytes >= preludeBytes) {
      if (this.#lengthBytes === 0) this.#lengthBytes = this.#readPrelude()
      if (this.#heldBytes < this.#lengthBytes) return
      const raw = this.#join().subarray(0, this.#lengthBytes)
      this.#drop(this.#lengthBytes)
      this.#lengthBytes = 0
      yield decode(raw)
    }
  }

  #drop(lengthBytes: number): void {
    const rest = this.#join().subarray(lengthBytes)
    this.#held = rest.length === 0 ? [] : [rest]
    this.#heldBytes = rest.length
  }

  #readPrelude(): number {
    const start = this.#join()
    const lengthBytes = start.readUInt32BE(0)
    if (crc32(start.subarray(0, 8)) !== start.readUInt32BE(8)) throw broken()
    if (lengthBytes < messageBytesMin || lengthBytes > messageBytesMax) throw broken()
    return lengthBytes
  }
}
