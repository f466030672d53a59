/** Calls whose target speaks another format than their caller. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { catalogOf } from '#catalog/load.ts'
import { anthropicMessages } from '#protocol/anthropic-messages/index.ts'
import { openaiCompletions } from '#protocol/openai/completions.ts'
import type { Asking } from './test-stage.ts'
import { openStage, sampleModel } from './test-stage.ts'
import { completion, done, faults, opening, says, stops, uses } from './test-upstream.ts'

const messages: Asking = { protocol: anthropicMessages, path: 'messages', body: { max_tokens: 100 } }
const streamed = (body: JsonObject = {}): Asking => ({ ...messages, body: { max_tokens: 100, stream: true, ...body } })

const event = (type: string, rest: JsonObject = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`

const usage = { input_tokens: 10, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 1 }
const begins = event('message_start', {
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'beta-1', content: [], usage },
})
const speaks = (text: string): string =>
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }) +
  event('content_block_stop', { index: 0 })
const ends =
  event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } }) +
  event('message_stop')

const claude = { vendors: { alpha: { protocols: ['anthropic-messages'] } } } as const

const names = (text: string): readonly string[] => [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name ?? '')

describe("Claude's clients and a provider that speaks Chat Completions", () => {
  test('a whole answer is a message, with the call’s id where they look for it', async () => {
    const stage = openStage()
    const caller = await stage.call(messages)
    assert.deepEqual(stage.arrival('alpha').body(), {
      model: 'alpha-1',
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: 100,
    })
    assert.ok(stage.arrival('alpha').request.url.endsWith('/v1/chat/completions'))
    stage.arrival('alpha').answer(200, completion('Hi'))
    await stage.settle()
    const message = caller.json()
    assert.deepEqual([message['type'], message['stop_reason']], ['message', 'end_turn'])
    assert.deepEqual(message['content'], [{ type: 'text', text: 'Hi' }])
    assert.equal(caller.header('request-id'), 'call_1')
    assert.equal(caller.header('content-type'), 'application/json')
    assert.equal(caller.record().usage?.output, 5)
    assert.equal(caller.record().costNanoUsd, 20_000n)
  })

  test('a stream asks for usage in the provider’s way, and tells it in the caller’s', async () => {
    const stage = openStage()
    const caller = await stage.call(streamed())
    const arrival = stage.arrival('alpha')
    assert.deepEqual(arrival.body()['stream_options'], { include_usage: true })
    arrival.head()
    arrival.write(opening, says('Hi'), stops, uses(10, 5), done)
    await stage.settle()
    assert.ok(caller.text().endsWith(event('message_stop')), 'the end does not wait for the connection to close')
    arrival.end()
    await stage.settle()
    assert.equal(caller.ending(), 'complete')
    assert.deepEqual(names(caller.text()), [
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    assert.ok(caller.text().includes('"usage":{"input_tokens":10,'))
    assert.equal(caller.header('content-type'), 'text/event-stream; charset=utf-8')
    assert.equal(caller.record().usage?.source, 'reported')
  })

  test('a stream that breaks off ends with an error event and is never closed', async () => {
    const stage = openStage()
    const caller = await stage.call(streamed())
    const arrival = stage.arrival('alpha')
    arrival.head()
    arrival.write(opening, says('Half'))
    await stage.settle()
    arrival.end()
    await stage.settle()
    assert.equal(caller.ending(), 'cut')
    assert.deepEqual(names(caller.text()).slice(-1), ['error'])
    assert.ok(!caller.text().includes('message_stop'))
    assert.equal(caller.record().end, 'cut')
  })

  test('an error inside of a stream comes in the caller’s shape, once', async () => {
    const stage = openStage()
    const caller = await stage.call(streamed())
    const arrival = stage.arrival('alpha')
    arrival.head()
    arrival.write(opening, says('Half'), faults('It broke.'))
    arrival.end()
    await stage.settle()
    assert.equal(caller.ending(), 'cut')
    assert.equal(names(caller.text()).filter((name) => name === 'error').length, 1)
    assert.ok(caller.text().includes('"type":"error","error":{"type":"api_error"'))
  })

  test('a refusal comes in the caller’s shape, with the provider’s status', async () => {
    const stage = openStage()
    const caller = await stage.call(messages)
    stage.arrival('alpha').answer(400, { error: { message: 'No such voice.', type: 'invalid_request_error' } })
    await stage.settle()
    assert.equal(caller.status(), 400)
    const { type, error } = caller.json() as { type: string; error: JsonObject }
    assert.deepEqual([type, error['type']], ['error', 'invalid_request_error'])
    assert.match(String(error['message']), /No such voice/)
  })

  test('silence is filled with pings', async () => {
    const stage = openStage()
    const caller = await stage.call(streamed())
    const arrival = stage.arrival('alpha')
    arrival.head()
    arrival.write(opening, says('Hi'))
    await stage.settle()
    await stage.advance(15_000)
    assert.ok(caller.text().endsWith('event: ping\ndata: {"type": "ping"}\n\n'))
    caller.leave()
    await stage.settle()
  })

  test('what is lost is a warning, and a refusal in strict mode', async () => {
    const stage = openStage()
    const asking = { ...messages, body: { max_tokens: 100, container: { skills: [] } } }
    const caller = await stage.call(asking)
    stage.arrival('alpha').answer(200, completion('Hi'))
    await stage.settle()
    assert.equal(caller.header('x-drover-warnings'), 'container:unknown to the format of the target')
    const strict = await stage.call({ ...asking, headers: { 'x-drover-strict': 'true' } })
    await stage.settle()
    assert.equal(strict.status(), 400)
    assert.equal((strict.json()['error'] as JsonObject)['param'], 'container')
  })

  test('usage.cost is told where it was asked for', async () => {
    const stage = openStage()
    const caller = await stage.call(streamed({ usage: { include: true } }))
    const arrival = stage.arrival('alpha')
    arrival.head()
    arrival.write(opening, says('Hi'), stops, uses(10, 5), done)
    arrival.end()
    await stage.settle()
    assert.ok(caller.text().includes('"cost_nano_usd":"20000"'), caller.text())
  })
})

describe('callers of Chat Completions and Claude’s own protocol', () => {
  test('a stream becomes chunks; usage counts the input that only the start tells', async () => {
    const stage = openStage(claude)
    const caller = await stage.call({ body: { stream: true, stream_options: { include_usage: true } } })
    const arrival = stage.arrival('alpha')
    assert.equal(arrival.request.headers['anthropic-version'], '2023-06-01')
    assert.ok(arrival.request.url.endsWith('/v1/messages'))
    assert.equal(arrival.body()['stream_options'], undefined)
    arrival.head()
    arrival.write(begins, event('ping'), speaks('Hi'), ends)
    arrival.end()
    await stage.settle()
    assert.equal(caller.ending(), 'complete')
    assert.ok(caller.text().includes('"content":"Hi"') && caller.text().endsWith('data: [DONE]\n\n'))
    assert.ok(caller.text().includes('"prompt_tokens":10,"completion_tokens":5'))
    assert.equal(caller.record().costNanoUsd, 20_000n)
  })

  test('a stream that is cut after its start has the usage that was told, and no [DONE]', async () => {
    const stage = openStage(claude)
    const caller = await stage.call({ body: { stream: true } })
    const arrival = stage.arrival('alpha')
    arrival.head()
    arrival.write(begins, speaks('Hi'))
    arrival.end()
    await stage.settle()
    assert.equal(caller.ending(), 'cut')
    assert.ok(caller.text().includes('"error"') && !caller.text().includes('[DONE]'))
    // The input as it was told; the output, of which only the beginning was told, is counted.
    assert.deepEqual([caller.record().usage?.input, caller.record().usage?.source], [10, 'estimated'])
  })

  test('the output maximum that the format wants is that of the model which is asked, not of the first target', async () => {
    const modelOf = (vendor: string, tokens: number) => ({
      name: `${vendor}.json`,
      text: JSON.stringify({
        vendor,
        name: vendor,
        docs: 'https://docs.example',
        sources: { page: { url: 'https://docs.example', read: '2026-11-22' } },
        models: [{ id: `${vendor}-1`, output_tokens_max: tokens, source: 'page' }],
      }),
    })
    const stage = openStage({
      vendors: { beta: { protocols: ['anthropic-messages'] } },
      models: [sampleModel([{ provider: 'alpha' }, { provider: 'beta', tier: 2 }])],
      catalog: catalogOf([modelOf('alpha', 64_000), modelOf('beta', 4_096)]),
    })
    const caller = await stage.call()
    stage.arrival('alpha').answer(529, { error: { message: 'Overloaded' } })
    await stage.settle()
    assert.equal(stage.arrival('beta').body()['max_tokens'], 4_096)
    caller.leave()
    await stage.settle()
  })

  test('an overloaded provider is left for another, which may speak another format', async () => {
    const stage = openStage({
      vendors: { alpha: { protocols: ['anthropic-messages'] } },
      models: [sampleModel([{ provider: 'alpha' }, { provider: 'beta' }])],
    })
    const caller = await stage.call({ body: { stream: true } })
    stage.arrival('alpha').answer(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
    await stage.settle()
    const second = stage.arrival('beta')
    assert.ok(second.request.url.endsWith('/chat/completions'))
    second.head()
    second.write(opening, says('Hi'), stops, done)
    second.end()
    await stage.settle()
    assert.equal(caller.ending(), 'complete')
    assert.equal(caller.text(), opening + says('Hi') + stops + done)
  })

  test('the start of a message does not commit: another target can still answer', async () => {
    const stage = openStage({ ...claude, models: [sampleModel([{ provider: 'alpha' }, { provider: 'beta' }])] })
    const caller = await stage.call({ body: { stream: true } })
    stage.arrival('alpha').head()
    stage.arrival('alpha').write(begins, event('ping'), event('error', { error: { type: 'overloaded_error' } }))
    stage.arrival('alpha').end()
    await stage.settle()
    const second = stage.arrival('beta')
    second.head()
    second.write(opening, says('Hi'), stops, done)
    second.end()
    await stage.settle()
    assert.equal(caller.text(), opening + says('Hi') + stops + done)
  })

  test('the caller’s own format, where the provider speaks it too, passes byte for byte', async () => {
    const stage = openStage({ vendors: { alpha: { protocols: ['openai-chat', 'anthropic-messages'] } } })
    const caller = await stage.call(streamed())
    const arrival = stage.arrival('alpha')
    assert.ok(arrival.request.url.endsWith('/messages'))
    arrival.head()
    arrival.write(begins, speaks('Hi'), ends)
    arrival.end()
    await stage.settle()
    assert.equal(caller.text(), begins + speaks('Hi') + ends)
    assert.equal(caller.record().usage?.output, 5)
  })
})

test('a word of effort that nobody knows is taken for the usual one, and a warning says so', async () => {
  const stage = openStage({ ...claude })
  const caller = await stage.call({ body: { reasoning_effort: 'huge', max_tokens: 20_000 } })
  assert.deepEqual(stage.arrival('alpha').body()['thinking'], { type: 'enabled', budget_tokens: 8_192 })
  stage.arrival('alpha').answer(400, { type: 'error', error: { type: 'invalid_request_error', message: 'No.' } })
  await stage.settle()
  assert.match(caller.record().warnings.join(), /^reasoning_effort:"huge" is unknown: taken as "medium"/)
})

test('instructions without a turn are a turn where the format wants one, and a warning says so', async () => {
  const stage = openStage({ ...claude })
  const told = ['Be short.', 'Say hello.'].map((content) => ({ role: 'system', content }))
  const caller = await stage.call({ body: { messages: told, max_tokens: 9 } })
  const { system, messages: sent } = stage.arrival('alpha').body()
  assert.deepEqual([system, sent], ['Be short.', [{ role: 'user', content: 'Say hello.' }]])
  stage.arrival('alpha').answer(200, {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'alpha-1', stop_reason: 'end_turn' },
    content: [{ type: 'text', text: 'Hello' }],
    usage,
  })
  await stage.settle()
  assert.match(caller.header('x-drover-warnings') ?? '', /^messages\[1\]:the target wants a turn/)
})

describe('text completions of a provider that has chats alone', () => {
  const texts: Asking = { protocol: openaiCompletions, path: 'completions', body: { prompt: 'Once', messages: null } }
  const asking = (body: JsonObject): Asking => ({ ...texts, body: { ...texts.body, ...body } })

  test('the prompt is one message, the answer text, and what cannot be said is warned of', async () => {
    const stage = openStage({ ...claude })
    const caller = await stage.call(asking({ max_tokens: 50, stop: ['.'], echo: true, logprobs: 2 }))
    assert.ok(stage.arrival('alpha').request.url.endsWith('/v1/messages'))
    assert.deepEqual(stage.arrival('alpha').body(), {
      model: 'alpha-1',
      messages: [{ role: 'user', content: 'Once' }],
      max_tokens: 50,
      stop_sequences: ['.'],
    })
    stage.arrival('alpha').answer(200, {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'alpha-1', stop_reason: 'end_turn' },
      content: [{ type: 'text', text: ' upon' }],
      usage: { ...usage, output_tokens: 5 },
    })
    await stage.settle()
    const { object, choices, usage: told } = caller.json() as Record<string, JsonObject>
    assert.equal(object, 'text_completion')
    assert.deepEqual(choices, [{ index: 0, text: ' upon', logprobs: null, finish_reason: 'stop' }])
    assert.deepEqual([told?.['prompt_tokens'], told?.['completion_tokens'], told?.['total_tokens']], [10, 5, 15])
    const unknown = 'unknown to the format of the target'
    assert.equal(caller.header('x-drover-warnings'), `echo:${unknown},logprobs:${unknown}`)
    assert.equal(caller.record().usage?.output, 5)
  })

  test('a stream is told in chunks of text, its usage to who asks, and ends as one', async () => {
    const stage = openStage({ ...claude })
    const caller = await stage.call(asking({ stream: true, stream_options: { include_usage: true } }))
    const arrival = stage.arrival('alpha')
    arrival.head()
    arrival.write(begins, speaks(' upon'), speaks(' a time'), ends)
    arrival.end()
    await stage.settle()
    assert.equal(caller.ending(), 'complete')
    const lines = caller
      .text()
      .split('\n\n')
      .filter((line) => line !== '')
    assert.equal(lines.at(-1), 'data: [DONE]')
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)) as Record<string, JsonObject[]>)
    assert.ok(chunks.every(({ object }) => String(object) === 'text_completion'))
    assert.equal(chunks.map(({ choices }) => choices?.[0]?.['text'] ?? '').join(''), ' upon a time')
    assert.deepEqual(chunks.at(-1)?.['choices'], [])
    assert.match(lines.at(-2) ?? '', /"completion_tokens":5/)
  })

  test('what a chat cannot say is refused, and a provider of text completions is asked before one of chats', async () => {
    const stage = openStage({ ...claude })
    const caller = await stage.call(asking({ suffix: 'end' }))
    await stage.settle()
    assert.deepEqual([caller.status(), stage.arrivals('alpha')], [400, 0])
    assert.equal((caller.json()['error'] as JsonObject)['param'], 'suffix')
    const vendors = { ...claude.vendors, beta: { protocols: ['openai-chat', 'openai-completions'] } } as const
    const both = openStage({ vendors, models: [sampleModel([{}, { provider: 'beta' }])] })
    await both.call(texts)
    assert.deepEqual([both.arrivals('alpha'), both.arrivals('beta')], [0, 1])
    assert.ok(both.arrival('beta').request.url.endsWith('/v1/completions'))
  })
})

describe('names of tools that the provider does not take', () => {
  const name = 'files.read'
  const tools = [{ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }]
  const called = { id: 'toolu_1', type: 'function', function: { name, arguments: '{}' } }

  test('go out under others, in the history too, and are the caller’s own in the answer', async () => {
    const stage = openStage({ ...claude })
    const history = [
      { role: 'user', content: 'Read it.' },
      { role: 'assistant', content: null, tool_calls: [called] },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'empty' },
    ]
    const caller = await stage.call({ body: { tools, messages: history } })
    const asked = JSON.stringify(stage.arrival('alpha').body())
    const sent = /files_read_[0-9a-f]{8}/.exec(asked)?.[0] ?? ''
    assert.equal(asked.split(`"${sent}"`).length - 1, 2, asked)
    assert.ok(!asked.includes(name))
    stage.arrival('alpha').answer(200, {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'alpha-1', stop_reason: 'tool_use', usage },
      content: [{ type: 'tool_use', id: 'toolu_2', name: sent, input: {} }],
    })
    await stage.settle()
    assert.match(caller.text(), /"name":"files\.read"/)
    assert.ok(!caller.text().includes(sent))
    assert.ok(!caller.header('x-drover-warnings')?.includes('tool'))
  })

  test('in a stream as well', async () => {
    const stage = openStage({ ...claude })
    const caller = await stage.call({ body: { tools, stream: true } })
    const arrival = stage.arrival('alpha')
    const sent = /files_read_[0-9a-f]{8}/.exec(JSON.stringify(arrival.body()))?.[0] ?? ''
    const block = { type: 'tool_use', id: 'toolu_2', name: sent, input: {} }
    arrival.head()
    arrival.write(
      begins,
      event('content_block_start', { index: 0, content_block: block }),
      event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: '{}' } }),
      event('content_block_stop', { index: 0 }),
      event('message_delta', { delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 5 } }),
      event('message_stop'),
    )
    arrival.end()
    await stage.settle()
    assert.equal(caller.ending(), 'complete')
    assert.match(caller.text(), /"name":"files\.read"/)
    assert.ok(!caller.text().includes(sent))
  })
})
