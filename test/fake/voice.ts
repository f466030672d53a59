/** How a provider of one protocol says the same things, so that every fault can be met in every protocol. */

import { completion, completionEvents } from './openai.ts'

export type Voice = {
  /** The protocol's name, a vendor that speaks it, and the path behind the version that its callers use. */
  readonly protocol: string
  readonly vendor: string
  readonly path: string
  readonly body: (model: string, stream: boolean) => object
  readonly whole: (text: string) => object
  /**
   * The events of a stream that says these words; `firstPart` = the index of the event after which nobody else is asked,
   * `firstWord` = of the one that holds the first word.
   */
  readonly events: (words: readonly string[]) => readonly string[]
  readonly firstPart: number
  readonly firstWord: number
  /** The body of an error, as the protocol writes it. */
  readonly error: (message: string) => object
}

export const openaiChatVoice: Voice = {
  protocol: 'openai-chat',
  vendor: 'openai-compatible',
  path: 'chat/completions',
  body: (model, stream) => ({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
  whole: (text) => completion({ content: text }),
  events: (words) => completionEvents(words, { usage: true }),
  firstPart: 1,
  firstWord: 1,
  error: (message) => ({ error: { message, type: 'server_error', param: null, code: null } }),
}

const event = (type: string, more: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

const message = (content: readonly object[], stopReason: string | null, outputTokens: number): object => ({
  id: 'msg_fake_0001',
  type: 'message',
  role: 'assistant',
  model: 'fake-model',
  content,
  stop_reason: stopReason,
  stop_sequence: null,
  usage: { input_tokens: 7, output_tokens: outputTokens },
})

export const anthropicVoice: Voice = {
  protocol: 'anthropic-messages',
  vendor: 'anthropic',
  path: 'messages',
  body: (model, stream) => ({ model, stream, max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] }),
  whole: (text) => message([{ type: 'text', text }], 'end_turn', 5),
  events: (words) => [
    event('message_start', { message: message([], null, 1) }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...words.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    event('content_block_stop', { index: 0 }),
    event('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: words.length },
    }),
    event('message_stop', {}),
  ],
  firstPart: 1,
  firstWord: 2,
  error: (text) => ({ type: 'error', error: { type: 'api_error', message: text } }),
}
