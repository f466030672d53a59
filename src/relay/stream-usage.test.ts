import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rememberRefusals } from './refusals.ts'
import type { Stage } from './test-stage.ts'
import { openStage, sampleModel } from './test-stage.ts'
import { done, says, stops, uses } from './test-upstream.ts'

const stream = { stream: true }
const asking = { stream: true, stream_options: { include_usage: true } }
const whole = [says('Hi'), stops, uses(10, 5), done]

const answer = async (stage: Stage, index = 0, provider = 'alpha'): Promise<void> => {
  const arrival = stage.arrival(provider, index)
  arrival.head()
  arrival.write(...whole)
  arrival.end()
  await stage.settle()
}

const vendor = (streamUsage: 'ask' | 'always' | 'never') => openStage({ vendors: { alpha: { streamUsage } } })

const refusal = {
  error: { message: "Unrecognized request argument: 'stream_options'", type: 'invalid_request_error', param: null },
}

test('ask: usage is asked for, and its event kept from a caller who did not', async () => {
  const stage = vendor('ask')
  const caller = await stage.call({ body: stream })
  assert.deepEqual(stage.arrival('alpha').body()['stream_options'], { include_usage: true })
  await answer(stage)
  assert.equal(caller.text(), says('Hi') + stops + done)
  assert.equal(caller.header('x-drover-warnings'), undefined)
  const { usage, costNanoUsd } = caller.record()
  assert.deepEqual([usage?.input, usage?.output, usage?.source, costNanoUsd], [10, 5, 'reported', 20_000n])
})

test('ask: a caller who asked gets the event, and other stream options stay', async () => {
  const stage = vendor('ask')
  const caller = await stage.call({ body: asking })
  await answer(stage)
  assert.equal(caller.text(), whole.join(''))
  await stage.call({ body: { stream: true, stream_options: { include_obfuscation: false } } })
  const options = { include_obfuscation: false, include_usage: true }
  assert.deepEqual(stage.arrival('alpha', 1).body()['stream_options'], options)
})

test('ask: a call that does not stream is sent as it is', async () => {
  const stage = vendor('ask')
  await stage.call()
  assert.equal(stage.arrival('alpha').body()['stream_options'], undefined)
})

test('a 400 that names stream_options is retried once without, at once, and remembered for that target', async () => {
  const stage = openStage({ models: [sampleModel([{}]), sampleModel([{ model: 'alpha-2' }], { id: 'n' })] })
  const first = await stage.call({ body: stream })
  stage.arrival('alpha').answer(400, refusal)
  await stage.settle()
  assert.equal(stage.arrivals('alpha'), 2)
  assert.equal(stage.arrival('alpha', 1).body()['stream_options'], undefined)
  await answer(stage, 1)
  assert.equal(first.ending(), 'complete')
  assert.deepEqual(
    first.record().attempts.map(({ status, error }) => [status, error]),
    [
      [400, 'invalid_request_error'],
      [200, null],
    ],
  )
  await stage.call({ body: stream })
  assert.equal(stage.arrival('alpha', 2).body()['stream_options'], undefined)
  await stage.call({ body: { ...stream, model: 'n' } })
  assert.deepEqual(stage.arrival('alpha', 3).body()['stream_options'], { include_usage: true })
})

test("a refusal of the caller's own question is retried too, and the caller is told", async () => {
  const stage = vendor('ask')
  const caller = await stage.call({ body: asking })
  stage.arrival('alpha').answer(400, refusal)
  await stage.settle()
  await answer(stage, 1)
  assert.match(caller.header('x-drover-warnings') ?? '', /stream_options\.include_usage:not taken by the provider/)
})

test('a target that refuses again, without being asked, has refused', async () => {
  const stage = vendor('ask')
  const caller = await stage.call({ body: stream })
  stage.arrival('alpha').answer(400, refusal)
  await stage.settle()
  stage.arrival('alpha', 1).answer(400, refusal)
  await stage.settle()
  assert.equal(stage.arrivals('alpha'), 2)
  assert.deepEqual([caller.status(), caller.json()], [400, refusal])
})

test("never: the caller's own question is taken out, and what comes by itself is the answer to it", async () => {
  const stage = vendor('never')
  const caller = await stage.call({ body: asking })
  assert.equal(stage.arrival('alpha').body()['stream_options'], undefined)
  await answer(stage)
  assert.equal(caller.text(), whole.join(''))
  const silent = await stage.call({ body: stream })
  assert.equal(stage.arrival('alpha', 1).body()['stream_options'], undefined)
  await answer(stage, 1)
  assert.equal(silent.text(), says('Hi') + stops + done)
  assert.deepEqual(silent.record().warnings, [])
  assert.equal(silent.record().usage?.source, 'reported')
})

test("always: nothing is added, and the caller's own question stays", async () => {
  const stage = vendor('always')
  await stage.call({ body: stream })
  await stage.call({ body: asking })
  assert.equal(stage.arrival('alpha').body()['stream_options'], undefined)
  assert.deepEqual(stage.arrival('alpha', 1).body()['stream_options'], { include_usage: true })
})

test('refusals are remembered within a bound, the newest ones always', () => {
  const refusals = rememberRefusals()
  for (let index = 0; index <= 20_000; index += 1) refusals.add(`alpha/model-${index}`)
  assert.equal(refusals.has('alpha/model-20000'), true)
  assert.equal(refusals.has('alpha/model-1'), true)
  assert.equal(refusals.has('alpha/model-0'), false)
})
