import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeChance } from '../e2e/chance.ts'
import { atRate, generate, readTrace } from '../torture/arrivals.ts'

const azure = `TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:03.9799600,4808,10
2023-11-16 18:17:05.0319600,3180,8
`
const mooncake = `{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0]}
{"timestamp": 3000, "input_length": 7322, "output_length": 490, "hash_ids": [0]}
{"timestamp": 4000, "input_length": 12, "output_length": 1, "hash_ids": []}
`

test('traces of both forms give when calls came, and how large they were', () => {
  assert.deepEqual(readTrace(azure), [
    { afterMs: 0, inputTokens: 4808, outputTokens: 10 },
    { afterMs: 1052, inputTokens: 3180, outputTokens: 8 },
  ])
  assert.deepEqual(
    readTrace(mooncake).map(({ afterMs, inputTokens }) => [afterMs, inputTokens]),
    [
      [0, 6758],
      [3000, 7322],
      [1000, 12],
    ],
  )
  for (const wrong of ['', 'TIMESTAMP,ContextTokens,GeneratedTokens\n', `${azure}2023-11-16 18:17:06.1,many,8\n`])
    assert.throws(() => readTrace(wrong), /no trace/)
})

test('they come at the rate that is asked for, their pattern kept, again and again', () => {
  const taken = []
  for (const arrival of atRate(readTrace(mooncake), 3)) if (taken.push(arrival.afterMs) === 6) break
  assert.deepEqual(taken, [0, 750, 250, 0, 750, 250])
  const made = generate(makeChance(1))
  const totalMs = made.reduce((sum, { afterMs }) => sum + afterMs, 0)
  assert.ok(Math.abs(totalMs / made.length - 1000) < 50, `${totalMs / made.length} ms between two`)
})
