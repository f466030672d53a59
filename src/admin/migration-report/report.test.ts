import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { asSaid } from '#base/sentence.ts'
import { compile, fileDigest } from '#migration/compiled.ts'
import { decisionFor } from '#migration/conduct.ts'
import { addTurns } from '#migration/evidence.ts'
import { evidenceJson } from '#migration/evidence-text.ts'
import { pointOf } from '#migration/history-point.ts'
import { draftState } from '#migration/itinerary.ts'
import { judgementOf } from '#migration/judgement.ts'
import type { Arm } from '#migration/observation.ts'
import { emptyShadowLog, withShadowed } from '#migration/shadow-log.ts'
import { strataOf } from '#migration/strata.ts'
import { sampleTurn } from '#migration/test-turn.ts'
import type { ReportSources } from './assemble.ts'
import { assembleReport } from './assemble.ts'
import { reportPage } from './page.ts'
import { signReport } from './sign.ts'
import { checkReport } from './verify.ts'

const file = `migration: move
match: { models: [m] }
baseline: { route: old/m }
candidate: { route: new/m }
`
const digestKey = (text: string): string => createHash('sha256').update(`pepper ${text}`).digest('hex')
const otherKey = (text: string): string => digestKey(`other ${text}`)
const secretText = 'My number is 4711, says Zoë'

/** A report of a migration with two hundred conversations, of which the candidate failed three. */
const made = (earlier: ReportSources['earlier'] = [], saving: ReportSources['saving'] = null) => {
  const facts = { p99Ms: { 'ttft-p99': 400 } }
  const compiled = compile({ file, facts })
  const row = {
    id: 'mig_1',
    name: compiled.file.migration,
    file,
    digest: fileDigest(file),
    salt: 'mig_1',
    createdMs: 0,
    facts,
    state: draftState,
    version: 0,
    checkedMs: 0,
  }
  const start = { row, compiled, evidence: [], nowMs: 1_000 }
  const first = decisionFor({
    ...start,
    change: { kind: 'start', startStep: 0 },
    why: asSaid('<script>'),
    actor: 'key:key_1',
  })
  const turns = Array.from({ length: 200 }, (_unused, index) => {
    const arm = index % 4 === 0 ? ('candidate' as const) : ('baseline' as const)
    const outcome = arm === 'candidate' && index < 12 ? ('moved' as const) : ('ok' as const)
    return { step: 0, turn: sampleTurn({ id: `c${index}`, unit: `u${index}`, caller: `p${index % 30}`, arm, outcome }) }
  })
  const { columns } = compiled.judge
  const evidence = addTurns(turns, { columns, known: new Map(), evidence: new Map() }).cells
  const judgement = judgementOf(compiled.judge, evidence, compiled.weights)
  const answer = {
    status: 200,
    finish: 'stop',
    tools: [],
    text: secretText,
    isJson: null,
    isRefusal: false,
    outputTokens: 9,
  }
  const candidate = { ...answer, finish: 'length' }
  const shadow = withShadowed(
    emptyShadowLog,
    { primary: answer, candidate, repeat: null },
    { call: 'call_1', copy: 'call_2' },
  )
  const at = { migration: 'mig_1', epoch: 1, timeMs: 5_000, step: 0 }
  const strata = strataOf(turns.map(({ turn }) => turn))
  const now = { ...row, state: first.after, version: 1 }
  const opened = { row: now, compiled, evidence, judgement, strata, decisions: [first] }
  const points = [pointOf(judgement, at)]
  assert.ok(evidenceJson(evidence).length > 0)
  return signReport(
    assembleReport({ opened, earlier, saving, strata, points, shadow, version: '1.2.3', nowMs: 9_000 }),
    digestKey,
  )
}

const how = { digestKey, version: '1.2.3' }

test('a report says whom the candidate met and what it failed, and its page runs nothing and shows no text of a caller', () => {
  const report = made()
  assert.deepEqual(report.reach.conversations, { baseline: 150, candidate: 50 })
  assert.deepEqual([report.reach.failed.candidate, report.reach.shown.candidate], [3, 0])
  assert.equal(report.reach.people.candidate, 15)
  const page = reportPage(report)
  assert.ok(!/<script|onload=|javascript:|https?:\/\/(?!www\.w3)/i.test(page))
  assert.ok(page.includes('<td>&#60;script&#62;</td>'))
  assert.ok(!page.includes('4711') && !page.includes('Zo'), 'answers are masked')
  assert.ok(page.includes('Xx xxxxxx xx 0000, xxxx Xxx'))
  for (const title of ['The ramp', 'Tests', 'How long answers took', 'Money', 'Answers compared', 'Decisions'])
    assert.ok(page.includes(`<h2>${title}</h2>`), title)
})

test('whom it met and what it cost is of the whole time, also where the evidence began anew; who went on over that counts once', () => {
  const before = made()
  const { columns } = compile({ file, facts: { p99Ms: {} } }).judge
  const turnAt = (step: number, arm: Arm, costNanoUsd: bigint) => ({
    step,
    turn: sampleTurn({ id: `${step}/${arm}`, unit: `${step}/${arm}`, arm, costNanoUsd, outcome: 'ok' }),
  })
  const turns = [turnAt(0, 'candidate', 1_000_000n), turnAt(0, 'baseline', 3_000_000n), turnAt(-1, 'candidate', 7n)]
  const { cells } = addTurns(turns, { columns, known: new Map(), evidence: new Map() })
  const report = made([{ epoch: 1, evidence: cells }])
  assert.deepEqual(report.reach.conversations, { baseline: 151, candidate: 51 })
  assert.deepEqual(report.reach.calls, { baseline: 151, candidate: 52 })
  const nano = (usd: string | null): bigint => BigInt(Math.round(Number(usd) * 1e9))
  assert.equal(nano(report.money.candidate_usd) - nano(before.money.candidate_usd), 1_000_007n)
  assert.equal(nano(report.money.saved_usd) - nano(before.money.saved_usd), 2_000_000n)
  assert.deepEqual(report.migration.evidence, before.migration.evidence, 'tests go by what came since')
  assert.equal(checkReport(reportPage(report), how).pageFollows, true)
})

test('of one that is complete the report says what its calls have saved since', () => {
  const saving = { calls: 12, candidateNanoUsd: 4_000_000_000n, baselineNanoUsd: 3_500_000_000n, isWhole: false }
  const report = made([], saving)
  assert.deepEqual(report.money.since_completion, {
    calls: 12,
    candidate_usd: '4.00',
    at_baseline_usd: '3.50',
    saved_usd: '-0.50',
    whole: false,
  })
  const page = reportPage(report)
  assert.ok(page.includes('−0.5000<') && page.includes('the newest 12 calls'))
  assert.equal(checkReport(page, how).pageFollows, true)
})

test('a report is checked from its page as from its data, and what was changed in either is found', () => {
  const report = made()
  const page = reportPage(report)
  const of = (text: string, key = how) => {
    const { intact, own, testsFollow, pageFollows } = checkReport(text, key)
    return [intact, own, testsFollow, pageFollows]
  }
  assert.deepEqual(of(page), [true, true, true, true])
  assert.deepEqual(of(JSON.stringify(report)), [true, true, true, null])
  assert.deepEqual(of(page, { ...how, version: '1.2.4' }), [true, true, true, null])
  assert.deepEqual(of(page.replace('150', '151')).slice(3), [false], 'what the page shows')
  const { migration } = report
  const better = {
    ...report,
    migration: { ...migration, evidence: migration.evidence.map((one) => ({ ...one, crossed: !one.crossed })) },
  }
  assert.deepEqual(of(JSON.stringify(better)), [false, true, false, null])
  const { signature: _signature, ...bare } = better
  const forged = signReport(bare, otherKey)
  assert.deepEqual(of(JSON.stringify(forged)), [true, false, false, null], 'signed anew by somebody else')
  assert.throws(() => checkReport('no report', how), { code: 'invalid_request_error' })
  assert.throws(() => checkReport('{"schema":1}', how), { code: 'invalid_request_error' })
})
