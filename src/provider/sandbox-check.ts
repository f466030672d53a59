/** What a provider would refuse in a chat: the relay passes these fields on unread, so that the sandbox has to look. */

import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import { listed, numberWithin, object, refuse, wholeNumber } from '#protocol/openai/request-field.ts'

/** As OpenAI documents them (https://platform.openai.com/docs/api-reference/chat/create, read 2026-11-30). */
const bounds: Readonly<Record<string, readonly [number, number]>> = {
  temperature: [0, 2],
  top_p: [0, 1],
  presence_penalty: [-2, 2],
  frequency_penalty: [-2, 2],
}

/** Of every vendor that is answered for. */
const roles = ['system', 'developer', 'user', 'assistant', 'tool', 'function']
/** What an assistant says may be a tool call alone. */
const speakers = ['system', 'developer', 'user']
const forms = ['text', 'json_object', 'json_schema']

const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(', ')

const checkMessage = (message: JsonObject | null, at: string): void => {
  const role = message?.['role']
  const content = message?.['content'] ?? null
  if (typeof role !== 'string') refuse(`${at}.role`, `The message has no 'role'. Add it as a string: ${quoted(roles)}.`)
  else if (!roles.includes(role)) refuse(`${at}.role`, `'${at}.role' is none of ${quoted(roles)}.`)
  else if (content === null && speakers.includes(role)) refuse(`${at}.content`, `The message has no 'content'.`)
  if (typeof content !== 'string') listed(content, `${at}.content`)
}

/**
 * Wrong types and values that are out of bounds or unknown.
 * @throws Problem `invalid_request_error` with the field as `param`.
 */
export const checkChat = (call: Call): void => {
  const body = call.body()
  for (const [name, range] of Object.entries(bounds)) numberWithin(body[name], name, range)
  for (const name of ['max_tokens', 'max_completion_tokens']) {
    const most = wholeNumber(body[name], name)
    if (most !== null && most < 0) refuse(name, `'${name}' is ${most}; it must not be below zero.`)
  }
  listed(body['tools'], 'tools')
  const form = object(body['response_format'], 'response_format')?.['type']
  if (form !== undefined && !forms.some((one) => one === form))
    refuse('response_format.type', `'response_format.type' is none of ${quoted(forms)}.`)
  const messages = listed(body['messages'], 'messages')
  if (messages.length === 0) refuse('messages', `'messages' is empty; at least one message is needed.`)
  for (const [at, message] of messages.entries()) checkMessage(object(message, `messages[${at}]`), `messages[${at}]`)
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
