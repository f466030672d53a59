/** The Messages request: which fields the relay looks at. https://platform.claude.com/docs/en/api/messages, read 2026-11-22. */

import { memberText } from '#base/json.ts'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import type { Call } from '#protocol/call.ts'
import type { RequestShape } from '#protocol/openai/request.ts'
import { readRequest } from '#protocol/openai/request.ts'
import { hasValue, refuse } from '#protocol/openai/request-field.ts'

export const messagesRequest: RequestShape = {
  name: 'anthropic-messages',
  kind: 'chat',
  endpoints: ['messages'],
  modelDefault: null,
  required: { messages: 'array' },
  form: false,
  outputMax: ['max_tokens'],
  choices: [],
  batch: null,
}

/**
 * A conversation that the provider keeps and goes on from by the id of a message would be anybody's who knows the id: all callers share
 * the provider's account. Anthropic's clients know this refusal and send the whole conversation from then on.
 * `@anthropic-ai/sdk` 1.12.0, lib/internal/threads/ThreadState, read 2026-11-29.
 */
const refuseThread = ({ payload }: Call): void => {
  const thread = payload.kind === 'json' ? memberText(payload.top, 'thread') : undefined
  if (thread === undefined || thread[0] === 0x6e) return
  throw new Problem('unsupported_parameter', {
    message:
      "'thread' is not available through this relay: nothing is kept of a conversation of Messages. Send every turn with all of its messages, without 'thread'.",
    param: 'thread',
    facts: { error_code: 'thread_unsupported_request' },
  })
}

/** A question for the tokens of a call of Messages, or of the call itself. @throws Problem as `readRequest`; `unsupported_parameter` where it goes on from what a provider keeps. */
export const readCounted = (inbound: Inbound): Call => {
  const call = readRequest(inbound, messagesRequest)
  refuseThread(call)
  return call
}

/**
 * A call of Messages. Its format has no answer without a bound, whoever gives it: Anthropic answers "max_tokens: Field required"
 * (https://platform.claude.com/docs/en/api/messages, read 2026-11-30).
 * @throws Problem as `readCounted`; `invalid_request_error` where it does not say how long the answer may get.
 */
export const readMessages = (inbound: Inbound): Call => {
  const call = readCounted(inbound)
  if (call.payload.kind === 'json' && !hasValue(call.payload.top, 'max_tokens'))
    refuse('max_tokens', 'max_tokens: Field required. Say how many tokens the answer may have at most.')
  return call
}
