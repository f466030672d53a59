/** Chat Completions with `reasoning_content`, as compatible servers speak it. */

import type { Answer } from '../script.ts'
import { usage } from '../script.ts'
import type { Json, Tongue } from './tongue.ts'
import { dataEvent, dataUrl, inThree, list, parsed, record, text } from './tongue.ts'

const partsOf = (message: Json | undefined): readonly Json[] =>
  typeof message?.['content'] === 'string' ? [{ type: 'text', text: message['content'] }] : list(message?.['content'])

const textOf = (message: Json | undefined): string =>
  partsOf(message)
    .map((part) => text(part['text']))
    .join('')

const hear: Tongue['hear'] = (body) => {
  const messages = list(body['messages'])
  const of = (...roles: readonly string[]): readonly Json[] =>
    messages.filter((message) => roles.includes(text(message['role'])))
  return {
    stream: body['stream'] === true,
    system: of('system', 'developer').map(textOf).join('\n'),
    asked: textOf(of('user').at(-1)),
    images: of('user')
      .flatMap(partsOf)
      .filter((part) => part['type'] === 'image_url')
      .map((part) => dataUrl(text(record(part['image_url'])['url']))),
    tools: list(body['tools']).map((tool) => {
      const { name, parameters } = record(tool['function'])
      return { name: text(name), parameters }
    }),
    schema: record(record(body['response_format'])['json_schema'])['schema'] ?? null,
    calls: of('assistant')
      .flatMap((message) => list(message['tool_calls']))
      .map((call) => ({
        id: text(call['id']),
        name: text(record(call['function'])['name']),
        input: parsed(record(call['function'])['arguments']),
      })),
    results: of('tool').map((message) => ({ id: text(message['tool_call_id']), text: textOf(message) })),
    thoughts: of('assistant')
      .filter((message) => message['reasoning_content'] !== undefined)
      .map((message) => ({ text: text(message['reasoning_content']), signature: null })),
  }
}

const finishes = { stop: 'stop', length: 'length', tools: 'tool_calls' } as const

const figures = {
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cached },
  completion_tokens_details: { reasoning_tokens: usage.reasoning },
}

const head = (model: string) => ({ id: 'chatcmpl-1', created: 1_790_000_000, model })

const whole = ({ thought, pieces, calls, finish }: Answer, model: string): object => ({
  ...head(model),
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: pieces.length === 0 ? null : pieces.join(''),
        ...(thought === '' ? {} : { reasoning_content: thought }),
        ...(calls.length === 0
          ? {}
          : {
              tool_calls: calls.map(({ id, name, input }) => ({
                id,
                type: 'function',
                function: { name, arguments: input },
              })),
            }),
      },
      finish_reason: finishes[finish],
    },
  ],
  usage: figures,
})

/** Arguments of several calls come in turns. */
const callDeltas = (calls: Answer['calls']): readonly object[] => {
  const heads = calls.map(({ id, name }, index) => ({
    tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
  }))
  const turns = [0, 1, 2].flatMap((turn) =>
    calls.map(({ input }, index) => ({
      tool_calls: [{ index, function: { arguments: inThree(input)[turn] ?? '' } }],
    })),
  )
  return [...heads, ...turns]
}

const events = ({ thought, pieces, calls, finish }: Answer, model: string): readonly string[] => {
  const chunk = (delta: object, reason: string | null = null): string =>
    dataEvent({
      ...head(model),
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: reason }],
    })
  return [
    chunk({ role: 'assistant', content: '' }),
    ...inThree(thought).map((piece) => chunk({ reasoning_content: piece })),
    ...pieces.map((piece) => chunk({ content: piece })),
    ...callDeltas(calls).map((delta) => chunk(delta)),
    chunk({}, finishes[finish]),
    dataEvent({ ...head(model), object: 'chat.completion.chunk', choices: [], usage: figures }),
    dataEvent('[DONE]'),
  ]
}

const failure = (status: number, message: string): object => ({
  error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code: null },
})

export const chat: Tongue = {
  name: 'chat',
  hear,
  whole,
  events,
  endEvents: 3,
  failure,
  failureEvent: dataEvent(failure(500, 'It broke in the middle.')),
}
