/** What a provider would refuse in a chat: the relay passes these fields on unread, so that the sandbox has to look. */

import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import { listed, numberWithin, object, refuse } from '#protocol/openai/request-field.ts'

/** As OpenAI documents them (https://platform.openai.com/docs/api-reference/chat/create, read 2026-11-30). */
const bounds: Readonly<Record<string, readonly [number, number]>> = {
  temperature: [0, 2],
  top_p: [0, 1],
  presence_penalty: [-2, 2],
  frequency_penalty: [-2, 2],
}

/**
 * Wrong types and values out of bounds.
 * @throws Problem `invalid_request_error` with the field as `param`.
 */
export const checkChat = (call: Call): void => {
  const body = call.body()
  for (const [name, range] of Object.entries(bounds)) numberWithin(body[name], name, range)
  listed(body['tools'], 'tools')
  object(body['response_format'], 'response_format')
  for (const [at, message] of listed(body['messages'], 'messages').entries())
    if (typeof object(message, `messages[${at}]`)?.['role'] !== 'string')
      refuse(`messages[${at}].role`, `The message has no 'role'. Add it as a string: "user", "assistant", "system".`)
}

/**
 * Whether the input fits.
 * @param windowTokens `null` = how much the model takes is not known.
 * @throws Problem `context_length_exceeded`.
 */
export const checkWindow = (inputTokens: number, windowTokens: number | null): void => {
  if (windowTokens === null || inputTokens <= windowTokens) return
  throw new Problem('context_length_exceeded', {
    message:
      `This model's maximum context length is ${windowTokens} tokens, and the input has ${inputTokens}. ` +
      'Shorten the input, or choose a model with a longer context.',
    param: 'messages',
    facts: { context_tokens: windowTokens, input_tokens: inputTokens },
  })
}
