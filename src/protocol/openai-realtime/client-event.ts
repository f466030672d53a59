/** What a caller sends within a session: one JSON object a message, read no further than the relay needs. */

import type { Buffer } from 'node:buffer'
import type { TopLevel } from '#base/json.ts'
import { memberText, readMember, scanTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Message } from '#http/channel.ts'

export type ClientEvent = {
  readonly type: string
  /** The caller's own name for it, which an error about it repeats; `null` = it has none. */
  readonly eventId: string | null
  readonly top: TopLevel
  /** A member that is an object; empty where it is none. */
  readonly object: (name: string) => JsonObject
  /** The bytes of a member's value; `undefined` = there is none. */
  readonly text: (name: string) => Buffer | undefined
}

/** @throws Problem `invalid_json`, `invalid_request_error`. */
export const readClientEvent = ({ data, binary }: Message): ClientEvent => {
  if (binary)
    throw new Problem('invalid_request_error', {
      message: 'A binary message was sent, and this API speaks JSON in text messages; sound is base64 within them.',
    })
  const top = scanTopLevel(data)
  const type = readMember(top, 'type')
  if (typeof type !== 'string')
    throw new Problem('invalid_request_error', {
      message: "An event must have a 'type', which is a text.",
      param: 'type',
    })
  const eventId = readMember(top, 'event_id')
  return {
    type,
    eventId: typeof eventId === 'string' ? eventId : null,
    top,
    object: (name) => {
      const value = readMember(top, name)
      return isObject(value) ? value : {}
    },
    text: (name) => memberText(top, name),
  }
}
