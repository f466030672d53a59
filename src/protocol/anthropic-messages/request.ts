/** The Messages request: which fields the relay looks at. https://platform.claude.com/docs/en/api/messages, read 2026-11-22. */

import type { RequestShape } from '#protocol/openai/request.ts'

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
