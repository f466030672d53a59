import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { openStage } from './test-stage.ts'
import { completion } from './test-upstream.ts'

test('a call for which there is no room is over with its answer, and kept all the same; any other is over when it is kept', async () => {
  const store = Promise.withResolvers<void>()
  let isFull = true
  const stage = openStage({
    overload: () => (isFull ? new Problem('overloaded', { message: 'Try again later.' }) : null),
    keeping: () => store.promise,
  })
  const turnedAway = await stage.call()
  assert.equal(turnedAway.status(), 503)
  assert.ok(turnedAway.isOver(), 'else those turned away would be why the next one is')
  isFull = false
  const taken = await stage.call()
  const alpha = stage.arrival('alpha')
  alpha.head(200, { 'content-type': 'application/json' })
  alpha.write(JSON.stringify(completion('Hi')))
  alpha.end()
  await stage.settle()
  assert.equal(taken.ending(), 'complete')
  assert.ok(!taken.isOver())
  store.resolve()
  await stage.settle()
  assert.ok(taken.isOver())
  assert.deepEqual([turnedAway.record().error, turnedAway.record().end], ['overloaded', 'refused'])
  assert.equal(taken.record().end, 'complete')
})

test('of calls that came together the first is on its way before the last has begun', async () => {
  const stage = openStage({})
  const calls = Array.from({ length: 100 }, () => stage.call())
  await new Promise((resolve) => setImmediate(resolve))
  const begun = stage.arrivals('alpha')
  assert.ok(begun > 0 && begun < 100, `${begun} have begun`)
  await Promise.all(calls)
  assert.equal(stage.arrivals('alpha'), 100)
})
