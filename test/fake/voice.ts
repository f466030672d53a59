/** How a provider of one protocol says the same things, so that every fault can be met in every protocol. */

import { completion, completionEvents } from './openai.ts'

export type Voice = {
  /** The protocol's name, and the path behind the version that its callers use. */
  readonly protocol: string
  readonly path: string
  readonly body: (model: string, stream: boolean) => object
  readonly whole: (text: string) => object
  /** The events of a stream that says these words; `firstPart` = the index of the event that holds the first of them. */
  readonly events: (words: readonly string[]) => readonly string[]
  readonly firstPart: number
  /** The body of an error, as the protocol writes it. */
  readonly error: (message: string) => object
}

export const openaiChatVoice: Voice = {
  protocol: 'openai-chat',
  path: 'chat/completions',
  body: (model, stream) => ({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
  whole: (text) => completion({ content: text }),
  events: (words) => completionEvents(words, { usage: true }),
  firstPart: 1,
  error: (message) => ({ error: { message, type: 'server_error', param: null, code: null } }),
}
