/** What copies have found, for people. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrationShadow } from './migration-shadow.ts'

const [show] = migrationShadow

test('a line for each respect that was compared, why calls were left out, and the calls to look at', () => {
  const none = { compared: 0, differed: null, floor: null, log10_e: 0, worse: false }
  const text = show.render?.({
    name: 'move',
    copies: true,
    questions: 40,
    cost_usd: '0.12',
    tokens: 900,
    findings: [
      { respect: 'http_class', compared: 40, differed: 0.5, floor: 0.025, log10_e: 3.1, worse: true },
      { respect: 'length', ...none },
      { respect: 'similarity', compared: 20, differed: 0, floor: null, log10_e: 0, worse: false },
    ],
    judged: { candidate: 3, baseline: 4, tie: 5, swapped: 2 },
    tool_call_score: 0.8,
    left: { files: 3 },
    examples: [{ call: 'call_1', copy: 'call_2', differs: 'http_class' }],
  })
  assert.match(text ?? '', /^move: 40 answers compared, 900 tokens, 0\.12 USD\.$/m)
  assert.match(text ?? '', /^http_class +40 +50\.0 % +2\.5 % +worse$/m)
  assert.match(text ?? '', /^similarity +20 +0\.0 % +–/m)
  assert.doesNotMatch(text ?? '', /length/)
  assert.match(text ?? '', /^Judged: 3 for the candidate, 4 for the baseline, 7 alike \(2 by place\)\.$/m)
  assert.match(text ?? '', /80\.0 %\.\nNot copied: files 3\.\nhttp_class: drover explain call_1\n$/)
})
