import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textsOf } from '#base/sentence.ts'
import { compile } from './compiled.ts'
import { planOf } from './plan.ts'
import type { SmallTraffic } from './small-traffic.ts'
import { smallTrafficOf } from './small-traffic.ts'

const head = 'migration: move\nmatch: { models: [m] }\nbaseline: { route: alpha/m }\ncandidate: { route: beta/n }\n'

const asked = (conversationsPerDay: number, more = ''): SmallTraffic | null => {
  const compiled = compile({ file: `${head}${more}`, facts: { p99Ms: {} } })
  const baseline = {
    conversationsPerDay,
    turnsPerConversation: 1,
    shares: { 'error-rate': 0.002 },
    seen: 300,
    costPerTurnNanoUsd: null,
  }
  const plan = planOf(compiled, baseline)
  return smallTrafficOf({ compiled, baseline, plan, promptNanoUsd: 2_000_000n })
}

test('333 calls a day: what they show, what they do not, and what else there is, with its chances of error', () => {
  const found = asked(333) ?? assert.fail('it is little traffic')
  assert.equal(found.isDoneInTime, false)
  assert.ok(found.conversations > 400 && found.conversations < 700, `${found.conversations}`)
  assert.match(found.shows[0]?.text ?? '', /fails always is found after 3 conversations/)
  assert.match(found.cannotShow[0]?.text ?? '', /below 1.0 %: that takes \d+ conversations/)
  const thresholds = found.offers.find(({ kind }) => kind === 'thresholds') ?? assert.fail()
  assert.ok((thresholds.hours ?? 999) <= 72, 'through within 72 h')
  const { falseRollback, missedHarm } = thresholds.chances ?? assert.fail('its chances are shown')
  assert.ok(falseRollback > 0.05 && falseRollback < 0.4 && missedHarm < 0.1, JSON.stringify(thresholds.chances))
  const replay = found.offers.find(({ kind }) => kind === 'replay') ?? assert.fail()
  assert.ok((replay.prompts ?? 0) > 400 && (replay.prompts ?? 0) < 700)
  assert.equal(replay.nanoUsd, 2_000_000n * BigInt(replay.prompts ?? 0))
  assert.ok(found.offers.some(({ kind }) => kind === 'start_weight'))
})

test("plain thresholds are offered with the file's own limit, and its chances of error", () => {
  const metrics = 'analysis: { metrics: [{ name: error-rate, threshold_range: { max: 0.05 } }] }\n'
  const found = asked(333, metrics)?.offers.find(({ kind }) => kind === 'thresholds') ?? assert.fail()
  assert.match(found.says.text, /against 5.0 %/)
  assert.ok((found.chances?.falseRollback ?? 1) < 0.01, JSON.stringify(found.chances))
})

test('where plain thresholds are chosen the steps that come with them are through in three days, and nothing is offered twice', () => {
  const found = asked(333, 'analysis: { policy: thresholds }\n') ?? assert.fail()
  assert.equal(found.isDoneInTime, true)
  assert.ok(!found.offers.some(({ kind }) => kind === 'thresholds'))
  const few = asked(40, 'analysis: { policy: thresholds }\n') ?? assert.fail()
  assert.equal(few.isDoneInTime, false, '40 a day are too few for it as well, and that is said')
})

test('with enough traffic there is nothing to say', () => {
  assert.equal(asked(100_000), null)
})

test('where nobody calls no time is told, as none would do', () => {
  const found = asked(0) ?? assert.fail('it is no traffic')
  assert.ok(
    found.cannotShow.some((one) => /that takes \d+ conversations, and none come\./.test(one.text)),
    textsOf(found.cannotShow).join('\n'),
  )
  const replay = found.offers.find(({ kind }) => kind === 'replay') ?? assert.fail()
  assert.match(replay.says.text, /\(the log has none yet\)/)
})
