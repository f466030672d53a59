/** A call in the format of a target that does not speak the caller's: read into the shared words, written in the target's. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { parseExactly } from '#base/exact-json.ts'
import { scanTopLevel, spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Call, Converted, Edits, Warning } from './call.ts'
import type { FindCall, TakenBack } from './carried-call.ts'
import { putBack } from './carried-call.ts'
import type { ChatRequest } from './chat-request.ts'
import { lossesOf, withWarnings } from './feature.ts'
import type { ChatTarget, Protocol, UpstreamProtocol } from './protocol.ts'
import { withTurn } from './system-alone.ts'
import type { ToolNames } from './tool-name.ts'
import { fitToolNames } from './tool-name.ts'

/** Whether calls of the one can be answered by targets of the other. */
export const canTranslate = (from: Protocol, to: UpstreamProtocol): boolean => {
  if (from.kind !== to.kind && !(from.kind === 'completion' && to.kind === 'chat')) return false
  if (from.kind === 'embedding')
    return from.server.readEmbedding !== undefined && to.client.writeEmbedding !== undefined
  return from.server.readChat !== undefined && to.client.writeChat !== undefined
}

export type Translation = {
  readonly call: Call
  readonly request: ChatRequest
  /** Tools that the target knows by other names. */
  readonly toolNames: ToolNames
}

export type TranslationOrder = {
  readonly from: Protocol
  readonly to: UpstreamProtocol
  readonly target: ChatTarget
  /** What the caller left out and the target takes back; absent: nothing is put back. */
  readonly restore?: { readonly find: FindCall; readonly taken: TakenBack }
}

/** A call of which these members have changed. */
export const withEdits = (call: Call, edits: Edits): Call => {
  assert(call.payload.kind === 'json', 'only JSON has members')
  const bytes = Buffer.from(spliceTopLevel(call.payload.top, edits))
  let body: JsonObject | null = null
  return {
    ...call,
    payload: { kind: 'json', top: scanTopLevel(bytes) },
    body: () => {
      body ??= parseExactly(bytes.toString('utf8')) as JsonObject
      return body
    },
  }
}

const distinct = (warnings: readonly Warning[]): readonly Warning[] => [
  ...new Map(warnings.map((warning) => [`${warning.field}:${warning.reason}`, warning])).values(),
]

/** Calls of tools that are signed by another maker's model: thoughts are looked at where they are written. */
const foreignSignatures = ({ messages }: ChatRequest, { takesBack }: UpstreamProtocol): readonly Warning[] =>
  takesBack === undefined
    ? []
    : messages.flatMap(({ content }, at) =>
        content.flatMap((block, index): readonly Warning[] =>
          block.type === 'tool-call' &&
          block.carriers.length > 0 &&
          !block.carriers.some(({ format }) => takesBack.includes(format))
            ? [
                {
                  field: `messages[${at}].content[${index}]`,
                  reason: "signed by another maker's model: not taken back",
                },
              ]
            : [],
        ),
      )

/**
 * The call as if its caller spoke the format of the target; everything behind it (rules, quirks, the question for usage,
 * reading the reply) works as for such a caller. A warning for everything that is lost.
 * @throws Problem `invalid_request_error` naming the field that cannot be read.
 */
export const translateCall = (call: Call, { from, to, target, restore }: TranslationOrder): Converted<Translation> => {
  const { readChat } = from.server
  const { writeChat } = to.client
  assert(readChat !== undefined && writeChat !== undefined, 'only formats of one kind are translated')
  assert(from.fields !== undefined && to.fields !== undefined, 'a format that is translated declares its fields')
  const { value: asked, warnings: read } = readChat(call)
  const whole =
    restore === undefined ? asked : { ...asked, messages: putBack(asked.messages, restore.find, restore.taken) }
  const { value: request, warnings: turned } = withWarnings((warn) =>
    to.wantsTurn === true ? withTurn(whole, warn) : whole,
  )
  const fitted = fitToolNames(request, to.toolNames)
  const { value: body, warnings: written } = writeChat(fitted.request, target)
  const bytes = Buffer.from(JSON.stringify(body))
  return {
    value: {
      request,
      toolNames: fitted.names,
      call: {
        ...call,
        protocol: to.name,
        kind: to.kind,
        endpoint: to.client.path ?? call.endpoint,
        models: [],
        payload: { kind: 'json', top: scanTopLevel(bytes) },
        usageWish: { inStream: false, cost: false },
        body: () => body,
        warnings: [],
      },
    },
    warnings: distinct([
      ...read,
      ...lossesOf(request, { source: from.fields, target: to.fields }),
      ...foreignSignatures(request, to),
      ...turned,
      ...written,
    ]),
  }
}
