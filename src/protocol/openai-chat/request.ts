/** The chat request: which fields are looked at. */

import type { RequestShape } from '#protocol/openai/request.ts'

export const chatRequest: RequestShape = {
  name: 'openai-chat',
  kind: 'chat',
  endpoints: ['chat/completions'],
  modelDefault: null,
  required: { messages: 'array' },
  form: false,
  outputMax: ['max_completion_tokens', 'max_tokens'],
  choices: ['n'],
  batch: null,
}
