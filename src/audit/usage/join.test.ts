import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { audit } from '#audit/audit.ts'
import { memorySource } from '#audit/walk/file-source.ts'
import { manifest } from '#audit/writer/manifest.ts'
import { textReport } from '#audit/writer/text.ts'
import type { UsedRow } from './join.ts'

const call = (name: string, model: string): string =>
  `from openai import OpenAI\nclient = OpenAI()\n\ndef ${name}(q):\n    return client.chat.completions.create(model="${model}", messages=q)\n`

const files = {
  'billing/main.py': call('ask', 'gpt-4o'),
  'support/main.py': call('answer', 'gpt-4o'),
  'support/vision.py': call('look', 'gpt-4.1'),
  'tests/test_main.py': call('checked', 'gpt-4.1'),
}

const startMs = Date.UTC(2026, 9, 1)
const dayMs = 86_400_000

const row = (given: Partial<UsedRow>): UsedRow => ({
  startMs,
  endMs: startMs + dayMs,
  model: 'gpt-4o',
  key: null,
  project: null,
  callSite: null,
  tags: [],
  calls: 1,
  failed: 0,
  input: 800,
  cachedInput: 100,
  cacheWrite: null,
  output: 200,
  durationMs: null,
  ttftMs: null,
  ...given,
})

const run = (rows: readonly UsedRow[], spans: readonly Pick<UsedRow, 'startMs' | 'endMs'>[] = []) => {
  const report = audit({
    source: memorySource(files),
    catalog: null,
    target: null,
    atMs: 0,
    baseline: new Set(),
    progress: () => undefined,
    usage: { sources: ['test'], rows, spans },
  })
  const body = JSON.parse(manifest(report))
  const of = (name: string) => body.call_sites.find((site: { readonly name: string }) => site.name === name)?.usage
  return { report, body, of }
}

describe('usage joined to call sites', () => {
  test('the call site in a record counts before tags, keys and models', () => {
    const { of } = run([
      row({ callSite: 'billing/main#ask', tags: ['call_site:support/main#answer'], project: 'support' }),
    ])
    assert.equal(of('billing/main#ask').basis, 'call_site')
    assert.equal(of('billing/main#ask').tokens_per_day, 1000)
    assert.equal(of('billing/main#ask').cached_input_tokens_per_day, 100)
    assert.equal(of('support/main#answer'), null)
  })

  test('days without use at the edges of an export are days too', () => {
    const { of, report } = run([row({})], [{ startMs: startMs - 2 * dayMs, endMs: startMs + 2 * dayMs }])
    assert.deepEqual([report.usage?.days, report.usage?.from, report.usage?.until], [4, '2026-09-29', '2026-10-02'])
    assert.equal(of('billing/main#ask').tokens_per_day, 125)
  })

  test('a tag, and a project named like a folder, narrow to what has the model', () => {
    const { of } = run([
      row({ tags: ['env:prod', 'site:answer'] }),
      row({ project: 'support', model: 'gpt-4.1-2025-04-14', input: 80, output: 20 }),
    ])
    assert.deepEqual([of('support/main#answer').basis, of('support/main#answer').tokens_per_day], ['tag', 1000])
    assert.deepEqual([of('support/vision#look').basis, of('support/vision#look').tokens_per_day], ['key', 100])
  })

  test('what only the model tells is shared, and said so; tests have no share', () => {
    const { of, report } = run([row({ model: 'openai/gpt-4o-2024-08-06' }), row({ model: 'gpt-4.1' })])
    assert.deepEqual(
      [
        of('billing/main#ask').shared_by,
        of('billing/main#ask').tokens_per_day,
        of('support/main#answer').tokens_per_day,
      ],
      [2, 500, 500],
    )
    assert.equal(of('support/vision#look').shared_by, 1)
    assert.match(
      textReport(report),
      /billing\/main#ask: 500 tokens a day, 1 calls a day, 0\.00 % errors \(by its model, shared among 2/,
    )
  })

  test('times and errors come from single calls; days without use count', () => {
    const rows = Array.from({ length: 100 }, (_none, index) =>
      row({
        callSite: 'support/vision#look',
        startMs: startMs + (index < 99 ? 0 : 9 * dayMs),
        endMs: startMs + (index < 99 ? 1 : 9 * dayMs + 1),
        durationMs: index + 1,
        ttftMs: 10,
        failed: index < 2 ? 1 : 0,
      }),
    )
    const usage = run(rows).of('support/vision#look')
    assert.deepEqual([usage.p50_ms, usage.p99_ms, usage.ttft_p99_ms, usage.error_rate], [50, 99, 10, 0.02])
    assert.deepEqual([usage.calls_per_day, usage.tokens_per_day], [10, 10_000])
  })

  test('what no call site explains is left over, and named', () => {
    const { body, report } = run([row({ model: 'o3', callSite: 'elsewhere' }), row({})])
    assert.deepEqual(body.usage.unassigned, [{ model: 'o3', call_site: 'elsewhere', tokens_per_day: 1000 }])
    assert.equal(body.usage.tokens_per_day, 2000)
    assert.match(textReport(report), /Not explained by this code: 1000 tokens a day \(elsewhere\)/)
  })

  test('without usage there is none', () => {
    assert.equal(run([]).report.usage, null)
    assert.equal(run([]).of('billing/main#ask'), null)
  })
})
