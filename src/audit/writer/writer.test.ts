import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { audit } from '#audit/audit.ts'
import { baselineOf, readBaseline } from '#audit/baseline.ts'
import type { AuditReport } from '#audit/finding.ts'
import { memorySource } from '#audit/walk/file-source.ts'
import { writers } from './index.ts'
import { reaches } from './summary.ts'

const files = {
  'src/a.py':
    'from openai import OpenAI\nclient = OpenAI(max_retries=2)\n\ndef ask(q):\n    return client.chat.completions.create(model="<b>|x", temperature=0.5, stream=True, messages=q)\n',
  '.env': 'OPENAI_API_KEY=\nOPENAI_BASE_URL=https://api.openai.com/v1\n',
}

const run = (baseline: ReadonlySet<string> = new Set()): AuditReport =>
  audit({ source: memorySource(files), catalog: null, target: null, atMs: 0, baseline, progress: () => undefined })

const write = (form: string): string => writers[form]?.(run(), '1.2.3') ?? assert.fail(form)

describe('writers', () => {
  test('JSON has the shape that is relied on', () => {
    const report = JSON.parse(write('json'))
    assert.equal(report.schema, 1)
    assert.deepEqual(
      report.call_sites.map((site: { kind: string; line: number }) => `${site.kind} ${site.line}`),
      ['env 1', 'base-url 2', 'client 2', 'call 5'],
    )
    for (const site of report.call_sites)
      for (const key of ['path', 'line', 'language', 'kind', 'sdk', 'base_url', 'model', 'auth', 'parameters'])
        assert.ok(key in site, key)
    assert.deepEqual(report.secrets, [])
    assert.equal(report.coverage.files_seen, 2)
  })

  test('SARIF names its rules and gives each result a place and a fingerprint', () => {
    const { version, runs } = JSON.parse(write('sarif'))
    assert.equal(version, '2.1.0')
    const [{ tool, results }] = runs
    assert.equal(tool.driver.version, '1.2.3')
    for (const result of results) {
      assert.equal(tool.driver.rules[result.ruleIndex].id, result.ruleId)
      assert.ok(['error', 'warning', 'note'].includes(result.level))
      assert.ok(result.locations[0].physicalLocation.region.startLine >= 1)
      assert.ok(result.partialFingerprints['droverAudit/v1'].length > 0)
    }
    assert.equal(
      new Set(results.map((one: { partialFingerprints: object }) => JSON.stringify(one.partialFingerprints))).size,
      results.length,
    )
  })

  test('what comes from the code is escaped', () => {
    const html = write('html')
    assert.ok(!html.includes('<b>|x'))
    assert.ok(html.includes('&#60;b&#62;|x'))
    assert.match(html, /<svg [\s\S]*a\.py 2/)
    assert.doesNotMatch(html, /<script|https?:\/\/(?!api\.openai\.com)/)
    assert.ok(write('markdown').includes('`&lt;b&gt;\\|x`'))
  })

  test('the text says what was found and what was seen', () => {
    const text = write('text')
    assert.match(text, /^src\/a\.py$/m)
    assert.match(text, /5 {2}call · openai · chat/)
    assert.match(text, /temperature=0\.5 stream=true/)
    assert.match(text, /2 files and folders seen, 2 files searched/)
  })

  test('the manifest has the calls of production, with what they need', () => {
    const manifest = JSON.parse(write('manifest'))
    assert.deepEqual(
      manifest.call_sites.map((site: { name: string }) => site.name),
      ['src/a#ask'],
    )
    assert.deepEqual(manifest.variables, ['OPENAI_API_KEY'])
    assert.equal(manifest.streams, true)
    assert.ok(manifest.parameters.some((one: { name: string }) => one.name === 'temperature'))
  })

  test('a baseline accepts what was found, and nothing else', () => {
    const accepted = readBaseline(baselineOf(run()), 'b.json')
    const again = run(accepted)
    assert.deepEqual(again.call_sites, [])
    assert.equal(again.coverage.suppressed.by_baseline, 4)
    assert.ok(reaches(run(), 'note') && !reaches(run(), 'warning') && !reaches(again, 'note'))
    for (const text of ['', '{}', '{"schema":2,"accepted":[]}', '[1]'])
      assert.throws(() => readBaseline(text, 'b.json'), /is no baseline/)
  })

  test('a fingerprint stays while the lines above it move', () => {
    const moved = audit({
      source: memorySource({ ...files, 'src/a.py': `\n\n# moved\n${files['src/a.py']}` }),
      catalog: null,
      target: null,
      atMs: 0,
      baseline: new Set(),
      progress: () => undefined,
    })
    assert.deepEqual(
      moved.call_sites.map(({ fingerprint }) => fingerprint),
      run().call_sites.map(({ fingerprint }) => fingerprint),
    )
  })
})
