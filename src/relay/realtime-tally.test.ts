import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usageOf } from '#base/usage.ts'
import { heardTokensMax, realtimeTally } from './realtime-tally.ts'
import { saidTokens } from './sound-tokens.ts'

test('a session can be no larger than its bytes, and twice the tokens of its sound; what a response tells takes their place', () => {
  const tally = realtimeTally()
  const unseen = tally.most()
  tally.addText(400)
  tally.addSound(10)
  assert.deepEqual([tally.most(), tally.likely()], [unseen + 400 + 200, unseen + 100 + 100])
  const mark = tally.mark()
  tally.addText(8)
  tally.told(mark, usageOf({ input: 150, output: 50 }))
  assert.deepEqual([tally.most(), tally.likely()], [208, 202])
  tally.told(mark, usageOf({ output: 5 }))
  assert.equal(tally.most(), 208)
})

test('of what nobody can tell the size, only the window is the bound, until a response has told', () => {
  const tally = realtimeTally()
  tally.addUnknown()
  assert.equal(tally.most(), Number.POSITIVE_INFINITY)
  tally.told(tally.mark(), usageOf({ input: 900, output: 10 }))
  assert.equal(tally.most(), 910)
  tally.addSound(2)
  tally.dropSound(5)
  assert.equal(tally.most(), 910)
  assert.deepEqual([heardTokensMax(0.01), saidTokens(1)], [1, 20])
})
