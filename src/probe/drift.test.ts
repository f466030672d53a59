import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { driftOf, hasRegressed, readBaseline } from './drift.ts'
import type { ProbeResult, Verdict } from './report.ts'
import { testResult } from './test-report.ts'

const report = (rows: Readonly<Record<string, Verdict | 'strays' | 'not run'>>): { probes: ProbeResult[] } => ({
  probes: Object.entries(rows).map(([id, word]) => {
    if (word === 'not run') return testResult({ id, verdict: 'unsupported', strict: 'unsupported', ran: false })
    if (word === 'strays') return testResult({ id, verdict: 'pass', strict: 'fail' })
    return testResult({ id, verdict: word, strict: word })
  }),
})

const baseline = (rows: Parameters<typeof report>[0]) =>
  readBaseline(JSON.stringify({ schema: 1, ...report(rows) }), 'last.json')

test('what became worse comes first, and fails', () => {
  const changes = driftOf(
    baseline({ a: 'fail', b: 'pass', c: 'pass' }),
    report({ a: 'pass', b: 'unsupported', c: 'pass' }),
  )
  assert.deepEqual(
    changes.map(({ id, kind }) => [id, kind]),
    [
      ['b', 'regression'],
      ['a', 'improvement'],
    ],
  )
  assert.equal(hasRegressed(changes), true)
})

test('only the specification: told, and no failure', () => {
  const changes = driftOf(baseline({ a: 'pass' }), report({ a: 'strays' }))
  assert.deepEqual(changes, [{ id: 'a', from: 'pass', to: 'fail', layer: 'strict', kind: 'regression' }])
  assert.equal(hasRegressed(changes), false)
})

test('what did not run on either side has not changed', () => {
  assert.deepEqual(driftOf(baseline({ a: 'pass', b: 'not run' }), report({ a: 'not run', b: 'fail', c: 'fail' })), [])
})

test('a file that is no report is refused by name', () => {
  for (const text of ['', '[]', '{"schema":2,"probes":[]}', '{"schema":1}'])
    assert.throws(
      () => readBaseline(text, '/x/last.json'),
      (thrown) => thrown instanceof Problem && /^last\.json is no report/.test(thrown.message),
    )
})
