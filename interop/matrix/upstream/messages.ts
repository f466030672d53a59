/** Anthropic's Messages. */

import type { Answer } from '../script.ts'
import { usage } from '../script.ts'
import type { Json, Tongue } from './tongue.ts'
import { inThree, list, namedEvent, parsed, record, text } from './tongue.ts'

const blocksOf = (value: unknown): readonly Json[] =>
  typeof value === 'string' ? [{ type: 'text', text: value }] : list(value)

const textOf = (blocks: readonly Json[]): string =>
  blocks
    .filter((block) => block['type'] === 'text')
    .map((block) => text(block['text']))
    .join('')

const hear: Tongue['hear'] = (body) => {
  const messages = list(body['messages'])
  const blocks = (role: string): readonly Json[] =>
    messages.filter((message) => message['role'] === role).flatMap((message) => blocksOf(message['content']))
  const of = (type: string, role: string): readonly Json[] => blocks(role).filter((block) => block['type'] === type)
  const lastAsked = messages.findLast(
    (message) => message['role'] === 'user' && textOf(blocksOf(message['content'])) !== '',
  )
  return {
    stream: body['stream'] === true,
    system: textOf(blocksOf(body['system'])),
    asked: textOf(blocksOf(lastAsked?.['content'])),
    images: of('image', 'user').map((block) => {
      const source = record(block['source'])
      return { mediaType: text(source['media_type']), data: text(source['data']) }
    }),
    tools: list(body['tools']).map((tool) => ({ name: text(tool['name']), parameters: tool['input_schema'] })),
    schema: record(record(body['output_config'])['format'])['schema'] ?? null,
    calls: of('tool_use', 'assistant').map((block) => ({
      id: text(block['id']),
      name: text(block['name']),
      input: block['input'],
    })),
    results: of('tool_result', 'user').map((block) => ({
      id: text(block['tool_use_id']),
      text: textOf(blocksOf(block['content'])),
    })),
    thoughts: of('thinking', 'assistant').map((block) => ({
      text: text(block['thinking']),
      signature: typeof block['signature'] === 'string' ? block['signature'] : null,
    })),
  }
}

const finishes = { stop: 'end_turn', length: 'max_tokens', tools: 'tool_use' } as const

/** Input without what came from the cache, as Anthropic counts. */
const input = { input_tokens: usage.input - usage.cached, cache_read_input_tokens: usage.cached }
const figures = {
  ...input,
  cache_creation_input_tokens: 0,
  output_tokens: usage.output,
  output_tokens_details: { thinking_tokens: usage.reasoning },
}

const blocksSaid = ({ thought, signature, pieces, calls }: Answer): readonly Json[] => [
  ...(thought === '' ? [] : [{ type: 'thinking', thinking: thought, signature }]),
  ...(pieces.length === 0 ? [] : [{ type: 'text', text: pieces.join('') }]),
  ...calls.map(({ id, name, input: args }) => ({ type: 'tool_use', id, name, input: parsed(args) })),
]

const message = (answer: Answer, model: string) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model,
  content: blocksSaid(answer),
  stop_reason: finishes[answer.finish],
  stop_sequence: null,
  usage: figures,
})

const blockEvents = (block: Json, index: number, { pieces, calls }: Answer): readonly object[] => {
  const delta = (value: object): object => ({ type: 'content_block_delta', index, delta: value })
  const start = (content_block: object): object => ({ type: 'content_block_start', index, content_block })
  const stop = { type: 'content_block_stop', index }
  if (block['type'] === 'thinking')
    return [
      start({ type: 'thinking', thinking: '', signature: '' }),
      ...inThree(text(block['thinking'])).map((thinking) => delta({ type: 'thinking_delta', thinking })),
      delta({ type: 'signature_delta', signature: block['signature'] }),
      stop,
    ]
  if (block['type'] === 'text')
    return [
      start({ type: 'text', text: '' }),
      ...pieces.map((piece) => delta({ type: 'text_delta', text: piece })),
      stop,
    ]
  const written = calls.find(({ id }) => id === block['id'])?.input ?? ''
  return [
    start({ type: 'tool_use', id: block['id'], name: block['name'], input: {} }),
    delta({ type: 'input_json_delta', partial_json: '' }),
    ...inThree(written).map((partial_json) => delta({ type: 'input_json_delta', partial_json })),
    stop,
  ]
}

const events = (answer: Answer, model: string): readonly string[] => {
  const whole = message(answer, model)
  const all: readonly object[] = [
    {
      type: 'message_start',
      message: { ...whole, content: [], stop_reason: null, usage: { ...figures, output_tokens: 1 } },
    },
    { type: 'ping' },
    ...blocksSaid(answer).flatMap((block, index) => blockEvents(block, index, answer)),
    {
      type: 'message_delta',
      delta: { stop_reason: finishes[answer.finish], stop_sequence: null },
      usage: figures,
    },
    { type: 'message_stop' },
  ]
  return all.map((event) => namedEvent(event as { type: string }))
}

const kinds: Readonly<Record<number, string>> = { 400: 'invalid_request_error', 404: 'not_found_error' }

const failure = (status: number, message_: string) => ({
  type: 'error',
  error: { type: kinds[status] ?? 'api_error', message: message_ },
  request_id: 'req_1',
})

export const messages: Tongue = {
  name: 'messages',
  hear,
  whole: message,
  events,
  endEvents: 2,
  failure,
  failureEvent: namedEvent(failure(500, 'It broke in the middle.')),
}
