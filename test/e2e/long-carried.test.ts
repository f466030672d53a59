/** What a model needs back with the result of a tool, for a plain client of Chat Completions that keeps only what it knows. */

import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { benchFor } from './bench.ts'
import type { Answer } from './call.ts'
import { call, eventsOf } from './call.ts'
import { fakeKey, startRelay } from './harness.ts'

type Message = Readonly<Record<string, unknown>>

const tools = [
  {
    type: 'function',
    function: { name: 'tide', parameters: { type: 'object', properties: { port: { type: 'string' } } } },
  },
]
const question: Message = { role: 'user', content: 'When is high water at Brest?' }

const providers = (upstream: FakeUpstream): string => {
  const root = upstream.baseUrl.replace(/\/v1$/, '')
  const of = (name: string, vendor: string, path: string): string =>
    `  ${name}: { vendor: ${vendor}, base_url: "${root}${path}", allow_private: true, api_key: "env:FAKE_KEY" }\n`
  return `providers:
${of('google', 'gemini', '/v1beta')}${of('cloud', 'vertex', '/v1')}${of('claude', 'anthropic', '/v1')}${of('openai', 'openai', '/v1')}${of('kimi', 'moonshot', '/v1')}${of('router', 'openrouter', '/v1')}`
}

/** What such a client keeps of an answer: the fields that OpenAI's own types have. */
const plain = (message: Message): Message => ({
  role: 'assistant',
  content: message['content'] ?? null,
  tool_calls: (message['tool_calls'] as readonly Message[]).map(({ id, type, function: called }) => ({
    id,
    type,
    function: called,
  })),
})

/** The message of a stream, put together from its pieces as OpenAI's clients do. */
const gathered = (text: string): Message => {
  let content = ''
  const calls: { id: string; type: string; function: { name: string; arguments: string } }[] = []
  for (const { data } of eventsOf(text)) {
    if (data === '[DONE]') continue
    const { delta = {} } = JSON.parse(data).choices[0] ?? {}
    content += delta.content ?? ''
    for (const piece of delta.tool_calls ?? []) {
      calls[piece.index] ??= { id: '', type: 'function', function: { name: '', arguments: '' } }
      const one = calls[piece.index]
      if (one === undefined) continue
      one.id += piece.id ?? ''
      one.function.name += piece.function?.name ?? ''
      one.function.arguments += piece.function?.arguments ?? ''
    }
  }
  return { content: content === '' ? null : content, tool_calls: calls }
}

type Asking = { readonly model: string; readonly messages?: readonly Message[] } & Readonly<Record<string, unknown>>

const ask = ({ relay, key }: Bench, asking: Asking): Promise<Answer> =>
  call(relay.url, { key, body: { messages: [question], tools, ...asking } })

/** The second turn of a client that has kept only what it knows; gives what went upstream for it. */
const secondTurn = async (from: Bench, message: Message, asking: Asking) => {
  const told = plain(message)
  const results = (told['tool_calls'] as readonly { readonly id: string }[]).map(({ id }) => ({
    role: 'tool',
    tool_call_id: id,
    content: '06:12',
  }))
  const index = from.upstream.seen.length
  const answer = await ask(from, { messages: [question, told, ...results], ...asking })
  assert.equal(answer.status, 200, answer.text)
  return JSON.parse((await from.upstream.arrival(index)).body.toString())
}

let bench: Bench

before(async () => {
  bench = await benchFor(providers)
})

after(() => bench?.close())

const geminiCall = {
  candidates: [
    {
      index: 0,
      content: {
        role: 'model',
        parts: [
          { text: 'Brest: the tables. ', thought: true },
          { functionCall: { name: 'tide', args: { port: 'Brest' } }, thoughtSignature: 'U0lHTg==' },
          { functionCall: { name: 'tide', args: { port: 'Paimpol' } } },
        ],
      },
      finishReason: 'STOP',
    },
  ],
  usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3, totalTokenCount: 10 },
  modelVersion: 'gemini-3-pro',
  responseId: 'r1',
}
const geminiSays = {
  ...geminiCall,
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'At 06:12.' }] }, finishReason: 'STOP' }],
}

const claudeCall = [
  { type: 'thinking', thinking: 'I need the tables.', signature: 'c2lnbmF0dXJl' },
  { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
  { type: 'text', text: 'I look it up.' },
  { type: 'tool_use', id: 'toolu_01A9xcB7kfGH2tq5', name: 'tide', input: { port: 'Brest' } },
]
const claudeMessage = (content: readonly object[], reason: string): object => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content,
  stop_reason: reason,
  stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 5 },
})

test('Gemini 3: signatures of calls come back from a client that strips them, also over a restart', async () => {
  const { upstream } = bench
  upstream.answer(whole(geminiCall))
  const first = await ask(bench, { model: 'cloud/gemini-3-pro' })
  const message = first.at('choices.0.message') as Message
  upstream.answer(whole(geminiSays))
  const sent = await secondTurn(bench, message, { model: 'cloud/gemini-3-pro' })
  const turn = sent.contents.find(({ role }: { role: string }) => role === 'model')
  const calls = turn.parts.filter((part: object) => 'functionCall' in part)
  assert.deepEqual(
    calls.map(({ thoughtSignature, functionCall }: never) => [
      thoughtSignature,
      (functionCall as { args: object }).args,
    ]),
    [
      ['U0lHTg==', { port: 'Brest' }],
      [undefined, { port: 'Paimpol' }],
    ],
  )

  // Nobody else finds anything under the id: then the calls are another maker's.
  const account = await bench.relay.command('accounts', 'create', '--name', 'others', '--billing', 'unlimited')
  const { key } = await bench.relay.createKey({ account: (account as { id: string }).id })
  const foreign = await secondTurn({ ...bench, key }, message, { model: 'cloud/gemini-3-pro' })
  assert.doesNotMatch(JSON.stringify(foreign), /U0lHTg/)
  // Neither does the account itself for a call that was not made.
  const [made, ...others] = message['tool_calls'] as readonly Record<string, unknown>[]
  const altered = { ...made, function: { name: 'tide', arguments: '{"port":"Dover"}' } }
  const other = await secondTurn(
    bench,
    { ...message, tool_calls: [altered, ...others] },
    { model: 'cloud/gemini-3-pro' },
  )
  assert.doesNotMatch(JSON.stringify(other), /U0lHTg/)

  await bench.relay.stop()
  const again = await startRelay({ folder: bench.relay.folder, env: { FAKE_KEY: fakeKey } })
  const { close } = bench
  bench = {
    ...bench,
    relay: again,
    close: async () => {
      await again.kill()
      await close()
    },
  }
  const later = await secondTurn(bench, message, { model: 'cloud/gemini-3-pro' })
  assert.match(JSON.stringify(later), /U0lHTg/)
})

test("Gemini's compatible endpoint: extra_content goes back where the client has left it out", async () => {
  const called = (id: string, port: string, more: object = {}): object => ({
    index: 0,
    id,
    type: 'function',
    function: { name: 'tide', arguments: JSON.stringify({ port }) },
    ...more,
  })
  const chunk = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gemini-3-pro', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  const signature = { extra_content: { google: { thought_signature: 'QUJD' } } }
  bench.upstream.answer(
    stream([
      chunk({ role: 'assistant', tool_calls: [called('function-call-8124123412341234', 'Brest', signature)] }),
      chunk({}, 'tool_calls'),
      'data: [DONE]\n\n',
    ]),
  )
  const first = await ask(bench, { model: 'google/gemini-3-pro', stream: true })
  bench.upstream.answer(
    whole({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'g',
      choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
    }),
  )
  const sent = await secondTurn(bench, gathered(first.text), { model: 'google/gemini-3-pro' })
  assert.deepEqual(sent.messages[1].tool_calls[0].extra_content, signature.extra_content)
})

test('Claude: thinking goes on across the call of a tool, each block in its place', async () => {
  const { upstream } = bench
  const thinking = { reasoning_effort: 'high', max_completion_tokens: 30_000 }
  upstream.answer(whole(claudeMessage(claudeCall, 'tool_use')))
  const first = await ask(bench, { model: 'claude/claude-sonnet-4-5', ...thinking })
  upstream.answer(whole(claudeMessage([{ type: 'text', text: 'At 06:12.' }], 'end_turn')))
  const message = first.at('choices.0.message') as Message
  const sent = await secondTurn(bench, message, { model: 'claude/claude-sonnet-4-5', ...thinking })
  assert.deepEqual(sent.messages[1].content, claudeCall)
  assert.equal(sent.thinking.type, 'enabled')
})

test('OpenAI: encrypted reasoning of the Responses API goes back to the provider that gave it', async () => {
  const item = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'ZW5jcnlwdGVk' }
  const response = (output: readonly object[]): object => ({
    id: 'resp_1',
    object: 'response',
    created_at: 1_790_000_000,
    status: 'completed',
    model: 'gpt-5-pro',
    output,
    usage: { input_tokens: 5, output_tokens: 9, total_tokens: 14 },
  })
  const calling = {
    id: 'fc_1',
    type: 'function_call',
    status: 'completed',
    call_id: 'call_Zx81kQ0aPq7tY2',
    name: 'tide',
    arguments: '{"port": "Brest"}',
  }
  bench.upstream.answer(whole(response([item, calling])))
  const from = bench.upstream.seen.length
  const first = await ask(bench, { model: 'openai/gpt-5-pro' })
  const asked = JSON.parse((await bench.upstream.arrival(from)).body.toString())
  assert.deepEqual([asked.include, asked.store], [['reasoning.encrypted_content'], false])
  const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'At 06:12.' }] }
  bench.upstream.answer(whole(response([said])))
  const sent = await secondTurn(bench, first.at('choices.0.message') as Message, { model: 'openai/gpt-5-pro' })
  assert.deepEqual(
    sent.input.map(({ type, encrypted_content: secret }: never) => secret ?? type),
    ['message', 'ZW5jcnlwdGVk', 'function_call', 'function_call_output'],
  )
})

test('Kimi and OpenRouter: thought goes back as they want it, and never from another conversation', async () => {
  const answer = (message: object): object => ({
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'kimi-k2-thinking',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'tool_calls' }],
    usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 },
  })
  const called = [
    { id: 'functions.tide:0', type: 'function', function: { name: 'tide', arguments: '{"port":"Brest"}' } },
  ]
  const models = { kimi: 'kimi/kimi-k2.6', router: 'router/anthropic/claude-sonnet-4.5' }
  bench.upstream.answer(whole(answer({ content: '', reasoning_content: 'The tables.', tool_calls: called })))
  const first = await ask(bench, { model: models.kimi })
  const message = first.at('choices.0.message') as Message
  assert.equal((await secondTurn(bench, message, { model: models.kimi })).messages[1].reasoning_content, 'The tables.')
  const others = await call(bench.relay.url, {
    key: bench.key,
    body: {
      model: models.kimi,
      tools,
      messages: [
        { role: 'user', content: 'Something else' },
        plain(message),
        { role: 'tool', tool_call_id: 'functions.tide:0', content: 'x' },
      ],
    },
  })
  assert.equal(others.status, 200)
  const other = JSON.parse((await bench.upstream.arrival(bench.upstream.seen.length - 1)).body.toString())
  assert.notEqual(other.messages[1].reasoning_content, 'The tables.')

  const details = [{ type: 'reasoning.text', text: 'Hm.', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 }]
  const calls = [{ ...called[0], id: 'toolu_01A9xcB7kfGH2tq5' }]
  bench.upstream.answer(whole(answer({ content: '', reasoning: 'Hm.', reasoning_details: details, tool_calls: calls })))
  const routed = await ask(bench, { model: models.router })
  const sent = await secondTurn(bench, routed.at('choices.0.message') as Message, { model: models.router })
  assert.deepEqual(sent.messages[1].reasoning_details, details)
})
