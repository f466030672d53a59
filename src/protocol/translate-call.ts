/** A call in the format of a target that does not speak the caller's: read into the shared words, written in the target's. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { scanTopLevel } from '#base/json.ts'
import type { Call, Converted, Warning } from './call.ts'
import type { ChatRequest } from './chat-request.ts'
import { lossesOf } from './feature.ts'
import type { ChatTarget, Protocol, UpstreamProtocol } from './protocol.ts'

/** Whether calls of the one can be answered by targets of the other. */
export const canTranslate = (from: Protocol, to: UpstreamProtocol): boolean =>
  from.kind === to.kind && from.server.readChat !== undefined && to.client.writeChat !== undefined

export type Translation = {
  readonly call: Call
  readonly request: ChatRequest
}

export type TranslationOrder = {
  readonly from: Protocol
  readonly to: UpstreamProtocol
  readonly target: ChatTarget
}

const distinct = (warnings: readonly Warning[]): readonly Warning[] => [
  ...new Map(warnings.map((warning) => [`${warning.field}:${warning.reason}`, warning])).values(),
]

/**
 * The call as if its caller spoke the format of the target; everything behind it (rules, quirks, the question for usage,
 * reading the reply) works as for such a caller. A warning for everything that is lost.
 * @throws Problem `invalid_request_error` naming the field that cannot be read.
 */
export const translateCall = (call: Call, { from, to, target }: TranslationOrder): Converted<Translation> => {
  const { readChat } = from.server
  const { writeChat } = to.client
  assert(readChat !== undefined && writeChat !== undefined, 'only formats of one kind are translated')
  assert(from.fields !== undefined && to.fields !== undefined, 'a format that is translated declares its fields')
  const { value: request, warnings: read } = readChat(call)
  const { value: body, warnings: written } = writeChat(request, target)
  const bytes = Buffer.from(JSON.stringify(body))
  return {
    value: {
      request,
      call: {
        ...call,
        protocol: to.name,
        endpoint: to.client.path ?? call.endpoint,
        models: [],
        payload: { kind: 'json', top: scanTopLevel(bytes) },
        usageWish: { inStream: false, cost: false },
        body: () => body,
        warnings: [],
      },
    },
    warnings: distinct([...read, ...lossesOf(request, { source: from.fields, target: to.fields }), ...written]),
  }
}
