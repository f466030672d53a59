/** The report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere. A function of the data alone. */

import { canonicalJson } from '#base/canonical-json.ts'
import { escapeHtml } from '#base/html.ts'
import { sayMs } from './chart.ts'
import type { SignedReport } from './data.ts'
import { cdf, quantileRows } from './distributions.ts'
import { decisions, forecast, head, money, reach, recompute, strata } from './sections.ts'
import { shadow } from './shadow-section.ts'
import { style } from './style.ts'
import { findingCharts, timeline } from './times.ts'

const armKey = '<span><i></i>candidate</span><span><i class="b"></i>baseline</span>'
const key = `<p class="key">${armKey}<span><i class="l"></i>limit</span></p>`

const testNames = {
  absolute: 'against its limit',
  relative: 'against the baseline',
  mean: 'mean to the baseline',
} as const

const verdict = ({ crossed, passed, dry_run: isDry }: SignedReport['migration']['evidence'][number]): string => {
  const [tone, text] = crossed ? ['bad', 'breach'] : passed ? ['good', 'shown within'] : ['quiet', 'open']
  return `<span class="verdict ${tone}">${text}${isDry ? ' (dry run)' : ''}</span>`
}

const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '–' : `${(share * 100).toFixed(2)}\u00a0%`

const figures = ({
  candidate,
  baseline,
  ratio,
  above_ms: above,
}: SignedReport['migration']['evidence'][number]): string => {
  if (ratio !== null)
    return `×${ratio.value.toFixed(2)}, between ×${ratio.low.toFixed(2)} and ×${ratio.high.toFixed(2)} (${ratio.conversations.toLocaleString('en-US')} conversations)`
  if (candidate === null) return 'nothing was seen yet'
  const of = (one: NonNullable<typeof candidate>): string =>
    `${percent(one.share)} (${one.hits.toLocaleString('en-US')} of ${one.seen.toLocaleString('en-US')})`
  const what = above === null ? '' : `slower than ${sayMs(above)}: `
  return `${what}${of(candidate)} at the candidate, between ${percent(candidate.low)} and ${percent(candidate.high)}${baseline === null ? '' : `; ${of(baseline)} at the baseline`}`
}

/** Whether there is anything to draw. */
const isSeen = ({ test, candidate, baseline }: SignedReport['migration']['evidence'][number]): boolean =>
  test === 'mean' || (candidate?.seen ?? 0) + (baseline?.seen ?? 0) > 0

const tests = (report: SignedReport): string =>
  `<h2>Tests</h2><p class="about">Bands are confidence sequences: each holds the true figure at all times at once. Where E passes 1/α the limit is broken; that happens to a sound candidate with a chance of at most α, however often one looks.</p>${key}<div class="pair">${report.migration.evidence
    .filter(isSeen)
    .map(
      (finding) =>
        `<section class="card"><div class="head"><h3>${escapeHtml(finding.metric)}<small>${testNames[finding.test]}</small></h3>${verdict(finding)}</div><p class="caption">${escapeHtml(figures(finding))}</p>${findingCharts(report, finding)}</section>`,
    )
    .join(
      '',
    )}</div>${report.migration.not_tested.map((one) => `<p class="quiet">Not tested: ${escapeHtml(one)}</p>`).join('')}`

const quantiles = (times: SignedReport['ttft']): string =>
  `<div class="scroll"><table><thead><tr><th></th><th class="n">candidate</th><th class="n">baseline</th><th class="n">ratio</th></tr></thead><tbody>${quantileRows(times)}</tbody></table></div>`

const distributions = (report: SignedReport): string =>
  `<h2>How long answers took</h2><p class="about">Share of answers within a time. Only answers that came from the arm that was asked.</p><p class="key">${armKey}</p><div class="pair"><section class="card"><h3>Time to the first token</h3>${cdf(report.ttft, 'Time to the first token')}${quantiles(report.ttft)}</section><section class="card"><h3>Time per token of output</h3>${cdf(report.tpot, 'Time per token of output')}${quantiles(report.tpot)}</section></div>`

/** Where the page keeps its data: read by `migrate report --verify`. */
export const dataBegin = '<template id="report">'
export const dataEnd = '</template>'

/** Whatever was written by people is text in it. */
export const reportPage = (report: SignedReport): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>Migration ${escapeHtml(report.migration.name)}</title><style>${style}</style></head>
<body><main>${head(report)}
<h2>The ramp</h2><p class="about">Share of conversations that go to the candidate, and what changed it.</p>${timeline(report)}
${reach(report)}${tests(report)}${distributions(report)}${strata(report)}${money(report)}${shadow(report)}${forecast(report)}${decisions(report)}${recompute(report)}
</main>${dataBegin}${escapeHtml(canonicalJson(JSON.stringify(report)))}${dataEnd}</body></html>
`
