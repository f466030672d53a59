import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Risk, RiskFacts } from './risk.ts'
import { riskRegisterOf, risks } from './risk.ts'

const facts = (changes: Partial<RiskFacts> = {}): RiskFacts => ({
  baseline: { conversationsPerDay: 1_000, turnsPerConversation: 2, shares: {}, seen: 1_000, costPerTurnNanoUsd: 1n },
  figures: {
    callsPerDay: 2_000,
    cachedShare: 0.5,
    toolShare: 0.1,
    limitedShare: 0,
    baselineNanoUsd: 1_000_000n,
    candidateNanoUsd: 1_500_000n,
    candidateColdNanoUsd: 2_500_000n,
  },
  audit: null,
  probe: null,
  from: { provider: 'alpha', region: 'us', dataPolicy: 'zero-retention' },
  to: { provider: 'beta', region: 'sg', dataPolicy: null },
  nodes: 1,
  firstWeight: 5,
  keepsBodies: false,
  ...changes,
})

const by = (name: Risk['risk'], changes: Partial<RiskFacts> = {}): Risk =>
  riskRegisterOf(facts(changes)).find(({ risk }) => risk === name) ?? assert.fail(name)

test('every risk has all that a register has, and what is not known is said to be unknown', () => {
  const register = riskRegisterOf(facts())
  assert.deepEqual(
    register.map(({ risk }) => risk),
    risks,
  )
  for (const one of register)
    for (const text of [one.because, one.impact, one.mitigation, one.trigger, one.owner]) assert.ok(text !== '')
  assert.equal(by('key_leak').likelihood, 'unknown')
  assert.equal(by('parameter_drift').likelihood, 'unknown')
})

test('the likelihood follows from the audit, the probes and the log; the impact is in people and dollars', () => {
  const audit = { sites: 10, failing: 2, changing: 1, withTools: 0, withLiteralKey: 1 }
  assert.deepEqual(
    [by('parameter_drift', { audit }).likelihood, by('parameter_drift', { audit }).conversationsPerDay],
    ['high', 300],
  )
  assert.equal(
    by('parameter_drift', { audit: { ...audit, failing: 0, changing: 0 }, probe: { failed: [] } }).likelihood,
    'low',
  )
  assert.equal(by('key_leak', { audit }).likelihood, 'high')
  const failed = [{ id: 'tool-call', group: 'tools' }]
  assert.match(by('tool_calls', { probe: { failed } }).because.text, /probes fail: tool-call/)
  assert.equal(by('tool_calls', { probe: { failed } }).likelihood, 'high')
  assert.deepEqual([by('cold_cache').likelihood, by('cold_cache').nanoUsdPerDay], ['high', 2_000_000_000n])
  assert.deepEqual([by('billing').likelihood, by('billing').nanoUsdPerDay], ['high', 1_000_000_000n])
  assert.equal(by('privacy').likelihood, 'high')
  assert.equal(by('privacy', { to: facts().from }).likelihood, 'low')
  assert.deepEqual([by('relay_outage').likelihood, by('relay_outage', { nodes: 3 }).likelihood], ['medium', 'low'])
  const { figures } = facts()
  assert.equal(by('rate_limits', { figures: { ...figures, limitedShare: 0.02 } }).likelihood, 'high')
  const unpriced = by('billing', { figures: { ...figures, candidateNanoUsd: null } })
  assert.deepEqual([unpriced.nanoUsdPerDay, /of the candidate/.test(unpriced.because.text)], [null, true])
  const silent = { ...figures, callsPerDay: 0, baselineNanoUsd: null, candidateNanoUsd: null }
  assert.match(by('billing', { figures: silent }).because.text, /no call is in the log/)
})
