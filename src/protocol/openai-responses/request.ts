/** The Responses request: which fields are looked at. */

import type { RequestShape } from '#protocol/openai/request.ts'

export const responsesRequest: RequestShape = {
  name: 'openai-responses',
  kind: 'chat',
  endpoints: ['responses'],
  modelDefault: null,
  // An input may be absent: a stored prompt, or a response that is continued, can stand for it.
  required: {},
  form: false,
  outputMax: ['max_output_tokens'],
  choices: [],
  batch: null,
}
