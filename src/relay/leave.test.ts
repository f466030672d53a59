import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultProblem } from '#http/upstream-problem.ts'
import { openStage, sampleModel, sampleRoute } from './test-stage.ts'
import { completion, done, opening, says, stops, uses } from './test-upstream.ts'

const streaming = { body: { stream: true } }
const two = { models: [sampleModel([{}, { provider: 'beta' }], { route: { ...sampleRoute, retriesMax: 2 } })] }
const draining = { vendors: { alpha: { leavePolicy: 'drain' } } } as const
const question = { model: 'm', messages: [{ role: 'user', content: 'Hello' }], stream: true }
const questionCharacters = JSON.stringify(question).length

test('before the head: the upstream is left at once, nobody else is asked, nothing is charged', async () => {
  const stage = openStage(two)
  const caller = await stage.call(streaming)
  caller.leave()
  await stage.settle()
  assert.ok(stage.arrival('alpha').left())
  assert.equal(stage.arrivals('beta'), 0)
  assert.deepEqual([caller.status(), caller.text(), caller.ending()], [0, '', 'cut'])
  const { end, status, error, usage, costNanoUsd, attempts } = caller.record()
  assert.deepEqual(
    { end, status, error, usage, costNanoUsd },
    {
      end: 'left',
      status: 0,
      error: null,
      usage: null,
      costNanoUsd: 0n,
    },
  )
  assert.equal(attempts.length, 1)
  assert.deepEqual(stage.settled, [])
  assert.equal(stage.timers(), 0)
})

test('while a reply is held: the upstream is left at once', async () => {
  const stage = openStage(two)
  const caller = await stage.call(streaming)
  stage.arrival('alpha').head()
  stage.arrival('alpha').write(opening)
  await stage.settle()
  caller.leave()
  await stage.settle()
  assert.ok(stage.arrival('alpha').left())
  assert.equal(caller.record().end, 'left')
  assert.equal(stage.timers(), 0)
})

test('between two attempts: the wait ends and nobody is asked any more', async () => {
  const stage = openStage({ models: [sampleModel([{}], { route: { ...sampleRoute, retriesMax: 2 } })] })
  const caller = await stage.call(streaming)
  stage.arrival('alpha').fail(faultProblem('reset', new Error('ECONNRESET')))
  await stage.settle()
  caller.leave()
  await stage.settle()
  assert.equal(caller.record().end, 'left')
  await stage.advance(10_000)
  assert.equal(stage.arrivals('alpha'), 1)
  assert.equal(stage.timers(), 0)
})

test('mid-stream, cancel: the upstream is closed at once, and what was delivered is counted', async () => {
  const stage = openStage(two)
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  alpha.write(opening, says('One '), says('two'))
  await stage.settle()
  caller.leave()
  await stage.settle()
  assert.ok(alpha.left())
  assert.equal(stage.arrivals('beta'), 0)
  const { end, status, error, usage, costNanoUsd, attempts } = caller.record()
  assert.deepEqual([end, status, error], ['left', 200, null])
  assert.deepEqual([usage?.input, usage?.output, usage?.source], [questionCharacters, 'One two'.length, 'estimated'])
  assert.equal(costNanoUsd, BigInt(questionCharacters) * 1_000n + 7n * 2_000n)
  assert.equal(attempts[0]?.usage, usage)
  assert.equal(attempts[0]?.endMs, 0)
  assert.deepEqual(
    stage.settled.map(({ call, chargeNanoUsd }) => [call, chargeNanoUsd]),
    [['call_1', costNanoUsd]],
  )
  assert.equal(stage.timers(), 0)
})

test('while nothing is taken: the write ends with the caller, and so does the attempt', async () => {
  const stage = openStage()
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  caller.pause()
  alpha.write(says('One'))
  await stage.advance(5_000)
  caller.leave()
  await stage.settle()
  assert.ok(alpha.left())
  const { end, attempts } = caller.record()
  assert.deepEqual([end, attempts[0]?.endMs], ['left', 5_000])
  assert.equal(stage.timers(), 0)
})

test('mid-stream, drain: the upstream is read to its end, and the usage that it reports is taken', async () => {
  const stage = openStage(draining)
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  alpha.write(says('One'))
  await stage.settle()
  caller.leave()
  await stage.advance(10_000)
  assert.equal(alpha.left(), false)
  alpha.write(says(' two'), stops)
  await stage.settle()
  alpha.write(uses(10, 5), done)
  alpha.end()
  await stage.settle()
  assert.equal(caller.text(), says('One'))
  const { end, usage, costNanoUsd, durationMs } = caller.record()
  assert.deepEqual([end, usage?.input, usage?.output, costNanoUsd], ['left', 10, 5, 20_000n])
  assert.equal(durationMs, 10_000)
  assert.equal(stage.timers(), 0)
})

test('mid-stream, drain: usage in the very first piece after the leaving is not lost', async () => {
  const stage = openStage(draining)
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  alpha.write(says('One'))
  await stage.settle()
  caller.leave()
  await stage.settle()
  alpha.write(stops + uses(10, 5) + done)
  alpha.end()
  await stage.settle()
  const { usage, finishReason } = caller.record()
  assert.deepEqual([usage?.input, usage?.output, finishReason], [10, 5, 'stop'])
})

test('mid-stream, drain: an upstream is read on for 30 s from the leaving and no longer', async () => {
  const stage = openStage(draining)
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  alpha.write(says('One'))
  await stage.settle()
  caller.leave()
  await stage.advance(20_000)
  alpha.write(says('two'))
  await stage.settle()
  await stage.advance(9_999)
  assert.equal(alpha.left(), false)
  await stage.advance(1)
  assert.ok(alpha.left())
  const { end, usage } = caller.record()
  assert.deepEqual([end, usage?.output], ['left', 'Onetwo'.length])
  assert.equal(stage.timers(), 0)
})

test('mid-stream, drain: a caller who leaves a full pipe is drained for too', async () => {
  const stage = openStage(draining)
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  caller.pause()
  alpha.write(says('One'))
  await stage.settle()
  caller.leave()
  await stage.settle()
  alpha.write(stops, uses(10, 5), done)
  alpha.end()
  await stage.settle()
  const { end, usage } = caller.record()
  assert.deepEqual([end, usage?.input, usage?.output], ['left', 10, 5])
  assert.equal(stage.timers(), 0)
})

test('an answer that is not streamed: whoever leaves before it is there has left', async () => {
  const stage = openStage(two)
  const caller = await stage.call()
  caller.leave()
  await stage.settle()
  assert.ok(stage.arrival('alpha').left())
  const { end, costNanoUsd } = caller.record()
  assert.deepEqual([end, costNanoUsd], ['left', 0n])
})

test('an answer that is not streamed: whoever leaves while it is written pays for what the provider made', async () => {
  const stage = openStage()
  const caller = await stage.call()
  caller.pause()
  stage.arrival('alpha').answer(200, completion('Hello there'))
  await stage.settle()
  assert.equal(caller.status(), 200)
  caller.leave()
  await stage.settle()
  const { end, status, error, usage, costNanoUsd } = caller.record()
  assert.deepEqual([end, status, error, usage?.output, costNanoUsd], ['left', 200, null, 5, 20_000n])
})
