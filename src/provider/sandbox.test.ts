import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { handClock, quarterTokens, readEvents, readJson, readWhole, sandboxClient } from './sandbox-client.ts'
import { tokenCounter } from './token-counter.ts'

const send = sandboxClient()
const counter = tokenCounter({
  workerUrl: new URL(import.meta.resolve('./token-worker.ts')),
  vocabularyUrl: new URL('../../assets/tokens/o200k_base.br', import.meta.url),
  clock: systemClock(),
})
after(() => counter.close())

const ask = (content: unknown, rest: JsonObject = {}): JsonObject => ({
  model: 'kimi-k2',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: content as string },
  ],
  ...rest,
})

const chat = async (content: unknown, rest: JsonObject = {}) => {
  const reply = await readJson(await send('chat/completions', ask(content, rest)))
  const choices = reply['choices'] as unknown as { message: JsonObject; finish_reason: string; logprobs?: JsonObject }[]
  return {
    reply,
    choices,
    usage: reply['usage'] as unknown as Record<string, number>,
    first: choices[0] ?? assert.fail(),
  }
}

type Chunk = {
  readonly choices: readonly { index: number; delta: JsonObject; finish_reason: string | null }[]
  readonly usage?: Record<string, number>
}

const stream = async (content: unknown, rest: JsonObject = {}): Promise<{ chunks: Chunk[]; last: string }> => {
  const reply = await send('chat/completions', ask(content, { stream: true, ...rest }))
  assert.match(String(reply.headers['content-type']), /^text\/event-stream/)
  const events = [...(await readEvents(reply))]
  const last = events.pop() ?? ''
  return { chunks: events.map((event) => JSON.parse(event) as Chunk), last }
}

const deltasOf = (chunks: readonly Chunk[], field: string, index = 0): readonly string[] =>
  chunks
    .flatMap(({ choices }) => choices)
    .filter((choice) => choice.index === index && typeof choice.delta[field] === 'string' && choice.delta[field] !== '')
    .map((choice) => choice.delta[field] as string)

const refusal = async (sending: Promise<unknown>): Promise<Problem> => {
  const thrown: unknown = await sending.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof Problem, String(thrown))
  assert.equal(thrown.detail.facts?.['sandbox'], true)
  return thrown
}

test('it repeats the last user message, whole', async () => {
  const { reply, first, usage } = await chat('Good morning,\n  world! ')
  assert.equal(first.message['content'], 'Good morning,\n  world! ')
  assert.equal(first.finish_reason, 'stop')
  assert.equal(reply['model'], 'kimi-k2')
  assert.equal(reply['created'], 1_795_000_000)
  assert.equal(usage['total_tokens'], (usage['prompt_tokens'] ?? 0) + (usage['completion_tokens'] ?? 0))
  assert.equal(usage['completion_tokens'], quarterTokens('Good morning,\n  world! '))
  assert.equal((await chat('ping')).first.message['content'], 'ping')
})

test('it streams word by word, and the words joined are the text exactly', async () => {
  for (const text of ['alpha beta  gamma\n', '  lead', 'one', '你好世界'.repeat(40), '\u{1F600}'.repeat(60), ' \n ']) {
    const { chunks, last } = await stream(text)
    assert.equal(last, '[DONE]')
    const words = deltasOf(chunks, 'content')
    assert.equal(words.join(''), text.trim() === '' ? words.join('') : text)
    assert.ok(words.length > 0)
    assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, 'stop')
  }
  assert.deepEqual(deltasOf((await stream('alpha beta gamma')).chunks, 'content'), ['alpha', ' beta', ' gamma'])
})

test('usage of a stream comes where it is asked for', async () => {
  const { chunks } = await stream('alpha beta', { stream_options: { include_usage: true } })
  const { usage } = await chat('alpha beta')
  assert.deepEqual(chunks.at(-1)?.choices, [])
  assert.equal(chunks.at(-1)?.usage?.['completion_tokens'], usage['completion_tokens'])
  assert.ok((await stream('alpha beta')).chunks.every((chunk) => (chunk.usage ?? null) === null))
})

test('tokens are those of o200k', async () => {
  const counted = sandboxClient(handClock(), counter.count)
  const usage = (await readJson(await counted('chat/completions', ask('hello world'))))['usage']
  // "system", "Be brief." (3), "user", "hello world" (2), line ends between them, and 3 for each message and the answer.
  const expected = (await counter.count('system\nBe brief.\nuser\nhello world')) + 9
  assert.ok(isObject(usage))
  assert.equal(usage['prompt_tokens'], expected)
  assert.equal(usage['completion_tokens'], 2)
  const many = await readJson(await counted('chat/completions', ask('sandbox:tokens=500')))
  assert.equal((many['usage'] as JsonObject)['completion_tokens'], 500)
  const few = await readJson(await counted('chat/completions', ask('sandbox:tokens=500', { max_tokens: 20 })))
  assert.equal((few['usage'] as JsonObject)['completion_tokens'], 20)
  assert.equal((few['choices'] as JsonObject[])[0]?.['finish_reason'], 'length')
})

test('the same request gets the same answer, to the byte', async () => {
  const bytes = async (text: string): Promise<string> =>
    (await readWhole(await send('chat/completions', ask(text, { stream: true })))).toString()
  assert.equal(await bytes('alpha'), await bytes('alpha'))
  assert.notEqual(await bytes('alpha'), await bytes('beta'))
})

test('parts of a message are joined, and what is no text is noted', async () => {
  const parts = [
    { type: 'text', text: 'See' },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    { type: 'input_audio', input_audio: { data: '', format: 'wav' } },
    { type: 'hologram' },
  ]
  assert.equal((await chat(parts)).first.message['content'], 'See [image] [audio] [hologram]')
})

test('max_tokens cuts the text with length, stop sequences with stop', async () => {
  const cut = await chat('alpha beta gamma', { max_tokens: 2 })
  assert.equal(cut.first.message['content'], 'alpha be')
  assert.equal(cut.first.finish_reason, 'length')
  assert.equal(cut.usage['completion_tokens'], 2)
  const stopped = await chat('alpha beta gamma', { stop: ['gam', ' beta'] })
  assert.equal(stopped.first.message['content'], 'alpha')
  assert.equal(stopped.first.finish_reason, 'stop')
})

test('n answers, each streamed under its index', async () => {
  const { choices, usage } = await chat('alpha beta', { n: 3 })
  assert.deepEqual(
    choices.map(({ message }) => message['content']),
    ['alpha beta', 'alpha beta', 'alpha beta'],
  )
  assert.equal(usage['completion_tokens'], 3 * Number(quarterTokens('alpha beta')))
  const { chunks } = await stream('alpha beta', { n: 2 })
  assert.equal(deltasOf(chunks, 'content', 1).join(''), 'alpha beta')
  const problem = await refusal(send('chat/completions', ask('x', { n: 129 })))
  assert.equal(problem.code, 'invalid_request_error')
  assert.equal(problem.detail.param, 'n')
})

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 }, unit: { type: 'string' } },
      required: ['city', 'days'],
    },
  },
}

const callsOf = (message: JsonObject) =>
  message['tool_calls'] as unknown as { id: string; function: { name: string; arguments: string } }[] | undefined

test('the first tool is called when the user says the word, with arguments of the right types', async () => {
  const { first } = await chat('Use the tool, please', { tools: [weather] })
  assert.equal(first.finish_reason, 'tool_calls')
  const [call, ...more] = callsOf(first.message) ?? []
  assert.equal(more.length, 0)
  assert.equal(call?.function.name, 'get_weather')
  assert.deepEqual(JSON.parse(call?.function.arguments ?? ''), { city: 'text', days: 1 })
  assert.match(call?.id ?? '', /^call_/)
  const { chunks } = await stream('a tool', { tools: [weather] })
  const pieces = chunks.flatMap(({ choices }) => choices).flatMap(({ delta }) => callsOf(delta) ?? [])
  assert.deepEqual(JSON.parse(pieces.map((piece) => piece.function.arguments).join('')), { city: 'text', days: 1 })
  assert.ok(pieces.length > 2)
})

test('no tool is called without the word, against tool_choice, or after its result', async () => {
  const tools = [weather]
  assert.equal((await chat('toolbox', { tools })).first.message['content'], 'toolbox')
  assert.equal((await chat('the tool', { tools, tool_choice: 'none' })).first.finish_reason, 'stop')
  assert.equal((await chat('hello', { tools, tool_choice: 'required' })).first.finish_reason, 'tool_calls')
  const named = { type: 'function', function: { name: 'get_weather' } }
  assert.equal((await chat('hello', { tools, tool_choice: named })).first.finish_reason, 'tool_calls')
  const body = ask('the tool', { tools })
  const messages = [...(body['messages'] as JsonObject[]), { role: 'tool', tool_call_id: 'a', content: '7 degrees' }]
  const reply = await readJson(await send('chat/completions', { ...body, messages }))
  assert.equal((reply['choices'] as JsonObject[])[0]?.['finish_reason'], 'stop')
})

test('structured output is the smallest instance of its schema', async () => {
  const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }
  const format = { type: 'json_schema', json_schema: { name: 'a', schema } }
  assert.equal((await chat('x', { response_format: format })).first.message['content'], '{"ok":false}')
  const free = await chat('say "x"', { response_format: { type: 'json_object' } })
  assert.deepEqual(JSON.parse(String(free.first.message['content'])), { message: 'say "x"' })
})

test('thinking is shown where it is asked for, before the text', async () => {
  const { first, usage } = await chat('alpha', { reasoning_effort: 'low' })
  assert.match(String(first.message['reasoning_content']), /^The sandbox repeats/)
  assert.equal(first.message['content'], 'alpha')
  const details = usage['completion_tokens_details'] as unknown as Record<string, number>
  assert.ok((details['reasoning_tokens'] ?? 0) > 0)
  assert.ok((usage['completion_tokens'] ?? 0) > (details['reasoning_tokens'] ?? 0))
  assert.equal((await chat('alpha', { thinking: { type: 'disabled' } })).first.message['reasoning_content'], undefined)
})

test('log probabilities come where they are asked for, one for each word', async () => {
  const { first } = await chat('alpha beta', { logprobs: true, top_logprobs: 1 })
  const content = first.logprobs?.['content'] as unknown as {
    token: string
    bytes: number[]
    top_logprobs: unknown[]
  }[]
  assert.deepEqual(
    content.map(({ token }) => token),
    ['alpha', ' beta'],
  )
  assert.deepEqual(content[0]?.bytes, [97, 108, 112, 104, 97])
  assert.equal(content[0]?.top_logprobs.length, 1)
})

test('what a provider would refuse is refused, with its field', async () => {
  for (const [rest, param] of [
    [{ temperature: 'hot' }, 'temperature'],
    [{ temperature: 2.5 }, 'temperature'],
    [{ top_p: -1 }, 'top_p'],
    [{ tools: {} }, 'tools'],
    [{ response_format: 'json' }, 'response_format'],
    [{ messages: ['hi'] }, 'messages[0]'],
    [{ response_format: { type: 'yaml' } }, 'response_format.type'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ max_completion_tokens: -1 }, 'max_completion_tokens'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ content: 'hi' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'wizard', content: 'hi' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
  ] as const) {
    const problem = await refusal(send('chat/completions', ask('hi', rest as unknown as JsonObject)))
    assert.deepEqual(
      [problem.code, problem.detail.param, problem.detail.facts?.['sandbox']],
      ['invalid_request_error', param, true],
    )
  }
  assert.equal((await chat('hi', { temperature: null, top_p: 1, tools: [] })).choices.length, 1)
  const called = { role: 'assistant', content: null, tool_calls: [] }
  const told = { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }, called], max_tokens: 5 }
  assert.equal((await chat('', told)).choices.length, 1)
})

test('an input that the model has no room for is refused with both sizes', async () => {
  const small = sandboxClient(handClock(), quarterTokens, () => 60)
  assert.equal((await small('chat/completions', ask('hi'))).status, 200)
  const problem = await refusal(small('chat/completions', ask('hi '.repeat(100))))
  assert.equal(problem.code, 'context_length_exceeded')
  assert.match(problem.message, /maximum context length is 60 tokens, and the input has \d+/)
})

test('a status that is asked for is Drover’s own refusal of it', async () => {
  const expected: ReadonlyArray<readonly [string, string, number]> = [
    ['status=401', 'invalid_api_key', 401],
    ['status=402', 'credit_exhausted', 402],
    ['status=403', 'permission_denied', 403],
    ['status=404', 'not_found', 404],
    ['status=422', 'invalid_request_error', 422],
    ['status=429', 'rate_limit_exceeded', 429],
    ['status=500', 'internal_error', 500],
    ['status=502', 'upstream_error', 502],
    ['status=503', 'upstream_overloaded', 503],
    ['status=504', 'upstream_timeout', 504],
    ['error=budget_exceeded', 'budget_exceeded', 429],
    ['error=model_not_found', 'model_not_found', 400],
  ]
  for (const [directive, code, status] of expected) {
    const problem = await refusal(send('chat/completions', ask(`sandbox:${directive} hello`, { stream: true })))
    assert.equal(problem.code, code)
    assert.equal(problem.status, status)
  }
  const limited = await refusal(send('chat/completions', ask('sandbox:status=429,retry-after=2')))
  assert.equal(limited.detail.retryAfterMs, 2_000)
  assert.match(limited.message, /^Rate limit reached/)
  const poor = await refusal(send('chat/completions', ask('sandbox:status=402')))
  assert.equal(poor.detail.headers?.['x-should-retry'], 'false')
})

test('an unknown directive is refused with the list of those that there are', async () => {
  for (const text of [
    'sandbox:sleep=1',
    'sandbox:status=299',
    'sandbox:delay=800',
    'sandbox:delay=11m',
    'sandbox:x',
    'sandbox:constructor=1',
    'sandbox:error=toString',
  ]) {
    const problem = await refusal(send('chat/completions', ask(text)))
    assert.equal(problem.code, 'invalid_request_error')
    assert.match(problem.message, /delay=800ms.*cut-after=DELTAS.*finish=/)
  }
  assert.equal((await chat('sandbox: a word')).first.message['content'], 'sandbox: a word')
})

test('directives are cut from what is repeated, and several are obeyed at once', async () => {
  const { first } = await chat('sandbox:finish=content_filter,tokens=3 the rest')
  assert.equal(first.finish_reason, 'content_filter')
  assert.equal(first.message['content'], 'word word word')
  const rest = await chat('sandbox:finish=length\nsecond line')
  assert.equal(rest.first.message['content'], 'second line')
  assert.equal(rest.first.finish_reason, 'length')
  assert.match(String((await chat('sandbox:finish=stop')).first.message['content']), /^This is the sandbox/)
})

test('a delay holds back the head, and leaving or the deadline for headers ends it', async () => {
  const clock = handClock()
  const slow = sandboxClient(clock)
  let hasHead = false
  const waiting = slow('chat/completions', ask('sandbox:delay=800ms hello')).then((reply) => {
    hasHead = true
    return reply
  })
  await new Promise(setImmediate)
  assert.deepEqual(clock.waits, [800])
  assert.equal(hasHead, false)
  clock.fire()
  assert.equal((await readJson(await waiting))['object'], 'chat.completion')

  const caller = new AbortController()
  const left = slow('chat/completions', ask('sandbox:delay=5s hello'), { signal: caller.signal })
  await new Promise(setImmediate)
  caller.abort(new Error('left'))
  await assert.rejects(left, /left/)

  const late = refusal(slow('chat/completions', ask('sandbox:delay=5s hello'), { headersTimeoutMs: 1_000 }))
  await new Promise(setImmediate)
  assert.equal(clock.waits.at(-1), 1_000)
  clock.fire()
  const problem = await late
  assert.equal(problem.code, 'upstream_timeout')
  assert.equal(problem.detail.facts?.['deadline'], 'headers')
})

test('cut-after breaks the stream off after so many deltas, without an end', async () => {
  for (const text of ['sandbox:cut-after=3 a b c d e f', 'sandbox:cut-after=3', 'sandbox:cut-after=3 a']) {
    const reply = await send('chat/completions', ask(text, { stream: true }))
    const seen: string[] = []
    const reading = (async () => {
      for await (const chunk of reply.body) seen.push(chunk.toString())
    })()
    assert.equal((await refusal(reading)).code, 'upstream_error')
    const chunks = seen
      .join('')
      .split('\n\n')
      .filter((event) => event !== '')
      .map((event) => JSON.parse(event.slice(6)) as Chunk)
    assert.equal(deltasOf(chunks, 'content').length, 3, text)
    assert.ok(chunks.every(({ choices }) => choices.every(({ finish_reason: finish }) => finish === null)))
  }
  const whole = await send('chat/completions', ask('sandbox:cut-after=3 a b c d'))
  const seen: string[] = []
  const reading = (async () => {
    for await (const chunk of whole.body) seen.push(chunk.toString())
  })()
  assert.equal((await refusal(reading)).code, 'upstream_error')
  assert.throws(() => JSON.parse(seen.join('')))
})

test('it gives a piece when one is asked for, and stops when the caller leaves', async () => {
  const caller = new AbortController()
  const text = 'word '.repeat(2_000)
  const reply = await send('chat/completions', ask(text, { stream: true }), { signal: caller.signal })
  const body = reply.body[Symbol.asyncIterator]()
  for (let at = 0; at < 10; at += 1) assert.equal((await body.next()).done, false)
  caller.abort(new Error('left'))
  await assert.rejects(body.next(), /left/)
  const dropped = await send('chat/completions', ask(text, { stream: true }))
  const pieces = dropped.body[Symbol.asyncIterator]()
  await pieces.next()
  dropped.abort()
  assert.equal((await pieces.next()).done, true)
  await assert.rejects(send('chat/completions', ask('x'), { signal: AbortSignal.abort(new Error('left')) }), /left/)
})

test('a reader that never waits leaves the event loop its turn', async () => {
  const reply = await send('chat/completions', ask('word '.repeat(2_000), { stream: true }))
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 0)
  await readWhole(reply)
  clearInterval(timer)
  assert.ok(turns > 0)
})

test('what is no request is refused in words of its own', async () => {
  assert.equal((await refusal(send('chat/completions', '{"model":'))).code, 'invalid_json')
  assert.equal((await refusal(send('chat/completions', { messages: [] }))).code, 'invalid_request_error')
  assert.equal((await refusal(send('no/such', {}))).code, 'not_found')
  assert.equal((await refusal(send('constructor', {}))).code, 'not_found')
})
