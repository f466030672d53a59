/** A call as a protocol reads it, made from a body: what tests of pure decisions need. */

import { Buffer } from 'node:buffer'
import { scanTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'

/** A call of `openai-chat` with this body, byte for byte. */
export const callOf = (text: string, rest: Partial<Call> = {}): Call => {
  const source = Buffer.from(text)
  return {
    id: 'call_1',
    protocol: 'openai-chat',
    endpoint: 'chat/completions',
    kind: 'chat',
    model: 'm',
    models: [],
    stream: false,
    outputMax: null,
    choices: 1,
    payload: { kind: 'json', top: scanTopLevel(source) },
    inputBytes: source.length,
    usageWish: { inStream: false, cost: false },
    body: () => JSON.parse(text) as JsonObject,
    warnings: [],
    ...rest,
  }
}
