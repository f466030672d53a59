import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call, eventsOf, openCall, textOf } from './call.ts'
import type { Relay } from './harness.ts'
import { startRelay, testKey, within } from './harness.ts'

/** The ids that every relay answers to, with no configuration at all. */
const knownIds = [
  'kimi-k2',
  'moonshot-v1-8k',
  'moonshot-v1-32k',
  'moonshot-v1-128k',
  'gpt-4.1',
  'claude-sonnet-4.5',
  'gemini-2.5-flash',
  'deepseek-v3.2',
]

describe('the sandbox', () => {
  let relay: Relay
  before(async () => {
    relay = await startRelay()
  })
  after(() => relay[Symbol.asyncDispose]())

  const say = (content: string, more: object = {}): Promise<Answer> =>
    call(relay.url, { key: testKey, body: chat(content, { model: 'kimi-k2', ...more }) })

  test('echoes the last user message, whole and word by word, the same each time', async () => {
    const messages = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'a' },
      { role: 'user', content: 'say these four words' },
    ]
    const answer = await say('', { messages })
    assert.equal(answer.at('choices.0.message.content'), 'say these four words')
    assert.equal(answer.at('choices.0.finish_reason'), 'stop')
    assert.equal(answer.at('object'), 'chat.completion')
    assert.ok(Number(answer.at('usage.prompt_tokens')) > 4)
    assert.ok(Number(answer.at('usage.completion_tokens')) >= 4)
    const streamed = await say('', { messages, stream: true, stream_options: { include_usage: true } })
    assert.equal(textOf(streamed.text), 'say these four words')
    const events = eventsOf(streamed.text)
    assert.ok(events.length >= 4 + 2)
    assert.equal(events.at(-1)?.data, '[DONE]')
    assert.match(events.at(-2)?.data ?? '', /"choices":\s*\[\]/)
    assert.equal((await say('ping')).at('choices.0.message.content'), 'ping')
  })

  test('answers to every known id, and lists them', async () => {
    const list = await call(relay.url, { key: testKey, path: '/v1/models' })
    const ids = (list.at('data') as readonly { id: string }[]).map(({ id }) => id)
    for (const model of knownIds) {
      assert.equal((await say('hi', { model })).status, 200, model)
      assert.ok(ids.includes(model), `${model} is listed`)
      const one = await call(relay.url, { key: testKey, path: `/v1/models/${model}` })
      assert.equal(one.at('id'), model)
    }
    assert.equal(list.at('object'), 'list')
  })

  test('a retired id answers with its successor', async () => {
    const answer = await say('hi', { model: 'kimi-k2-0711-preview' })
    assert.equal(answer.status, 400, answer.text)
    assert.match(String(answer.at('error.message')), /kimi-k/)
    assert.match(String(answer.at('error.message')), /\d{4}/, 'the date is named')
  })

  test('status: any error can be met, with its wait', async () => {
    const busy = await say('sandbox:status=429,retry-after=2')
    assert.equal(busy.status, 429)
    assert.equal(busy.headers['retry-after'], '2')
    assert.equal(typeof busy.at('error.message'), 'string')
    const codes: Readonly<Record<number, string>> = {
      401: 'invalid_api_key',
      402: 'credit_exhausted',
      404: 'not_found',
      413: 'body_too_large',
      500: 'internal_error',
      502: 'upstream_error',
      504: 'upstream_timeout',
    }
    for (const [status, code] of Object.entries(codes))
      assertProblem(await say(`sandbox:status=${status}`), Number(status), code)
    for (const status of [400, 403, 429, 503])
      assert.equal((await say(`sandbox:status=${status}`, { stream: true })).status, status)
  })

  test('delay: the answer waits that long', async () => {
    const started = performance.now()
    assert.equal((await say('sandbox:delay=400ms')).status, 200)
    const elapsedMs = performance.now() - started
    assert.ok(elapsedMs >= 390 && elapsedMs < 4_000, `${elapsedMs} ms`)
  })

  test('cut-after: the stream ends cut after so many events', async () => {
    const body = chat('sandbox:cut-after=3\none two three four five six', { model: 'kimi-k2', stream: true })
    const open = await openCall(relay.url, { key: testKey, body })
    let text = ''
    await within(
      (async () => {
        for (let piece = await open.next(); piece !== null; piece = await open.next()) text += piece.toString()
      })().catch((fault: unknown) => assert.ok(fault instanceof Error)),
      5_000,
      () => 'the cut stream stays open',
    )
    assert.ok(!text.includes('[DONE]'))
    assert.ok(!textOf(text.replace(/data: \{"error".*/s, '')).includes('six'))
  })

  test('tokens and finish: as long as told, ended as told', async () => {
    const long = await say('sandbox:tokens=50')
    assert.equal(long.at('usage.completion_tokens'), 50)
    const cut = await say('sandbox:finish=length\nand so on')
    assert.equal(cut.at('choices.0.finish_reason'), 'length')
    const capped = await say('one two three four five six seven eight nine ten', { max_tokens: 3 })
    assert.equal(capped.at('choices.0.finish_reason'), 'length')
    assert.ok(Number(capped.at('usage.completion_tokens')) <= 3)
  })

  test('a tool is called when there is one and the word falls', async () => {
    const tools = ['first_tool', 'second_tool'].map((name) => ({
      type: 'function',
      function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
    }))
    const answer = await say('please use the tool', { tools })
    assert.equal(answer.at('choices.0.finish_reason'), 'tool_calls')
    assert.equal(answer.at('choices.0.message.tool_calls.0.function.name'), 'first_tool')
    const written = String(answer.at('choices.0.message.tool_calls.0.function.arguments'))
    assert.equal(typeof JSON.parse(written).city, 'string', 'the arguments fit the schema')
    assert.equal((await say('please do not', { tools })).at('choices.0.finish_reason'), 'stop')
    const streamed = await say('use the tool', { tools, stream: true })
    assert.match(streamed.text, /"name":"first_tool"/)
    assert.match(streamed.text, /"finish_reason":"tool_calls"/)
  })

  test('a JSON schema is filled', async () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, count: { type: 'integer' }, kind: { enum: ['a', 'b'] } },
      required: ['name', 'count', 'kind'],
      additionalProperties: false,
    }
    const answer = await say('fill it', {
      response_format: { type: 'json_schema', json_schema: { name: 'thing', schema } },
    })
    const filled = JSON.parse(String(answer.at('choices.0.message.content'))) as Record<string, unknown>
    assert.equal(typeof filled['name'], 'string')
    assert.ok(Number.isInteger(filled['count']))
    assert.ok(['a', 'b'].includes(String(filled['kind'])))
  })

  test('parts of a message: images and sounds are taken', async () => {
    const content = [
      { type: 'text', text: 'what is this' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    ]
    const answer = await say('', { messages: [{ role: 'user', content }] })
    assert.match(String(answer.at('choices.0.message.content')), /what is this/)
  })

  test('a test key costs nothing and touches no provider', async () => {
    const answer = await say('hi')
    const record = await relay.recordOf(answer)
    assert.equal(record['end'], 'complete')
    assert.ok([null, '0', 0].includes(record['cost_nano_usd'] as string | null), String(record['cost_nano_usd']))
  })
})
