import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { goRound } from './rounds.ts'

test('a round that is asked for comes at once, and one that is asked for meanwhile comes behind it; rounds never overlap', async () => {
  const clock = handClock(0)
  let begun = 0
  let finish = (): void => {}
  const beat = goRound({
    round: () => {
      begun += 1
      return new Promise<null>((resolve) => {
        finish = () => resolve(null)
      })
    },
    everyMs: 1_000,
    failure: { level: 'debug', message: 'failed' },
    clock,
    log: silentLog,
  })
  const settled = () => new Promise<void>((resolve) => void setImmediate(resolve))
  beat.wake()
  clock.advance(0)
  assert.equal(begun, 1)
  beat.wake()
  beat.wake()
  clock.advance(0)
  assert.equal(begun, 1, 'the first still runs')
  finish()
  await settled()
  clock.advance(0)
  assert.equal(begun, 2)
  finish()
  await settled()
  clock.advance(999)
  assert.equal(begun, 2)
  clock.advance(1)
  assert.equal(begun, 3, 'and then as usual')
  finish()
  await beat.close()
  beat.wake()
  clock.advance(5_000)
  assert.equal(begun, 3)
})
