/** What a provider sends within a session, and what Drover itself says there. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Problem } from '#base/problem.ts'
import type { Message } from '#http/channel.ts'
import type { Asked } from '#http/inbound.ts'
import { errorJson } from '#http/problem-answer.ts'

/** A JSON object as a message. */
export const messageOf = (event: JsonObject): Message => ({ data: Buffer.from(JSON.stringify(event)), binary: false })

/** An event of a provider; `null` = it is none: it is passed on unread. */
export const readServerEvent = ({ data, binary }: Message): JsonObject | null => {
  if (binary) return null
  try {
    const event: unknown = JSON.parse(data.toString('utf8'))
    return isObject(event) && typeof event['type'] === 'string' ? event : null
  } catch {
    // Not JSON: there is nothing to read, and the caller gets it as it came.
    return null
  }
}

export type ErrorAbout = Asked & {
  /** The name of the event that the error answers; `null` = it answers none. */
  readonly eventId: string | null
}

/** OpenAI's code for a session that has lasted as long as one may: clients that open another one then look for it. */
export const sessionExpired = 'session_expired'

/**
 * An `error` event, as OpenAI's clients know it: `event_id` of the event itself and, within `error`, of the one that it is about
 * (OpenAPI document of OpenAI, RealtimeServerEventError).
 */
export const errorEvent = (problem: Problem, about: ErrorAbout): JsonObject => ({
  type: 'error',
  event_id: `event_${about.id.replace(/^call_/, '')}`,
  error: {
    ...errorJson(problem, about),
    ...(problem.detail.facts?.['reason'] === sessionExpired ? { code: sessionExpired } : {}),
    event_id: about.eventId,
  },
})
