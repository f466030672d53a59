/** Conversations that change their vendor on the way through the relay. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { anthropicMessages } from '#protocol/anthropic-messages/index.ts'
import { vendorOf } from '#provider/index.ts'
import type { Asking, Stage } from './test-stage.ts'
import { openStage, sampleModel } from './test-stage.ts'
import { completion } from './test-upstream.ts'

const historiesOf = (name: string) => ({ histories: vendorOf(name)?.histories ?? assert.fail(name) })

const thought = (signature: string): JsonObject => ({ type: 'thinking', thinking: 'Hm.', signature })
const spoken: JsonObject = { type: 'text', text: 'Hello.' }
const says = (...signatures: readonly string[]): JsonObject => ({
  role: 'assistant',
  content: [...signatures.map(thought), spoken],
})
const user: JsonObject = { role: 'user', content: 'Hello' }
const ask = (...turns: readonly JsonObject[]): Asking => ({
  protocol: anthropicMessages,
  path: 'messages',
  body: { max_tokens: 100, messages: [...turns.flatMap((turn) => [user, turn]), user] },
})
const refusal = {
  type: 'error',
  error: { type: 'invalid_request_error', message: 'messages.1.content.0: Invalid `signature` in `thinking` block' },
}
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [spoken],
  stop_reason: 'end_turn',
  usage: { input_tokens: 10, output_tokens: 5 },
}

const claude = (params: 'shim' | 'strict' = 'shim'): Stage =>
  openStage({
    models: [sampleModel([{ params }])],
    vendors: { alpha: { protocols: ['anthropic-messages'], ...historiesOf('anthropic') } },
  })
const sentTurns = (stage: Stage, index: number): readonly unknown[] => {
  const { messages } = stage.arrival('alpha', index).body()
  return (messages as readonly JsonObject[]).filter(({ role }) => role === 'assistant').map(({ content }) => content)
}
const answer = async (
  stage: Stage,
  index: number,
  [status, document]: readonly [number, JsonObject],
): Promise<void> => {
  stage.arrival('alpha', index).answer(status, document)
  await stage.settle()
}

test('a signature that Claude refuses is left out of the next try, and of later turns; those that it has written since are sent', async () => {
  const stage = claude()
  const first = await stage.call(ask(says('elsewhere-1'), says('elsewhere-2')))
  await answer(stage, 0, [400, refusal])
  assert.deepEqual(sentTurns(stage, 1), [[spoken], [spoken]])
  await answer(stage, 1, [200, message])
  assert.equal(first.status(), 200)
  assert.match(first.header('x-drover-warnings') ?? '', /messages\.thinking:signed by another maker/)
  assert.deepEqual(
    first.record().attempts.map(({ status }) => status),
    [400, 200],
  )
  await stage.call(ask(says('elsewhere-1'), says('elsewhere-2'), says('of-claude')))
  assert.deepEqual(sentTurns(stage, 2), [[spoken], [spoken], [thought('of-claude'), spoken]])
  await answer(stage, 2, [200, message])
  assert.equal(stage.arrivals('alpha'), 3)
})

test('a target that refuses again has refused, and one that takes everything as it comes is not mended', async () => {
  const stage = claude()
  const caller = await stage.call(ask(says('elsewhere-1')))
  await answer(stage, 0, [400, refusal])
  await answer(stage, 1, [400, refusal])
  assert.deepEqual([caller.status(), stage.arrivals('alpha')], [400, 2])
  const strict = claude('strict')
  const told = await strict.call(ask(says('elsewhere-1')))
  await answer(strict, 0, [400, refusal])
  assert.deepEqual([told.status(), strict.arrivals('alpha')], [400, 1])
})

test('other refusals are the caller’s own', async () => {
  const stage = claude()
  const caller = await stage.call(ask(says('of-claude')))
  await answer(stage, 0, [
    400,
    { type: 'error', error: { type: 'invalid_request_error', message: 'max_tokens: too many' } },
  ])
  assert.deepEqual([caller.status(), stage.arrivals('alpha')], [400, 1])
})

test('a history of Kimi’s goes to OpenAI without its thought, and back to Kimi with it', async () => {
  const calls = [{ id: 'functions.tide:0', type: 'function', function: { name: 'tide', arguments: '{}' } }]
  const messages = [
    user,
    { role: 'assistant', content: null, reasoning_content: 'Ask the table.', tool_calls: calls },
    { role: 'tool', tool_call_id: 'functions.tide:0', content: '06:12' },
  ]
  const stage = openStage({
    models: [sampleModel([{}, { provider: 'beta', tier: 2 }])],
    vendors: { alpha: historiesOf('openai'), beta: historiesOf('moonshot') },
  })
  const caller = await stage.call({ body: { messages } })
  assert.deepEqual(stage.arrival('alpha').body()['messages'], [
    user,
    { role: 'assistant', content: null, tool_calls: calls },
    messages[2],
  ])
  stage.arrival('alpha').answer(500, { error: { message: 'away' } })
  await stage.settle()
  assert.deepEqual(stage.arrival('beta').body()['messages'], messages)
  stage.arrival('beta').answer(200, completion('At 06:12.'))
  await stage.settle()
  assert.equal(caller.status(), 200)
  assert.equal(caller.header('x-drover-warnings'), undefined, 'the one that answered took everything')
})
