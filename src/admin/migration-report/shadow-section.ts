/** What copies of calls have found: each respect beside the baseline's disagreement with itself, and answers side by side. */

import { escapeHtml } from '#base/html.ts'
import type { SignedReport } from './data.ts'

type Shadow = NonNullable<SignedReport['shadow']>
type Sketch = Shadow['examples'][number]['baseline']

const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)} %`)
const words = (name: string): string => name.replaceAll('_', ' ')

const barWidth = 160

/** Two bars over each other: the candidate, and the noise below it. */
const bars = ({ differed, floor }: Shadow['findings'][number], most: number): string => {
  const width = (share: number | null): string => (((share ?? 0) / most) * barWidth).toFixed(1)
  return `<svg viewBox="0 0 ${barWidth} 18" style="width:${barWidth}px" role="img" aria-label="candidate ${percent(differed)}, baseline ${percent(floor)}"><rect class="bar candidate" y="1" height="7" width="${width(differed)}" rx="2"/><rect class="bar baseline" y="10" height="7" width="${width(floor)}" rx="2"/></svg>`
}

const fact = (name: string, value: string): string => `<tr><td class="quiet">${name}</td><td>${value}</td></tr>`

const side = (name: string, sketch: Sketch): string => {
  if (sketch === null) return `<div><h3>${name}</h3><p class="quiet">Nothing was kept of it.</p></div>`
  const tools = sketch.tools.map(
    ({ name: tool, shape, valid }) =>
      `<code>${escapeHtml(tool)} ${escapeHtml(shape)}</code>${valid === false ? ' <span class="bad">not allowed by its schema</span>' : ''}`,
  )
  return `<div><h3>${name}</h3><table><tbody>${[
    fact('status', `${sketch.status ?? 'none'}`),
    fact('finish', escapeHtml(sketch.finish ?? 'none')),
    ...(tools.length === 0 ? [] : [fact('tools', tools.join('<br>'))]),
    fact(
      'length',
      `${sketch.characters} characters${sketch.output_tokens === null ? '' : `, ${sketch.output_tokens} tokens`}`,
    ),
    ...(sketch.language === null ? [] : [fact('script', escapeHtml(sketch.language))]),
    ...(sketch.json === null ? [] : [fact('JSON', sketch.json ? 'yes' : '<span class="bad">no</span>')]),
    ...(sketch.refusal ? [fact('refusal', '<span class="bad">yes</span>')] : []),
  ].join('')}</tbody></table>${sketch.text === '' ? '' : `<pre>${escapeHtml(sketch.text)}</pre>`}</div>`
}

const example = ({ call, differs, baseline, candidate }: Shadow['examples'][number], place: number): string =>
  `<details${place === 0 ? ' open' : ''}><summary>${escapeHtml(words(differs))} <span class="quiet mono">${escapeHtml(call)}</span></summary><div class="sides">${side('candidate', candidate)}${side('baseline', baseline)}</div></details>`

export const shadow = ({ shadow: found }: SignedReport): string => {
  if (found === null || found.questions === 0) return ''
  const most = Math.max(0.01, ...found.findings.flatMap(({ differed, floor }) => [differed ?? 0, floor ?? 0]))
  const rows = found.findings
    .map(
      (one) =>
        `<tr><td>${words(one.respect)}</td><td class="n">${one.compared.toLocaleString('en-US')}</td><td class="n">${percent(one.differed)}</td><td class="n">${percent(one.floor)}</td><td>${bars(one, most)}</td><td>${one.worse ? '<span class="bad">worse</span>' : '<span class="quiet">within the noise</span>'}</td></tr>`,
    )
    .join('')
  const left = Object.entries(found.left)
    .map(([reason, count]) => `${words(reason)} ${count.toLocaleString('en-US')}`)
    .join(', ')
  return `<h2>Answers compared</h2><p class="about">${found.questions.toLocaleString('en-US')} calls were put to the candidate as well. Two answers of one model differ too: a respect is worse only where the candidate differs more often than the baseline from itself.</p><div class="scroll"><table class="respects"><thead><tr><th>respect</th><th class="n">compared</th><th class="n">differed</th><th class="n">baseline from itself</th><th></th><th></th></tr></thead><tbody>${rows}</tbody></table></div>${left === '' ? '' : `<p class="caption">Not copied: ${escapeHtml(left)}.</p>`}${found.examples.length === 0 ? '' : `<p class="about">Pairs to look at, every letter and digit masked. <code>drover explain CALL</code> shows more, where bodies are kept.</p>${found.examples.map(example).join('')}`}`
}
