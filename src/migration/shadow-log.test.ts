/** What is kept of copies: as text and back, joined, bounded. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from './shadow-compare.ts'
import type { ShadowLog } from './shadow-log.ts'
import {
  emptyShadowLog,
  joinShadowLogs,
  shadowLogOf,
  shadowLogText,
  withCost,
  withLeft,
  withShadowed,
} from './shadow-log.ts'

const answer: Answer = {
  status: 200,
  finish: 'stop',
  tools: [],
  text: 'High water is at six.',
  isJson: null,
  isRefusal: false,
  outputTokens: 6,
}
const question = (finish: string) => ({ primary: answer, candidate: { ...answer, finish }, repeat: answer })

const filled = (from: number): ShadowLog => {
  let log = withLeft(emptyShadowLog, 'files')
  for (let index = from; index < from + 8; index += 1)
    log = withShadowed(log, question(index % 2 === 0 ? 'length' : 'stop'), {
      call: `call_${index}`,
      copy: `copy_${index}`,
    })
  return withCost(withCost(log, { nanoUsd: 9n, tokens: 4, day: 20_000 }), {
    nanoUsd: 5n,
    tokens: 2,
    day: 20_001 + from,
  })
}

test('a log is the same after it was text; what a later version counts is nought in an earlier one’s', () => {
  assert.deepEqual(shadowLogOf(shadowLogText(filled(0))), filled(0))
  assert.deepEqual(shadowLogOf('{}'), emptyShadowLog)
})

test('logs of several processes add up; only the latest day counts for the caps', () => {
  const all = joinShadowLogs([filled(0), filled(1), filled(0)])
  assert.deepEqual([all.sums.questions, all.left.files, all.nanoUsd, all.tokens], [24, 3, 42n, 18])
  assert.deepEqual([all.day, all.dayNanoUsd, all.dayTokens], [20_002, 5n, 2])
  assert.deepEqual(joinShadowLogs([]), emptyShadowLog)
})

test('of each kind of difference the newest calls are named, and no more than five', () => {
  const { examples } = joinShadowLogs([filled(0), filled(8), filled(16)])
  assert.deepEqual(
    examples.map(({ call, differs }) => [call, differs]),
    ['call_20', 'call_22', 'call_4', 'call_6', 'call_8'].map((call) => [call, 'finish_reason']),
  )
})
