/** How a provider of one protocol says the same things, so that every fault can be met in every protocol. */

import type { Bytes } from './answer.ts'
import { encodeMessage } from './event-stream.ts'
import { completion, completionEvents } from './openai.ts'
import { responseEvents, wholeResponse } from './responses.ts'
import type { Seen } from './upstream.ts'

export type Voice = {
  /** The protocol's name, a vendor that speaks it, and what else its provider must say in drover.yaml. */
  readonly protocol: string
  readonly vendor: string
  readonly settings?: string
  /** Whether a request wants a stream. */
  readonly wantsStream: (seen: Seen) => boolean
  readonly streamType: string
  readonly whole: (text: string) => object
  /**
   * The events of a stream that says these words; `firstPart` = the index of the event after which nobody else is asked,
   * `firstWord` = of the one that holds the first word.
   */
  readonly events: (words: readonly string[]) => readonly Bytes[]
  readonly firstPart: number
  readonly firstWord: number
  /** The body of an error, as the protocol writes it. */
  readonly error: (message: string) => object
}

const asksInBody = ({ body }: Seen): boolean => body.includes('"stream":true')
const eventStream = 'text/event-stream'

export const openaiChatVoice: Voice = {
  protocol: 'openai-chat',
  vendor: 'openai-compatible',
  wantsStream: asksInBody,
  streamType: eventStream,
  whole: (text) => completion({ content: text }),
  events: (words) => completionEvents(words, { usage: true }),
  firstPart: 1,
  firstWord: 1,
  error: (message) => ({ error: { message, type: 'server_error', param: null, code: null } }),
}

export const responsesVoice: Voice = {
  protocol: 'openai-responses',
  vendor: 'openai',
  wantsStream: asksInBody,
  streamType: eventStream,
  whole: wholeResponse,
  events: responseEvents,
  firstPart: 3,
  firstWord: 4,
  error: (message) => ({ error: { message, type: 'server_error', param: null, code: 'server_error' } }),
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
  wantsStream: asksInBody,
  streamType: eventStream,
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

const generated = (text: string, more: object = {}, end: object = {}): object => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...more }],
  ...end,
  modelVersion: 'fake-model',
  responseId: 'fake-0001',
})
const counted = (output: number): object => ({
  usageMetadata: { promptTokenCount: 7, candidatesTokenCount: output, totalTokenCount: 7 + output },
})

/** By way of Vertex, whose vendor speaks nothing else: callers of chat reach it too. */
export const geminiVoice: Voice = {
  protocol: 'gemini',
  vendor: 'vertex',
  wantsStream: ({ target }) => target.includes(':streamGenerateContent'),
  streamType: eventStream,
  whole: (text) => generated(text, { finishReason: 'STOP' }, counted(5)),
  events: (words) =>
    words.map((text, index) => {
      const isLast = index === words.length - 1
      const said = isLast ? generated(text, { finishReason: 'STOP' }, counted(words.length)) : generated(text)
      return `data: ${JSON.stringify(said)}\r\n\r\n`
    }),
  firstPart: 0,
  firstWord: 0,
  error: (text) => ({ error: { code: 500, message: text, status: 'INTERNAL' } }),
}

export const bedrockVoice: Voice = {
  protocol: 'bedrock-converse',
  vendor: 'bedrock',
  settings: 'region: us-east-1',
  wantsStream: ({ target }) => target.includes('/converse-stream'),
  streamType: 'application/vnd.amazon.eventstream',
  whole: (text) => ({
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 7, outputTokens: 5, totalTokens: 12 },
  }),
  events: (words) =>
    [
      ['event', 'messageStart', { role: 'assistant' }] as const,
      ...words.map((text) => ['event', 'contentBlockDelta', { contentBlockIndex: 0, delta: { text } }] as const),
      ['event', 'contentBlockStop', { contentBlockIndex: 0 }] as const,
      ['event', 'messageStop', { stopReason: 'end_turn' }] as const,
      ['event', 'metadata', { usage: { inputTokens: 7, outputTokens: words.length, totalTokens: 12 } }] as const,
    ].map(encodeMessage),
  firstPart: 1,
  firstWord: 1,
  error: (text) => ({ message: text }),
}

const cohereUsage = {
  billed_units: { input_tokens: 7, output_tokens: 5 },
  tokens: { input_tokens: 7, output_tokens: 5 },
}

export const cohereVoice: Voice = {
  protocol: 'cohere-chat',
  vendor: 'cohere',
  wantsStream: asksInBody,
  streamType: eventStream,
  whole: (text) => ({
    id: 'fake-0001',
    message: { role: 'assistant', content: [{ type: 'text', text }] },
    finish_reason: 'COMPLETE',
    usage: cohereUsage,
  }),
  events: (words) => [
    event('message-start', { id: 'fake-0001', delta: { message: { role: 'assistant' } } }),
    event('content-start', { index: 0, delta: { message: { content: { type: 'text', text: '' } } } }),
    ...words.map((text) => event('content-delta', { index: 0, delta: { message: { content: { text } } } })),
    event('content-end', { index: 0 }),
    event('message-end', { delta: { finish_reason: 'COMPLETE', usage: cohereUsage } }),
  ],
  firstPart: 2,
  firstWord: 2,
  error: (text) => ({ message: text }),
}

const spoken = (content: string, more: object = { done: false }): object => ({
  model: 'm',
  created_at: '2026-11-28T10:00:00Z',
  message: { role: 'assistant', content },
  ...more,
})
const ollamaEnd = { done: true, done_reason: 'stop', prompt_eval_count: 7, eval_count: 5 }

export const ollamaVoice: Voice = {
  protocol: 'ollama-chat',
  vendor: 'ollama-native',
  wantsStream: asksInBody,
  streamType: 'application/x-ndjson',
  whole: (text) => spoken(text, ollamaEnd),
  events: (words) =>
    [...words.map((text) => spoken(text)), spoken('', ollamaEnd)].map((one) => `${JSON.stringify(one)}\n`),
  firstPart: 0,
  firstWord: 0,
  error: (text) => ({ error: text }),
}

/** Every protocol that a provider is asked in. */
export const voices: readonly Voice[] = [
  openaiChatVoice,
  responsesVoice,
  anthropicVoice,
  geminiVoice,
  bedrockVoice,
  cohereVoice,
  ollamaVoice,
]
