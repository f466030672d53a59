/** A chat endpoint that does everything right, as a function from request to answer: what each wrong server is made from. */

import { exampleOf } from '../../src/provider/sandbox-schema.ts'

export type Body = Readonly<Record<string, unknown>>

/** A request as the endpoint reads it. */
export type Asked = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** `{}` where the text is no JSON object. */
  readonly body: Body
}

/** `documents` become one JSON body, or the events of a stream. */
export type Answer = {
  readonly status: number
  readonly headers: Record<string, string>
  documents: Body[]
  readonly isStream: boolean
  /** Instead of documents: the body as it is. */
  raw?: Buffer
  /** No [DONE], and the connection ends as if all were well. */
  undone?: boolean
  /** The connection breaks after the last document. */
  cut?: boolean
  /** Milliseconds before each event. */
  delaysMs?: number[]
}

export const model = 'ideal-1'
export const goodKey = 'sk-ideal-0123456789abcdef'
export const contextTokens = 20_000

export const provoke = {
  rateLimited: 'provoke:429 ',
  overloaded: 'provoke:503 ',
  noCredit: 'provoke:402 ',
  cutMidStream: 'provoke:cut ',
  tooLong: '',
}

const tokensOf = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length

export const list = (value: unknown): readonly Body[] => (Array.isArray(value) ? (value as Body[]) : [])
export const object = (value: unknown): Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {}

const contentText = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : list(content)
        .map((part) => part['text'] ?? '')
        .join(' ')

/** The last message of the user. */
export const lastSaid = ({ body }: Asked): string =>
  contentText(list(body['messages']).findLast(({ role }) => role === 'user')?.['content'])

const failure = (status: number, [type, code]: readonly [string, string | null], message: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  documents: [{ error: { message, type, code, param: null } }],
  isStream: false,
})

const document = (body: Body): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  documents: [body],
  isStream: false,
})

const invalid = (message: string, code: string | null = null): Answer =>
  failure(400, ['invalid_request_error', code], message)

type Call = { readonly name: string; readonly input: string }
type Said = {
  readonly text: string
  readonly reasoning: string
  readonly calls: readonly Call[]
  readonly legacy: boolean
}

const deskCalls: readonly (readonly [RegExp, string, Body])[] = [
  [/^Which trains|^Find trains|火车/, 'find_trains', { from: 'Lyon', to: 'Milan', date: '2027-03-14' }],
  [/^Book a table/, 'book_table', { restaurant: 'Il Porto', people: 4, time: '19:30' }],
  [/^How much is|^Convert/, 'convert_money', { amount: 250, from: 'EUR', to: 'JPY' }],
  [/^Keep in mind|Note that\.$/, 'note', { text: 'no nuts', labels: ['health'] }],
  [/^Will it rain|^Wie wird|^How warm/, 'weather', { city: 'Porto', days: 3 }],
]

const toolNamed = (body: Body, name: string): Body | undefined =>
  list(body['tools']).find((tool) => object(tool['function'])['name'] === name)

const callOf = (body: Body, name: string): readonly Call[] => {
  const tool = toolNamed(body, name)
  if (tool === undefined) return []
  const schema = object(object(tool['function'])['parameters'])
  return [{ name, input: JSON.stringify(exampleOf(schema as never)) }]
}

const chosenCalls = (asked: Asked, said: string): readonly Call[] => {
  const { body } = asked
  const choice = body['tool_choice']
  const named = object(object(choice)['function'])['name']
  if (choice === 'none' || list(body['messages']).at(-1)?.['role'] !== 'user') return []
  if (typeof named === 'string') return callOf(body, named)
  const desk = deskCalls.find(([pattern, name]) => pattern.test(said) && toolNamed(body, name) !== undefined)
  if (desk !== undefined) return [{ name: desk[1], input: JSON.stringify(desk[2]) }]
  const wanted = /[Uu]se the (?:tool (\w+)|(\w+) tool)/.exec(said)
  const name = wanted?.[1] ?? wanted?.[2]
  if (name === undefined)
    return choice === 'required' ? callOf(body, String(object(list(body['tools'])[0]?.['function'])['name'])) : []
  const once = callOf(body, name)
  return said.includes('Madrid') && body['parallel_tool_calls'] !== false ? [...once, ...once] : once
}

const bookExample = {
  title: 'Moby-Dick',
  year: 1851,
  genre: 'novel',
  authors: [{ name: 'Herman Melville', born: 1819 }],
}

const wordsFor = (asked: Asked, said: string): string => {
  const { body } = asked
  const format = object(body['response_format'])['type']
  if (format === 'json_object' || format === 'json_schema') return JSON.stringify(bookExample)
  const last = list(body['messages']).at(-1)
  if (last?.['role'] === 'assistant') return 'city": "Oslo"}'
  const code = /The code is (\S+)\./.exec(said)
  if (code !== null) return code[1] ?? ''
  if (said.startsWith('Count from')) return Array.from({ length: 300 }, (_, index) => index + 1).join(', ')
  const repeated = /^Repeat[^:.]*[:.]\s*([\s\S]*)$/.exec(said)
  return repeated?.[1] ?? 'Good morning to you.'
}

const thoughtOf = ({ body }: Asked): string => {
  const effort = body['reasoning_effort']
  const isOn = effort !== undefined && effort !== 'none'
  return isOn || object(body['thinking'])['type'] === 'enabled' ? 'Let me think about that for a moment first.' : ''
}

const answerTo = (asked: Asked): Said => {
  const said = lastSaid(asked)
  const legacy = object(asked.body['function_call'])['name']
  if (typeof legacy === 'string')
    return { text: '', reasoning: '', calls: [{ name: legacy, input: '{"city":"Oslo"}' }], legacy: true }
  const calls = chosenCalls(asked, said)
  return { text: calls.length > 0 ? '' : wordsFor(asked, said), reasoning: thoughtOf(asked), calls, legacy: false }
}

const stopAt = (text: string, stop: unknown): string => {
  const stops = (Array.isArray(stop) ? stop : [stop]).filter((one) => typeof one === 'string')
  const places = stops.map((one) => text.indexOf(one)).filter((place) => place >= 0)
  return places.length === 0 ? text : text.slice(0, Math.min(...places))
}

const limited = (text: string, limit: unknown): { readonly text: string; readonly isCut: boolean } => {
  const words = text.match(/\s*\S+/g) ?? []
  return typeof limit === 'number' && words.length > limit
    ? { text: words.slice(0, limit).join(''), isCut: true }
    : { text, isCut: false }
}

/** What an endpoint remembers between calls. */
type Memory = { readonly prefixes: Set<string>; readonly files: Map<string, string> }

type Spent = { readonly output: number; readonly thought: number }

const usageFor = (asked: Asked, { output, thought }: Spent, { prefixes }: Memory): Body => {
  const text = JSON.stringify(asked.body['messages']) + JSON.stringify(asked.body['tools'] ?? '')
  const images = (text.match(/"image_url":\{/g) ?? []).length
  const prompt = tokensOf(text) + images * 85
  const system = list(asked.body['messages']).find(({ role }) => role === 'system')
  const prefix = contentText(system?.['content'])
  const cached = prefix.length > 2_000 && prefixes.has(prefix) ? 2_900 : 0
  prefixes.add(prefix)
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: thought },
  }
}

const logprobsOf = (text: string): Body => ({
  content: [{ token: text, logprob: -0.1, bytes: null, top_logprobs: [{ token: text, logprob: -0.1, bytes: null }] }],
})

const toolCalls = (calls: readonly Call[], isStream: boolean): Body[] =>
  calls.map(({ name, input }, index) => ({
    ...(isStream ? { index } : {}),
    id: `call_${name.slice(0, 4)}${index}${input.length}`,
    type: 'function',
    function: { name, arguments: input },
  }))

const envelope = { id: 'chatcmpl-1', created: 1_795_000_000, model }

const whole = (choices: readonly Body[], usage: Body): Answer =>
  document({ ...envelope, object: 'chat.completion', choices, usage })

const streamed = (choices: readonly Body[], usage: Body | null): Answer => {
  const chunk = (index: unknown, delta: Body, more: Body = {}): Body => ({
    ...envelope,
    object: 'chat.completion.chunk',
    choices: [{ index, delta, finish_reason: null, ...more }],
  })
  const documents = choices.flatMap(({ index, message, finish_reason: finish, logprobs }) => {
    const { role, reasoning_content: reasoning, content, tool_calls: calls, function_call: legacy } = object(message)
    const pieces = typeof content === 'string' ? (content.match(/\s*\S+\s*$|\s*\S+/g) ?? []) : []
    return [
      chunk(index, { role, content: '' }),
      ...(typeof reasoning === 'string' ? [chunk(index, { reasoning_content: reasoning })] : []),
      ...pieces.map((piece) => chunk(index, { content: piece }, logprobs === undefined ? {} : { logprobs })),
      ...list(calls).flatMap((call) => {
        const { name, arguments: input } = object(call['function'])
        const text = String(input)
        return [
          chunk(index, { tool_calls: [{ ...call, function: { name, arguments: '' } }] }),
          chunk(index, { tool_calls: [{ index: call['index'], function: { arguments: text.slice(0, 5) } }] }),
          chunk(index, { tool_calls: [{ index: call['index'], function: { arguments: text.slice(5) } }] }),
        ]
      }),
      ...(legacy === undefined ? [] : [chunk(index, { function_call: legacy })]),
      chunk(index, {}, { finish_reason: finish }),
    ]
  })
  if (usage !== null) documents.push({ ...envelope, object: 'chat.completion.chunk', choices: [], usage })
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, documents, isStream: true }
}

const chatAnswer = (asked: Asked, memory: Memory): Answer => {
  const { body } = asked
  const said = answerTo(asked)
  const stopped = stopAt(said.text, body['stop'])
  const { text, isCut } = limited(stopped, body['max_completion_tokens'] ?? body['max_tokens'])
  const finish = said.legacy ? 'function_call' : said.calls.length > 0 ? 'tool_calls' : isCut ? 'length' : 'stop'
  const isStream = body['stream'] === true
  const copies = typeof body['n'] === 'number' ? body['n'] : 1
  const choices = Array.from({ length: copies }, (_, index) => ({
    index,
    message: {
      role: 'assistant',
      content: said.calls.length > 0 ? null : text,
      ...(said.reasoning === '' ? {} : { reasoning_content: said.reasoning }),
      ...(said.legacy ? { function_call: { name: said.calls[0]?.name, arguments: said.calls[0]?.input } } : {}),
      ...(said.calls.length === 0 || said.legacy ? {} : { tool_calls: toolCalls(said.calls, isStream) }),
    },
    finish_reason: finish,
    ...(body['logprobs'] === true ? { logprobs: logprobsOf(text) } : {}),
  }))
  const thought = tokensOf(said.reasoning)
  const output = tokensOf(text) * copies + thought + said.calls.length * 8
  const usage = usageFor(asked, { output, thought }, memory)
  if (!isStream) return whole(choices, usage)
  return streamed(choices, object(body['stream_options'])['include_usage'] === true ? usage : null)
}

const refusalFor = (asked: Asked): Answer | null => {
  const { body, text } = asked
  if (Object.keys(body).length === 0) return invalid(`The body is not valid JSON: ${text.slice(0, 20)}`)
  if (body['model'] !== model) return failure(404, ['invalid_request_error', 'model_not_found'], 'No such model.')
  if (!Array.isArray(body['messages'])) return invalid('messages must be a list.')
  const schema = object(object(object(body['response_format'])['json_schema'])['schema'])
  if (schema['type'] === 'no-such-type') return invalid('response_format: no such type.')
  if (/data:text\/plain/.test(text)) return invalid('image_url: not an image.')
  if (tokensOf(text) > contextTokens) return invalid('The context is too long.', 'context_length_exceeded')
  const said = lastSaid(asked)
  if (said.startsWith(provoke.rateLimited)) {
    const answer = failure(429, ['rate_limit_error', 'rate_limit_exceeded'], 'Rate limit reached.')
    answer.headers['retry-after'] = '2'
    return answer
  }
  if (said.startsWith(provoke.overloaded)) return failure(503, ['server_error', 'overloaded'], 'Overloaded.')
  return said.startsWith(provoke.noCredit) ? failure(402, ['insufficient_quota', 'no_credit'], 'No credit.') : null
}

const cutAnswer = (asked: Asked, memory: Memory): Answer => {
  const answer = chatAnswer(asked, memory)
  const error = { error: { message: 'The model stopped.', type: 'server_error', code: null } }
  return { ...answer, documents: [...answer.documents.slice(0, 3), error], undone: true }
}

const fileAnswer = ({ method, path, text }: Asked, { files }: Memory): Answer => {
  if (method === 'POST') {
    files.set('file-1', text)
    return document({ id: 'file-1', object: 'file' })
  }
  const [, id = '', part] = path.split('/')
  const kept = files.get(id)
  if (kept === undefined) return failure(404, ['invalid_request_error', 'not_found'], 'No such file.')
  return document(part === 'content' ? { content: kept } : { id, deleted: true })
}

const estimate = (asked: Asked, memory: Memory): Answer =>
  document({ data: { total_tokens: usageFor(asked, { output: 0, thought: 0 }, memory)['prompt_tokens'] } })

function answerOf(asked: Asked, memory: Memory): Answer {
  const { path, method, headers } = asked
  const key = headers['authorization']
  if (key !== `Bearer ${goodKey}`)
    return failure(401, ['invalid_request_error', 'invalid_api_key'], 'Incorrect API key provided.')
  if (path === 'models')
    return document({ object: 'list', data: [{ id: model, object: 'model', context_length: contextTokens }] })
  if (path === 'users/me/balance') return document({ data: { available_balance: 49.5 } })
  if (path === 'tokenizers/estimate-token-count') return estimate(asked, memory)
  if (path.startsWith('files')) return fileAnswer(asked, memory)
  if (path !== 'chat/completions' || method !== 'POST')
    return failure(404, ['invalid_request_error', 'not_found'], 'There is nothing here.')
  const refused = refusalFor(asked)
  if (refused !== null) return refused
  return lastSaid(asked).startsWith(provoke.cutMidStream) ? cutAnswer(asked, memory) : chatAnswer(asked, memory)
}

/** An endpoint at which nothing is wrong. */
export function idealModel(): (asked: Asked) => Answer {
  const memory: Memory = { prefixes: new Set(), files: new Map() }
  return (asked) => answerOf(asked, memory)
}

/** The bytes of an answer, in the pieces in which they leave. */
export function piecesOf(answer: Answer): readonly Buffer[] {
  if (answer.raw !== undefined) return [answer.raw]
  if (!answer.isStream) return [Buffer.from(JSON.stringify(answer.documents[0]))]
  const events = answer.documents.map((one) => Buffer.from(`data: ${JSON.stringify(one)}\n\n`))
  return answer.undone === true ? events : [...events, Buffer.from('data: [DONE]\n\n')]
}
