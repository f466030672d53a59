import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Part } from '#protocol/part.ts'
import { openaiCompletions } from './completions.ts'
import { inboundOf } from './test-inbound.ts'

const { readCall, readChat, writeReply } = openaiCompletions.server
const callOf = (body: JsonObject) => readCall(inboundOf(JSON.stringify({ model: 'm', ...body }), '/v1/completions'))
const read = (body: JsonObject) => {
  assert.ok(readChat !== undefined)
  return readChat(callOf(body)).value
}

test('a prompt is one message, and what is asked of its answer has its name', () => {
  const request = read({
    prompt: ['Once'],
    max_tokens: 7,
    n: 2,
    stop: '\n',
    temperature: 0,
    seed: 3,
    echo: false,
    best_of: 1,
  })
  assert.deepEqual(request.messages, [{ role: 'user', content: [{ type: 'text', text: 'Once' }], name: null }])
  assert.deepEqual(
    [request.outputMax, request.choices, request.stop, request.temperature, request.seed, request.extra],
    [7, 2, ['\n'], 0, 3, {}],
  )
  const extra = { echo: true, best_of: 4, logprobs: 2, min_p: 0.1 }
  assert.deepEqual(read({ prompt: 'Once', ...extra }).extra, extra, 'each is warned of')
  assert.deepEqual(read({ prompt: 'Once', max_tokens: -1, suffix: '' }).outputMax, null)
})

test('what a chat cannot say is refused, naming the field', () => {
  const refused: ReadonlyArray<readonly [JsonObject, string, RegExp]> = [
    [{ prompt: 'a', suffix: 'b' }, 'suffix', /text completions/],
    [{ prompt: ['a', 'b'] }, 'prompt', /several prompts/],
    [{ prompt: [1, 2] }, 'prompt', /tokens/],
    [{ prompt: [[1, 2]] }, 'prompt', /tokens/],
    [{ prompt: 7 }, 'prompt', /a string is expected/],
    [{}, 'prompt', /a string is expected/],
  ]
  for (const [body, param, message] of refused)
    assert.throws(
      () => read(body),
      (thrown) => thrown instanceof Problem && thrown.detail.param === param && message.test(thrown.message),
      JSON.stringify(body),
    )
})

test('an answer is text, its refusal too; its thought has no place and is warned of', () => {
  const at = { choice: 0, block: 0 }
  const parts: readonly Part[] = [
    { type: 'reasoning-start', ...at },
    { type: 'reasoning-delta', ...at, text: 'hm' },
    { type: 'text-delta', ...at, block: 1, text: 'I ' },
    { type: 'refusal-delta', ...at, block: 2, text: 'cannot.' },
    { type: 'finish', choice: 0, reason: 'content-filter', raw: null },
  ]
  const asked = inboundOf('{}')
  for (const stream of [false, true]) {
    const writer = writeReply({ call: { ...callOf({ prompt: 'a' }), stream }, asked, nowMs: 0 })
    const bytes = [...parts.map((part) => writer.write(part)), writer.end()].filter((one) => one !== null)
    const text = Buffer.concat(bytes).toString('utf8')
    const said = [...text.matchAll(/"text":"([^"]*)"/g)].map(([, one]) => one).join('')
    assert.equal(said, 'I cannot.', text)
    assert.match(text, /"finish_reason":"content_filter"/)
    assert.deepEqual(
      writer.warnings?.().map(({ field }) => field),
      ['reply.reasoning'],
    )
  }
})
