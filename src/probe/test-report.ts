/** Reports for tests. */

import type { ProbeResult, Report } from './report.ts'
import { countsOf } from './report.ts'

/** A result that passes, but for what is given. */
export const testResult = (given: Partial<ProbeResult> = {}): ProbeResult => ({
  id: 'stream-framing',
  title: 'Server-sent events',
  group: 'stream',
  level: 'blocking',
  verdict: 'pass',
  strict: 'pass',
  ran: true,
  expected: null,
  reasons: [],
  strays: [],
  notes: [],
  measures: {},
  modes: [{ mode: 'stream', verdict: 'pass', runs: 1, passes: 1, unsupported: 0, not_run: 0, interval: [0.2, 1] }],
  rule: 'It ends with [DONE].',
  remedy: { by: 'relay', how: 'Drover marks it as cut.' },
  known: [],
  call_sites: [],
  evidence: [],
  ...given,
})

/** A report of these results. */
export const testReport = (probes: readonly ProbeResult[]): Report => ({
  schema: 1,
  version: '1.2.3',
  at: '2026-11-28T12:00:00.000Z',
  target: { base_url: 'https://api.test/v1', model: 'm-1', protocol: 'openai' },
  reference: null,
  profile: 'strict',
  summary: {
    ...countsOf(probes, 'blocking'),
    calls: 12,
    input_tokens: 100,
    output_tokens: 50,
    cost_usd: '0.0012',
    duration_ms: 1_500,
  },
  probes,
})
