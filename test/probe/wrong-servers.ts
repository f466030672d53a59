/**
 * One wrong server for each probe: the ideal one with a single fault. Where a fault would be seen by several probes (a tool call
 * without an id), the server has it on the requests of its own probe only.
 */

import type { Answer, Asked, Body } from './ideal-model.ts'
import { lastSaid, list, object } from './ideal-model.ts'

/** `memory` is one server's own. */
export type Memory = { count: number }
export type Fault = (asked: Asked, answer: Answer, memory: Memory) => Answer

const says = (asked: Asked, text: string): boolean => lastSaid(asked).includes(text)
const has = (asked: Asked, field: string): boolean => asked.body[field] !== undefined
const isChat = ({ path }: Asked): boolean => path === 'chat/completions'
const turns = ({ body }: Asked): number => list(body['messages']).length

const when =
  (holds: (asked: Asked, memory: Memory) => boolean, change: (answer: Answer, memory: Memory) => Answer): Fault =>
  (asked, answer, memory) =>
    holds(asked, memory) ? change(answer, memory) : answer

const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  documents: [],
  isStream: false,
  raw: Buffer.from(JSON.stringify(body)),
})

const refuse = (message: string, status = 400): Answer =>
  json(status, { error: { message, type: 'invalid_request_error', code: null } })

const each =
  (change: (body: Body, place: number, all: readonly Body[]) => Body) =>
  (answer: Answer): Answer => ({ ...answer, documents: answer.documents.map(change) })

const eachChoice = (change: (choice: Body, place: number) => Body): ((answer: Answer) => Answer) =>
  each((body, place) =>
    Array.isArray(body['choices'])
      ? { ...body, choices: list(body['choices']).map((choice) => change(choice, place)) }
      : body,
  )

/** Changes the message of a whole answer, and every delta of a stream. */
const eachMessage = (change: (message: Body) => Body): ((answer: Answer) => Answer) =>
  eachChoice((choice) => {
    const name = choice['delta'] === undefined ? 'message' : 'delta'
    return { ...choice, [name]: change(object(choice[name])) }
  })

const content = (change: (text: string) => string) =>
  eachMessage((message) =>
    typeof message['content'] === 'string' && message['content'] !== ''
      ? { ...message, content: change(message['content']) }
      : message,
  )

const eachTool = (change: (tool: Body) => Body) =>
  eachMessage((message) =>
    Array.isArray(message['tool_calls'])
      ? { ...message, tool_calls: list(message['tool_calls']).map(change) }
      : message,
  )

const finish = (word: string | null) =>
  eachChoice((choice) => (typeof choice['finish_reason'] === 'string' ? { ...choice, finish_reason: word } : choice))

const usage = (change: (usage: Body) => Body | undefined) =>
  each((body) => (body['usage'] === undefined ? body : { ...body, usage: change(object(body['usage'])) }))

const withoutUsage = (answer: Answer): Answer => ({
  ...answer,
  documents: answer.documents
    .filter((body) => !(list(body['choices']).length === 0 && body['usage'] !== undefined))
    .map(({ usage: _usage, ...body }) => body),
})

const usageInChoice = (answer: Answer): Answer => {
  const told = answer.documents.at(-1)?.['usage']
  const plain = withoutUsage(answer)
  return {
    ...plain,
    documents: plain.documents.map((body, place) =>
      place < plain.documents.length - 1
        ? body
        : { ...body, choices: list(body['choices']).map((choice) => ({ ...choice, usage: told })) },
    ),
  }
}

const noTools = eachMessage(({ tool_calls: _calls, ...message }) => ({ ...message, content: 'I would rather talk.' }))
const wanting = (asked: Asked): boolean =>
  says(asked, 'Oslo. Call the tool, do not') && turns(asked) === 1 && !has(asked, 'tool_choice')
const dawn = (asked: Asked): boolean => says(asked, 'The ship sails at dawn') && asked.body['stream'] === true
const field = (name: string) => (asked: Asked) => isChat(asked) && has(asked, name)
const sayOk = (asked: Asked): boolean => says(asked, 'Say OK.')
const isLimit = (names: readonly string[]) => (asked: Asked) =>
  says(asked, 'Count from 1 to 300') &&
  ['max_tokens', 'max_completion_tokens'].every((name) => has(asked, name) === names.includes(name))
const tripled = (asked: Asked): boolean => says(asked, 'harbour wakes')
const desk = (asked: Asked): boolean => list(asked.body['tools']).length === 5

export const wrongServers: Readonly<Record<string, Fault>> = {
  'model-listed': when(
    ({ path }) => path === 'models',
    () => json(200, { object: 'list', data: [{ id: 'other', object: 'model' }] }),
  ),
  'model-unknown': when(
    ({ body }) => String(body['model']).startsWith('no-such-model'),
    () => refuse('boom', 500),
  ),
  'key-wrong': when(
    ({ headers }) => headers['authorization'] === 'Bearer sk-wrong',
    () => refuse('no', 403),
  ),
  'key-missing': when(
    ({ headers }) => headers['authorization'] === undefined,
    () => json(401, 'no key'),
  ),
  'key-other-region': when(
    ({ headers }) => headers['authorization'] === 'Bearer sk-other',
    () => refuse('no', 404),
  ),
  'error-body': when(
    (asked) => asked.text === '{"model": ',
    () => json(400, [{ error: { message: 'bad', type: 'x', code: null } }]),
  ),
  'error-mid-stream': when(
    (asked) => says(asked, 'Tell me about the sea'),
    (answer) => ({ ...answer, documents: answer.documents.slice(0, 3), undone: false }),
  ),
  'path-unknown': when(
    ({ path }) => path === 'no/such/path',
    () => json(200, {}),
  ),
  'rate-limit-headers': when(
    (asked, memory) => says(asked, 'provoke:429') && ++memory.count % 2 === 1,
    (answer) => ({ ...answer, headers: { 'content-type': 'application/json', 'retry-after': 'soon' } }),
  ),
  'overload-told-apart': when(
    (asked) => says(asked, 'provoke:503'),
    () => ({
      ...json(429, { error: { message: 'busy', type: 'rate_limit_error', code: 'rate_limit_exceeded' } }),
      headers: { 'content-type': 'application/json', 'retry-after': '1' },
    }),
  ),
  'no-credit-code': when(
    (asked) => says(asked, 'provoke:402'),
    () => refuse('no credit', 400),
  ),
  'stream-framing': when(dawn, (answer) => ({ ...answer, undone: true })),
  'stream-comments': when(
    (asked) => says(asked, 'A quiet bell') && asked.body['stream'] !== true,
    (answer) => ({ ...answer, raw: Buffer.from(`: wait\n${JSON.stringify(answer.documents[0])}`) }),
  ),
  'stream-envelope': when(
    (asked) => says(asked, 'The ship sails'),
    each((body) => ({ ...body, id: undefined })),
  ),
  'model-echo': when(
    (asked) => says(asked, 'The ship sails'),
    each((body) => ({ ...body, model: 'another' })),
  ),
  'finish-reason': when((asked) => says(asked, 'Count from 1 to 200'), finish('eos')),
  'stream-silence': when(dawn, (answer) => ({ ...answer, delaysMs: [2, 2, 40_000] })),
  'usage-final': when(
    (asked) =>
      says(asked, 'Name three colours') && asked.body['stream'] !== true && (asked.body['max_tokens'] as number) === 64,
    withoutUsage,
  ),
  'usage-position': when(
    (asked) =>
      says(asked, 'Name three colours') && has(asked, 'stream_options') && (asked.body['max_tokens'] as number) === 64,
    usageInChoice,
  ),
  'usage-uninvited': when(
    (asked) => says(asked, 'Name three colours') && !has(asked, 'stream_options') && asked.body['stream'] === true,
    (answer) => ({
      ...answer,
      documents: [
        { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'ideal-1', choices: [], usage: null },
        ...answer.documents,
      ],
    }),
  ),
  'usage-sums': when(
    tripled,
    usage((told) => ({ ...told, total_tokens: 1 })),
  ),
  'usage-same-in-both-modes': when(
    (asked) =>
      says(asked, 'Name three colours') && (asked.body['max_tokens'] as number) === 32 && asked.body['stream'] === true,
    usage((told) => ({ ...told, prompt_tokens: Number(told['prompt_tokens']) + 9 })),
  ),
  'text-exact': when(
    (asked) => says(asked, '東京'),
    content((text) => text.replace('京', '\uFFFD')),
  ),
  'text-markers': when(
    (asked) => says(asked, '17 times 23'),
    content((text) => `<think>hm</think>${text}`),
  ),
  'tool-call': when(
    wanting,
    eachTool((tool) => (tool['id'] === undefined ? tool : { ...tool, id: '' })),
  ),
  'tool-deltas': when(
    (asked) => wanting(asked) && asked.body['stream'] === true,
    eachTool(({ index: _index, ...tool }) => tool),
  ),
  'tool-finish': when(wanting, finish('stop')),
  'tool-parallel': when(
    (asked) => says(asked, 'Madrid. Call the tool twice') && asked.body['stream'] === true,
    eachTool((tool) => ({ ...tool, index: 0, id: undefined })),
  ),
  'tool-parallel-off': when(
    field('parallel_tool_calls'),
    eachMessage((message) =>
      Array.isArray(message['tool_calls'])
        ? {
            ...message,
            tool_calls: [
              ...message['tool_calls'],
              ...list(message['tool_calls']).map((call) => ({ ...call, index: 1, id: 'call_more' })),
            ],
          }
        : message,
    ),
  ),
  'tool-many': when(
    (asked) => says(asked, 'lookup_17'),
    eachTool((tool) => ({
      ...tool,
      function: {
        ...object(tool['function']),
        ...(object(tool['function'])['name'] === undefined ? {} : { name: 'lookup' }),
      },
    })),
  ),
  'tool-schemas': when(
    (asked) => says(asked, 'place_order'),
    eachTool((tool) => ({
      ...tool,
      function: {
        ...object(tool['function']),
        arguments: String(object(tool['function'])['arguments'])
          .replace('low', 'urgent')
          .replace('normal', 'urgent')
          .replace('ow"', 'ong"'),
      },
    })),
  ),
  'tool-choice-none': when(
    ({ body }) => body['tool_choice'] === 'none',
    eachMessage((message) => ({
      ...message,
      tool_calls: [
        { index: 0, id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
      ],
    })),
  ),
  'tool-choice-auto': when(
    ({ body }) => body['tool_choice'] === 'auto',
    content(() => ''),
  ),
  'tool-choice-required': when(({ body }) => body['tool_choice'] === 'required', noTools),
  'tool-choice-named': when(
    ({ body }) => typeof body['tool_choice'] === 'object',
    eachTool((tool) => ({
      ...tool,
      function: {
        ...object(tool['function']),
        ...(object(tool['function'])['name'] === undefined ? {} : { name: 'get_weather' }),
      },
    })),
  ),
  'tool-loop': when((asked) => turns(asked) > 9 && has(asked, 'tools'), noTools),
  'reasoning-separate': when(
    (asked) =>
      has(asked, 'reasoning_effort') && asked.body['reasoning_effort'] === 'low' && asked.body['stream'] === true,
    (answer) => ({
      ...answer,
      documents: [
        answer.documents[0] ?? {},
        ...answer.documents.slice(2, 4),
        answer.documents[1] ?? {},
        ...answer.documents.slice(4),
      ],
    }),
  ),
  'reasoning-history': when(
    (asked) => turns(asked) === 3 && list(asked.body['messages'])[1]?.['reasoning_content'] !== undefined,
    () => refuse('reasoning_content is not allowed'),
  ),
  'reasoning-switch': when(
    (asked) => says(asked, 'A train leaves') && asked.body['reasoning_effort'] !== 'low',
    eachMessage((message) =>
      message['content'] === undefined || message['content'] === ''
        ? message
        : { ...message, reasoning_content: 'Always thinking.' },
    ),
  ),
  'reasoning-counted': when(
    (asked) => asked.body['reasoning_effort'] === 'low' && asked.body['stream'] !== true,
    usage((told) => ({
      ...told,
      completion_tokens: 1,
      total_tokens: Number(told['prompt_tokens']) + 1,
      completion_tokens_details: {},
    })),
  ),
  'json-object': when(
    ({ body }) => object(body['response_format'])['type'] === 'json_object',
    content((text) => `\`\`\`json ${text}`),
  ),
  'json-schema': when(
    ({ body }) => object(body['response_format'])['type'] === 'json_schema',
    content((text) => text.replace('1851', '"1851"')),
  ),
  'json-schema-bad': when(
    ({ text }) => text.includes('no-such-type'),
    () => json(200, { id: 'x', object: 'chat.completion', created: 1, model: 'ideal-1', choices: [] }),
  ),
  temperature: when(
    (asked) => isChat(asked) && asked.body['temperature'] === 2,
    () => refuse('Something is wrong.'),
  ),
  'top-p': when(field('top_p'), () => refuse('boom', 500)),
  penalties: when(field('presence_penalty'), () => refuse('boom', 500)),
  choices: when(
    (asked) => field('n')(asked) && !has(asked, 'temperature'),
    each((body) => ({ ...body, choices: list(body['choices']).filter(({ index }) => index === 0) })),
  ),
  'choices-cold': when(
    (asked) => field('n')(asked) && has(asked, 'temperature'),
    each((body) => ({ ...body, choices: list(body['choices']).slice(0, 1) })),
  ),
  'logit-bias': when(field('logit_bias'), () => refuse('boom', 500)),
  seed: when(field('seed'), () => refuse('boom', 500)),
  'max-tokens': when(isLimit(['max_tokens']), finish('stop')),
  'max-completion-tokens': when(isLimit(['max_completion_tokens']), (answer) =>
    usage((told) => ({ ...told, completion_tokens: 300, total_tokens: Number(told['prompt_tokens']) + 300 }))(
      finish('stop')(answer),
    ),
  ),
  'max-both': when(isLimit(['max_tokens', 'max_completion_tokens']), finish('stop')),
  stop: when(
    (asked) => typeof asked.body['stop'] === 'string',
    content((text) => `${text} HALT gamma`),
  ),
  'stop-too-many': when(
    (asked) => list(asked.body['stop']).length > 4,
    () => refuse('boom', 500),
  ),
  logprobs: when(
    field('logprobs'),
    eachChoice(({ logprobs: _logprobs, ...choice }) => choice),
  ),
  'functions-legacy': when(
    field('functions'),
    eachMessage((message) => ({ role: message['role'], content: 'It is noon.' })),
  ),
  'unknown-fields': when(field('drover_probe_unknown'), () => refuse('boom', 500)),
  roles: when(
    (asked) => list(asked.body['messages']).filter(({ role }) => role === 'system').length > 1,
    () => refuse('one system message'),
  ),
  'role-developer': when(
    (asked) => list(asked.body['messages'])[0]?.['role'] === 'developer',
    () => refuse('boom', 500),
  ),
  'message-shapes': when(
    (asked) =>
      list(asked.body['messages']).some(
        (message) =>
          message['role'] === 'assistant' && message['content'] === '' && message['tool_calls'] === undefined,
      ),
    () => refuse('empty content'),
  ),
  'image-data': when(
    (asked) => asked.text.includes('data:image/png'),
    usage((told) => ({ ...told, prompt_tokens: 5, total_tokens: 5 + Number(told['completion_tokens']) })),
  ),
  'image-remote': when(
    (asked) => asked.text.includes('pictures.test'),
    usage((told) => ({ ...told, prompt_tokens: 5, total_tokens: 5 + Number(told['completion_tokens']) })),
  ),
  'image-bad': when(
    (asked) => asked.text.includes('data:text/plain'),
    () => refuse('boom', 500),
  ),
  'context-fits': when(
    (asked) => isChat(asked) && asked.text.length > 70_000 && asked.text.length < 80_000,
    () => refuse('context too long'),
  ),
  'context-exceeded': when(
    (asked) => isChat(asked) && asked.text.length > 85_000 && asked.text.length < 1_000_000,
    () => refuse('no'),
  ),
  'context-needle': when(
    (asked) => says(asked, 'FERN-2093'),
    content(() => 'There is none.'),
  ),
  'prefix-cache': when(
    (asked) => says(asked, 'Say 1.'),
    usage((told) => ({ ...told, prompt_tokens_details: { cached_tokens: 4_000 } })),
  ),
  'client-leaves': when(
    (asked, memory) => {
      if (says(asked, 'about a lighthouse')) memory.count += 1
      return memory.count > 0 && sayOk(asked)
    },
    (answer) => ({ ...answer, delaysMs: [5_000] }),
  ),
  'streams-at-once': when(
    (asked, memory) =>
      sayOk(asked) &&
      asked.body['stream'] === true &&
      asked.headers['accept-encoding'] === undefined &&
      ++memory.count % 5 === 0,
    (answer) => ({ ...answer, documents: answer.documents.slice(0, 1), cut: true }),
  ),
  compression: when(
    ({ headers }) => headers['accept-encoding'] === 'gzip',
    (answer) => ({ ...answer, documents: [], isStream: false, raw: Buffer.from([31, 139, 8, 0, 1, 2, 3]) }),
  ),
  'expect-continue': when(
    (asked) => asked.headers['x-expect'] === 'yes',
    () => refuse('no', 400),
  ),
  'body-large': when(
    (asked) => Number(asked.headers['x-size']) > 1_000_000,
    () => refuse('boom', 500),
  ),
  'http-2': when(
    (asked) => asked.headers['x-over'] === 'http2',
    () => refuse('no', 400),
  ),
  'partial-mode': when(
    (asked) => list(asked.body['messages']).at(-1)?.['role'] === 'assistant',
    content(() => ''),
  ),
  'token-estimate': when(
    ({ path }) => path.startsWith('tokenizers'),
    () => json(200, { data: { total_tokens: 7 } }),
  ),
  balance: when(
    ({ path }) => path === 'users/me/balance',
    () => json(200, { balance: 1 }),
  ),
  files: when(
    ({ path }) => path === 'files/file-1/content',
    () => json(200, { content: 'other' }),
  ),
  'files-foreign': when(
    ({ path }) => path.includes('another-vendor'),
    () => json(200, {}),
  ),
  determinism: when(
    (asked) => says(asked, 'Describe the sea'),
    (answer, memory) => content(() => `Answer ${memory.count++}.`)(answer),
  ),
  latency: when(
    (asked) => says(asked, 'Count from 1 to 20.'),
    (answer) => ({ ...answer, delaysMs: [12_000] }),
  ),
  'tool-validity': when(
    (asked) => desk(asked) && says(asked, '250 EUR'),
    eachTool((tool) => ({
      ...tool,
      function: {
        ...object(tool['function']),
        arguments: String(object(tool['function'])['arguments']).replace('250', '"250"'),
      },
    })),
  ),
  'tool-agreement': when(
    (asked) => desk(asked) && asked.headers['x-target'] === 'own' && asked.body['stream'] !== true,
    (answer) =>
      finish('stop')(
        eachMessage((message) =>
          Array.isArray(message['tool_calls']) ? { role: 'assistant', content: 'No.' } : message,
        )(answer),
      ),
  ),
}
