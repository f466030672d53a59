/** The Responses request: which fields are looked at. */

import type { RequestShape } from '#protocol/openai/request.ts'

/** A conversation made shorter (OpenAPI document of OpenAI, `/responses/compact`, read 2026-11-29); its answer is of the kind `response.compaction`. */
export const compactPath = 'responses/compact'

export const responsesRequest: RequestShape = {
  name: 'openai-responses',
  kind: 'chat',
  endpoints: ['responses', compactPath],
  modelDefault: null,
  // An input may be absent: a stored prompt, or a response that is continued, can stand for it.
  required: {},
  form: false,
  outputMax: ['max_output_tokens'],
  choices: [],
  batch: null,
}
