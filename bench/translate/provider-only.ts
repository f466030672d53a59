/** The same answer as providers send it whose formats no caller speaks: Bedrock's binary stream, Cohere's events, Ollama's lines. */

import type { Answer } from '../../interop/matrix/script.ts'
import type { StreamedMessage } from '../../test/fake/event-stream.ts'
import { encodeMessage } from '../../test/fake/event-stream.ts'

export type Bodies = { readonly chunks: readonly Buffer[]; readonly document: Buffer; readonly contentType: string }

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const textOf = ({ pieces }: Answer): string => pieces.join('')

/** Padding as Bedrock puts it to hide lengths. */
const p = 'abcdefghijklmnop'

export const bedrock = (answer: Answer): Bodies => {
  const { thought = '', signature, pieces, calls } = answer
  const event = (name: string, body: object): StreamedMessage => ['event', name, { ...body, p }]
  const delta = (contentBlockIndex: number, one: object): StreamedMessage =>
    event('contentBlockDelta', { contentBlockIndex, delta: one })
  const stop = (contentBlockIndex: number): StreamedMessage => event('contentBlockStop', { contentBlockIndex })
  const usage = { inputTokens: 40, outputTokens: 230, totalTokens: 270 }
  const messages = [
    event('messageStart', { role: 'assistant' }),
    delta(0, { reasoningContent: { text: thought } }),
    delta(0, { reasoningContent: { signature } }),
    stop(0),
    ...pieces.map((text) => delta(1, { text })),
    stop(1),
    ...calls.flatMap(({ id, name, input }, index) => [
      event('contentBlockStart', { contentBlockIndex: index + 2, start: { toolUse: { toolUseId: id, name } } }),
      delta(index + 2, { toolUse: { input } }),
      stop(index + 2),
    ]),
    event('messageStop', { stopReason: 'tool_use' }),
    event('metadata', { usage, metrics: { latencyMs: 900 } }),
  ]
  const content = [
    { reasoningContent: { reasoningText: { text: thought, signature } } },
    { text: textOf(answer) },
    ...calls.map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input: JSON.parse(input) as unknown } })),
  ]
  return {
    chunks: messages.map(encodeMessage),
    document: json({ output: { message: { role: 'assistant', content } }, stopReason: 'tool_use', usage }),
    contentType: 'application/vnd.amazon.eventstream',
  }
}

export const cohere = (answer: Answer): Bodies => {
  const { thought = '', pieces, calls } = answer
  const event = (type: string, body: object): Buffer =>
    Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`)
  const content = (type: string, index: number, one: object): Buffer =>
    event(type, { index, delta: { message: { content: one } } })
  const usage = {
    billed_units: { input_tokens: 40, output_tokens: 230 },
    tokens: { input_tokens: 90, output_tokens: 230 },
  }
  const called = calls.map(({ id, name, input }) => ({ id, type: 'function', function: { name, arguments: input } }))
  const message = { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }
  return {
    chunks: [
      event('message-start', { id: 'c14c80c3', delta: { message } }),
      content('content-start', 0, { type: 'thinking', thinking: '' }),
      content('content-delta', 0, { thinking: thought }),
      event('content-end', { index: 0 }),
      content('content-start', 1, { type: 'text', text: '' }),
      ...pieces.map((text) => content('content-delta', 1, { text })),
      event('content-end', { index: 1 }),
      ...called.flatMap((one, index) => [
        event('tool-call-start', { index, delta: { message: { tool_calls: one } } }),
        event('tool-call-end', { index }),
      ]),
      event('message-end', { delta: { finish_reason: 'TOOL_CALL', usage } }),
    ],
    document: json({
      id: 'c14c80c3',
      message: {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: thought },
          { type: 'text', text: textOf(answer) },
        ],
        tool_calls: called,
      },
      finish_reason: 'TOOL_CALL',
      usage,
    }),
    contentType: 'text/event-stream',
  }
}

export const ollama = (answer: Answer): Bodies => {
  const { thought = '', pieces, calls } = answer
  const head = { model: 'a-model', created_at: '2026-11-28T10:00:00.5Z' }
  const line = (message: object, rest: object = { done: false }): Buffer =>
    Buffer.from(`${JSON.stringify({ ...head, message: { role: 'assistant', content: '', ...message }, ...rest })}\n`)
  const called = calls.map(({ id, name, input }, index) => ({
    id,
    function: { index, name, arguments: JSON.parse(input) as unknown },
  }))
  const end = { done: true, done_reason: 'stop', prompt_eval_count: 40, eval_count: 230 }
  const message = { role: 'assistant', content: textOf(answer), thinking: thought, tool_calls: called }
  return {
    chunks: [
      line({ thinking: thought }),
      ...pieces.map((content) => line({ content })),
      line({ tool_calls: called }),
      line({}, end),
    ],
    document: json({ ...head, message, ...end }),
    contentType: 'application/x-ndjson',
  }
}
