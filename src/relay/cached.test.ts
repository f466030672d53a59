import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExactly } from '#base/exact-json.ts'
import type { Caller, Stage } from './test-stage.ts'
import { codeOf, openStage } from './test-stage.ts'
import { completion, done, opening, says, stops } from './test-upstream.ts'

const cached = { headers: { 'x-drover-cache': '5m' } }

const answered = async (stage: Stage, index: number, text: string): Promise<void> => {
  stage.arrival('alpha', index).answer(200, completion(text))
  await stage.settle()
}

const seenOf = (caller: Caller) => [caller.status(), caller.header('x-drover-cache'), caller.text()]

test('the same call is given the same answer: nothing is asked, nothing is charged', async () => {
  const stage = openStage()
  const first = await stage.call(cached)
  await answered(stage, 0, 'once')
  assert.deepEqual(seenOf(first), [200, 'miss', JSON.stringify(completion('once'))])
  await stage.advance(7_000)
  const second = await stage.call(cached)
  assert.equal(stage.arrivals('alpha'), 1)
  assert.deepEqual(seenOf(second), [200, 'hit', first.text()])
  assert.deepEqual(
    ['age', 'x-drover-attempts', 'x-drover-cost', 'x-drover-original-request-id', 'x-request-id'].map(second.header),
    ['7', '0', '0.00', 'call_1', 'call_2'],
  )
  const { cache, costNanoUsd, attempts, end, usage } = second.record()
  assert.deepEqual([cache, costNanoUsd, attempts.length, end, usage?.input], ['hit', 0n, 0, 'complete', 0])
  assert.equal(first.record().cache, 'miss')
  await stage.advance(300_000)
  const third = await stage.call(cached)
  assert.equal(stage.arrivals('alpha'), 2)
  await answered(stage, 1, 'anew')
  assert.equal(third.header('x-drover-cache'), 'miss')
})

test('a stream is given again as a stream, byte for byte', async () => {
  const stage = openStage()
  const asking = { ...cached, body: { stream: true } }
  const first = await stage.call(asking)
  const alpha = stage.arrival('alpha')
  alpha.head()
  alpha.write(opening, says('Hi'), stops, done)
  alpha.end()
  await stage.settle()
  const second = await stage.call(asking)
  assert.equal(second.text(), first.text())
  assert.deepEqual(['content-type', 'x-accel-buffering', 'x-drover-cache', 'x-drover-cost'].map(second.header), [
    'text/event-stream',
    'no',
    'hit',
    undefined,
  ])
  const whole = await stage.call(cached)
  assert.equal(stage.arrivals('alpha'), 2, 'a whole answer is another one')
  await answered(stage, 1, 'whole')
  assert.equal(whole.status(), 200)
})

test('two long numbers that JSON.parse takes for one are two calls', async () => {
  const stage = openStage()
  const seeded = (digits: string) => ({ ...cached, body: { seed: parseExactly(digits) as number } })
  await stage.call(seeded('9007199254740993'))
  await answered(stage, 0, 'once')
  const other = await stage.call(seeded('9007199254740992'))
  await answered(stage, 1, 'anew')
  assert.equal(other.header('x-drover-cache'), 'miss')
  const again = await stage.call(seeded('9007199254740993'))
  assert.equal(again.text(), JSON.stringify(completion('once')))
})

test('members in another order are the same call; another value of any of them is not', async () => {
  const stage = openStage()
  await stage.call({ ...cached, body: { temperature: 0, top_p: 1 } })
  await answered(stage, 0, 'one')
  const same = await stage.call({ ...cached, body: { top_p: 1, temperature: 0 } })
  assert.equal(same.header('x-drover-cache'), 'hit')
  for (const [index, body] of [{ temperature: 1, top_p: 1 }, { temperature: 0 }, { seed: 1 }].entries()) {
    const other = await stage.call({ ...cached, body })
    await answered(stage, index + 1, 'other')
    assert.equal(other.header('x-drover-cache'), 'miss')
  }
})

test("a key's own setting holds for its calls; a call may say no, and a wrong word is refused", async () => {
  const stage = openStage({ key: { cacheMs: 60_000 } })
  await stage.call()
  await answered(stage, 0, 'one')
  assert.equal((await stage.call()).header('x-drover-cache'), 'hit')
  const unwilling = await stage.call({ headers: { 'x-drover-cache': 'no' } })
  await answered(stage, 1, 'fresh')
  assert.deepEqual([unwilling.header('x-drover-cache'), unwilling.json()], [undefined, completion('fresh')])
  const wrong = await stage.call({ headers: { 'x-drover-cache': 'yes' } })
  assert.deepEqual([wrong.status(), codeOf(wrong.json())], [400, 'invalid_request_error'])
})

test('without a word nothing is kept', async () => {
  const stage = openStage()
  for (const index of [0, 1]) {
    const caller = await stage.call()
    await answered(stage, index, 'each')
    assert.deepEqual([caller.header('x-drover-cache'), caller.record().cache], [undefined, null])
  }
})

test('calls that are the same at the same time: one is sent, all are answered', async () => {
  const stage = openStage()
  const callers = [await stage.call(cached), await stage.call(cached), await stage.call(cached)]
  assert.equal(stage.arrivals('alpha'), 1)
  await stage.advance(3_000)
  await answered(stage, 0, 'for all')
  // The wait for a call like it is no time of Drover's own.
  for (const caller of callers) assert.equal(caller.header('x-drover-overhead-ms'), '0.00')
  assert.deepEqual(
    callers.map((caller) => caller.header('x-drover-cache')),
    ['miss', 'hit', 'hit'],
  )
  assert.equal(new Set(callers.map((caller) => caller.text())).size, 1)
  assert.equal(stage.timers(), 0)
})

test('a failure, and an answer whose caller left, are not kept: the next one is sent', async () => {
  const stage = openStage()
  const failed = await stage.call(cached)
  const waiting = await stage.call(cached)
  stage.arrival('alpha').answer(400, { error: { message: 'No.' } })
  await stage.settle()
  assert.equal(failed.status(), 400)
  assert.equal(stage.arrivals('alpha'), 2)
  waiting.leave()
  await stage.settle()
  assert.ok(stage.arrival('alpha', 1).left())
  const last = await stage.call(cached)
  await answered(stage, 2, 'at last')
  assert.equal(last.header('x-drover-cache'), 'miss')
  assert.equal(stage.timers(), 0)
})

test('an answer that names its cost is never given again', async () => {
  const stage = openStage()
  const asking = { ...cached, body: { usage: { include: true } } }
  const caller = await stage.call(asking)
  await answered(stage, 0, 'one')
  assert.match(caller.header('x-drover-warnings') ?? '', /x-drover-cache:not used where usage.cost is asked for/)
  await stage.call(asking)
  assert.equal(stage.arrivals('alpha'), 2)
})
