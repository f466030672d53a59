import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testReport, testResult } from '#probe/test-report.ts'
import { htmlReport } from './html.ts'
import { writers } from './index.ts'
import { escapeXml, junitReport } from './junit.ts'
import { textReport } from './text.ts'

const hostile = '<script>alert("x")</script> & \u0007 ]]> --'
const report = testReport([
  testResult(),
  testResult({ id: 'strays', verdict: 'pass', strict: 'fail', strays: ['The id is odd.'] }),
  testResult({
    id: 'broken',
    title: `Title ${hostile}`,
    verdict: 'fail',
    strict: 'fail',
    reasons: [hostile],
    evidence: [{ request: `POST ${hostile}`, response: '', ended: 'complete', elapsed_ms: 3 }],
    call_sites: [{ name: 'app#ask', path: 'app.py', line: 12 }],
  }),
  testResult({
    id: 'known',
    group: 'tools',
    verdict: 'fail',
    strict: 'fail',
    expected: 'It always did.',
    reasons: ['no index'],
  }),
  testResult({
    id: 'absent',
    group: 'tools',
    verdict: 'unsupported',
    strict: 'unsupported',
    reasons: ['It is refused.'],
  }),
  testResult({
    id: 'late',
    group: 'tools',
    verdict: 'unsupported',
    strict: 'unsupported',
    ran: false,
    reasons: ['Not run: the cost cap.'],
  }),
])
const drift = [{ id: 'broken', from: 'pass', to: 'fail', layer: 'clients', kind: 'regression' }] as const

describe('a report', () => {
  test('counts each result once', () => {
    const { passed, failed, unsupported, not_run: notRun, expected_failures: known, verdict } = report.summary
    assert.deepEqual(
      { passed, failed, unsupported, notRun, known, verdict },
      { passed: 2, failed: 2, unsupported: 1, notRun: 1, known: 1, verdict: 'fail' },
    )
  })

  test('as text: a word each, what to do, which call sites', () => {
    const text = textReport(report, drift)
    assert.match(text, /^FAIL {6}Title/m)
    assert.match(text, /call sites: app\.py:12/)
    assert.match(text, /known: It always did/)
    assert.match(text, /^not run /m)
    assert.match(text, /regression: broken pass -> fail/)
    assert.match(
      text,
      /6 probes: 2 pass, 2 fail \(1 of them known of 'strict'\), 1 unsupported, 1 not run; 12 calls for 0\.0012 USD in 1\.5 s\.\n$/,
    )
  })

  test('as JSON, in the shape that is relied on', () => {
    const value = JSON.parse(writers['json']?.(report, null) ?? '')
    assert.equal(value.schema, 1)
    assert.deepEqual(Object.keys(value.probes[0]).slice(0, 1), ['id'])
    assert.ok(
      value.probes.every(
        (probe: { verdict: string; evidence: unknown }) =>
          ['pass', 'fail', 'unsupported'].includes(probe.verdict) && Array.isArray(probe.evidence),
      ),
    )
    assert.equal('drift' in value, false)
  })

  test('as JUnit: well-formed whatever the endpoint sends', () => {
    const xml = junitReport(report, drift)
    assert.ok(!xml.includes('<script') && !xml.includes('\u0007'))
    assert.match(xml, /<testsuites [^>]*tests="6" failures="1"/)
    assert.equal(xml.match(/<testcase /g)?.length, 7)
    assert.equal(xml.match(/<skipped /g)?.length, 3)
    assert.equal(xml.match(/<!--[\s\S]*?-->/g)?.length, 1)
    assert.equal(escapeXml('a\u0000b\uD800c'), 'a\uFFFDb\uFFFDc')
    // Every tag that is opened is closed, in order.
    const open: string[] = []
    for (const [, close, name, self] of xml.replace(/<[?!][\s\S]*?>/g, '').matchAll(/<(\/?)([a-z-]+)[^>]*?(\/?)>/g)) {
      if (close === '/') assert.equal(open.pop(), name)
      else if (self !== '/') open.push(name ?? '')
    }
    assert.deepEqual(open, [])
  })

  test('as a page that needs nothing and runs nothing', () => {
    const html = htmlReport(report, drift)
    assert.doesNotMatch(html, /<script|<link|<img|url\(|https?:\/\/(?!api\.test)/)
    assert.match(html, /default-src 'none'/)
    assert.match(html, /&lt;script&gt;/)
    assert.match(html, /<details id="broken" open>/)
    assert.match(html, /regression: broken/)
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    assert.equal(new Set(ids).size, ids.length)
    for (const [, link] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(link))
  })
})
