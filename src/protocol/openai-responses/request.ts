/** The Responses request: which fields are looked at. */

import type { Inbound } from '#http/inbound.ts'
import type { Call } from '#protocol/call.ts'
import type { RequestShape } from '#protocol/openai/request.ts'
import { readRequest } from '#protocol/openai/request.ts'
import { hasValue, refuse } from '#protocol/openai/request-field.ts'

/** A conversation made shorter (OpenAPI document of OpenAI, `/responses/compact`, read 2026-11-29); its answer is of the kind `response.compaction`. */
export const compactPath = 'responses/compact'

export const responsesRequest: RequestShape = {
  name: 'openai-responses',
  kind: 'chat',
  endpoints: ['responses', compactPath],
  modelDefault: null,
  // An input may be absent: see `readResponses`.
  required: {},
  form: false,
  outputMax: ['max_output_tokens'],
  choices: [],
  batch: null,
}

/** What a response can be made from. OpenAI refuses a request with none of them in these words (seen in issues of its clients, read 2026-11-30). */
const inputs: readonly string[] = ['input', 'previous_response_id', 'prompt', 'conversation']

/** @throws Problem as `readRequest`; `invalid_request_error` where there is nothing to answer. */
export const readResponses = (inbound: Inbound): Call => {
  const call = readRequest(inbound, responsesRequest)
  const { payload } = call
  if (payload.kind === 'json' && !inputs.some((name) => hasValue(payload.top, name)))
    refuse('input', `One of ${inputs.map((name) => `'${name}'`).join(', ')} must be provided.`)
  return call
}
