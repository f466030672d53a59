/** OpenAI's Responses. */

import type { Answer } from '../script.ts'
import { usage } from '../script.ts'
import type { Json, Tongue } from './tongue.ts'
import { dataUrl, inThree, list, namedEvent, parsed, record, text } from './tongue.ts'

const partsOf = (value: unknown): readonly Json[] =>
  typeof value === 'string' ? [{ type: 'input_text', text: value }] : list(value)

const textOf = (value: unknown): string =>
  partsOf(value)
    .map((part) => text(part['text']))
    .join('')

const isMessage = (item: Json): boolean => item['type'] === 'message' || item['type'] === undefined

const hear: Tongue['hear'] = (body) => {
  const { input } = body
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : list(input)
  const messages = items.filter(isMessage)
  const of = (type: string): readonly Json[] => items.filter((item) => item['type'] === type)
  const said = (...roles: readonly string[]): readonly Json[] =>
    messages.filter((message) => roles.includes(text(message['role'])))
  const instructions = text(body['instructions'])
  return {
    stream: body['stream'] === true,
    system: [
      ...(instructions === '' ? [] : [instructions]),
      ...said('system', 'developer').map((message) => textOf(message['content'])),
    ].join('\n'),
    asked: textOf(said('user').at(-1)?.['content']),
    images: said('user')
      .flatMap((message) => partsOf(message['content']))
      .filter((part) => part['type'] === 'input_image')
      .map((part) => dataUrl(text(part['image_url']))),
    tools: list(body['tools']).map(({ name, parameters }) => ({ name: text(name), parameters })),
    schema: record(record(body['text'])['format'])['schema'] ?? null,
    calls: of('function_call').map((item) => ({
      id: text(item['call_id']),
      name: text(item['name']),
      input: parsed(item['arguments']),
    })),
    results: of('function_call_output').map((item) => ({ id: text(item['call_id']), text: textOf(item['output']) })),
    thoughts: of('reasoning').map((item) => ({
      text: textOf(item['summary']),
      signature: typeof item['encrypted_content'] === 'string' ? item['encrypted_content'] : null,
    })),
  }
}

const figures = {
  input_tokens: usage.input,
  input_tokens_details: { cached_tokens: usage.cached },
  output_tokens: usage.output,
  output_tokens_details: { reasoning_tokens: usage.reasoning },
  total_tokens: usage.input + usage.output,
}

type Item = { readonly id: string; readonly type: string } & Json

const itemsOf = ({ thought, signature, pieces, calls, finish }: Answer): readonly Item[] => [
  ...(thought === ''
    ? []
    : [
        {
          id: 'rs_1',
          type: 'reasoning',
          summary: [{ type: 'summary_text', text: thought }],
          encrypted_content: signature,
        },
      ]),
  ...(pieces.length === 0
    ? []
    : [
        {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          status: finish === 'length' ? 'incomplete' : 'completed',
          content: [{ type: 'output_text', text: pieces.join(''), annotations: [] }],
        },
      ]),
  ...calls.map(({ id, name, input }, index) => ({
    id: `fc_${index}`,
    type: 'function_call',
    status: 'completed',
    call_id: id,
    name,
    arguments: input,
  })),
]

const response = (answer: Answer, model: string, isOver: boolean) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_790_000_000,
  status: !isOver ? 'in_progress' : answer.finish === 'length' ? 'incomplete' : 'completed',
  error: null,
  incomplete_details: isOver && answer.finish === 'length' ? { reason: 'max_output_tokens' } : null,
  instructions: null,
  max_output_tokens: null,
  model,
  output: isOver ? itemsOf(answer) : [],
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: false,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
  usage: isOver ? figures : null,
  metadata: {},
})

type Event = { readonly type: string } & Json

const reasoningEvents = (item: Item, at: Json, thought: string): readonly Event[] => {
  const place = { item_id: item.id, ...at, summary_index: 0 }
  return [
    { type: 'response.output_item.added', ...at, item: { ...item, summary: [] } },
    { type: 'response.reasoning_summary_part.added', ...place, part: { type: 'summary_text', text: '' } },
    ...inThree(thought).map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...place, delta })),
    { type: 'response.reasoning_summary_text.done', ...place, text: thought },
    { type: 'response.reasoning_summary_part.done', ...place, part: { type: 'summary_text', text: thought } },
    { type: 'response.output_item.done', ...at, item },
  ]
}

const messageEvents = (item: Item, at: Json, pieces: readonly string[]): readonly Event[] => {
  const place = { item_id: item.id, ...at, content_index: 0 }
  const part = { type: 'output_text', text: '', annotations: [] }
  return [
    { type: 'response.output_item.added', ...at, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...place, part },
    ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text: pieces.join(''), logprobs: [] },
    { type: 'response.content_part.done', ...place, part: { ...part, text: pieces.join('') } },
    { type: 'response.output_item.done', ...at, item },
  ]
}

const callEvents = (item: Item, at: Json): readonly Event[] => {
  const place = { item_id: item.id, ...at }
  const input = text(item['arguments'])
  return [
    { type: 'response.output_item.added', ...at, item: { ...item, status: 'in_progress', arguments: '' } },
    ...inThree(input).map((delta) => ({ type: 'response.function_call_arguments.delta', ...place, delta })),
    { type: 'response.function_call_arguments.done', ...place, arguments: input, name: item['name'] },
    { type: 'response.output_item.done', ...at, item },
  ]
}

const events = (answer: Answer, model: string): readonly string[] => {
  const body = itemsOf(answer).flatMap((item, index) => {
    const at = { output_index: index }
    if (item.type === 'reasoning') return reasoningEvents(item, at, answer.thought)
    return item.type === 'message' ? messageEvents(item, at, answer.pieces) : callEvents(item, at)
  })
  const end = answer.finish === 'length' ? 'response.incomplete' : 'response.completed'
  const all: readonly Event[] = [
    { type: 'response.created', response: response(answer, model, false) },
    { type: 'response.in_progress', response: response(answer, model, false) },
    ...body,
    { type: end, response: response(answer, model, true) },
  ]
  return all.map((event, index) => namedEvent(Object.assign(event, { sequence_number: index })))
}

const failure = (status: number, message: string): object => ({
  error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code: null },
})

export const responses: Tongue = {
  name: 'responses',
  hear,
  whole: (answer, model) => response(answer, model, true),
  events,
  endEvents: 1,
  failure,
  failureEvent: namedEvent({
    type: 'error',
    ...{ code: 'server_error', message: 'It broke in the middle.', param: null, sequence_number: 9 },
  }),
}
