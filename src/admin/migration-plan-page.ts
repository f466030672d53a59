/** The plan of a migration as one HTML page that needs nothing else: to be read and signed before anything moves. */

import { escapeHtml } from '#base/html.ts'
import type { PlanView } from './migration-plan-view.ts'

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}.wide{overflow-x:auto}
.high{color:#a40000;font-weight:600}.medium{color:#8a5a00;font-weight:600}.low{color:#17692b}.unknown{color:#555}`

type Cell = string | number | null

const cellOf = (cell: Cell): string =>
  cell === null ? '–' : typeof cell === 'number' ? String(cell) : escapeHtml(cell)

const tableOf = (head: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  `<div class="wide"><table><thead><tr>${head.map((one) => `<th scope="col">${escapeHtml(one)}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cellOf(cell)}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`

const listOf = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `<ul>${lines.map((one) => `<li>${escapeHtml(one)}</li>`).join('')}</ul>`

const percent = (share: number | null): string | null => (share === null ? null : `${(share * 100).toFixed(2)} %`)

const hours = (count: number | null): string => (count === null ? 'never' : `${count.toFixed(1)} h`)

const steps = (view: PlanView): string =>
  tableOf(
    ['Step', 'Weight', 'Lasts', 'Conversations', 'So far', 'Gate needs', 'after', 'Finds a share of'],
    view.steps.map((one) => [
      String(one.step + 1),
      `${one.weight} %`,
      hours(one.hours),
      one.conversations,
      one.conversations_so_far,
      one.needed === null ? null : Math.ceil(one.needed),
      hours(one.hours_needed),
      percent(one.smallest_share),
    ]),
  )

const small = ({ small_traffic: one, hours: all }: PlanView): string =>
  one === null
    ? ''
    : `<h2>With this traffic</h2><p>${one.conversations} conversations meet the candidate within 72 h.${one.done_in_time ? '' : ` The steps as they are take ${hours(all)}, not 48 to 72.`}</p>
<h3>It shows</h3>${listOf(one.shows)}<h3>It does not show</h3>${listOf(one.cannot_show)}<h3>What else there is</h3>${listOf(
        one.offers.map(({ says, cost_usd: usd }) => (usd === null ? says : `${says} About ${usd} USD for both sides.`)),
      )}`

const register = ({ risks }: PlanView): string =>
  `<h2>Risks</h2><div class="wide"><table><thead><tr>${[
    'Risk',
    'Likelihood',
    'Impact',
    'Conversations a day',
    'USD a day',
    'What is done against it',
    'What would show it',
    'Owner',
  ]
    .map((one) => `<th scope="col">${one}</th>`)
    .join('')}</tr></thead><tbody>${risks
    .map(
      (one) =>
        `<tr><td>${escapeHtml(one.risk.replaceAll('_', ' '))}</td><td><span class="${one.likelihood}">${one.likelihood}</span><br><small>${escapeHtml(one.because)}</small></td>${[one.impact, one.conversations_per_day, one.usd_per_day, one.mitigation, one.trigger, one.owner].map((cell) => `<td>${cellOf(cell)}</td>`).join('')}</tr>`,
    )
    .join('')}</tbody></table></div>`

/** One page; whatever was written by people is text in it. */
export const planPage = (view: PlanView): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Plan of migration ${escapeHtml(view.name)}</title><style>${style}</style>
<h1>Plan of migration ${escapeHtml(view.name)}</h1>
<p>${hours(view.hours)} at ${Math.round(view.conversations_per_day)} conversations a day; ${view.conversations_exposed} conversations meet the candidate. A sound candidate is moved back with a chance of ${percent(view.alpha_per_test) ?? ''} a test at most.</p>
${view.refusals.length === 0 ? '' : `<h2 class="high">It would not be started</h2>${listOf(view.refusals)}`}
<h2>Steps</h2>${steps(view)}${listOf(view.notes)}
${small(view)}
${register(view)}
</html>`
