/** Messages of Amazon's binary event stream, as Bedrock sends them. */

import { EventStreamCodec } from '@smithy/eventstream-codec'

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
)

/** What kind of message (`event`, `exception`, `error`), its name, and its body. */
export type StreamedMessage = readonly [kind: string, name: string, body: object]

const nameHeaders: Readonly<Record<string, string>> = {
  event: ':event-type',
  exception: ':exception-type',
  error: ':error-code',
}

const header = (value: string) => ({ type: 'string', value }) as const

export const encodeMessage = ([kind, name, body]: StreamedMessage): Buffer =>
  Buffer.from(
    codec.encode({
      headers: {
        [nameHeaders[kind] ?? ':event-type']: header(name),
        ':content-type': header('application/json'),
        ':message-type': header(kind),
        ...(kind === 'error' && 'message' in body ? { ':error-message': header(String(body.message)) } : {}),
      },
      body: kind === 'error' ? new Uint8Array() : Buffer.from(JSON.stringify(body)),
    }),
  )
