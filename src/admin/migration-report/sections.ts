/** The parts of a report that are words and tables. */

import { escapeHtml } from '#base/html.ts'
import { dimensions } from '#migration/strata.ts'
import { sayMs } from './chart.ts'
import type { SignedReport } from './data.ts'

const count = (value: number): string => value.toLocaleString('en-US')
const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(2)} %`)
/** Sentences of people and of decisions, with no line between a figure and its sign. */
const sentence = (text: string): string => escapeHtml(text).replaceAll(/(\d) %/g, '$1\u00a0%')
/** `2026-11-29 11:04`. */
const minute = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 16)}`

export const card = (strong: string, about: string, unit = ''): string =>
  `<div class="card"><strong>${escapeHtml(strong)}${unit === '' || strong === '–' ? '' : `<small>${unit}</small>`}</strong><span>${escapeHtml(about)}</span></div>`

const tones: Readonly<Record<string, string>> = {
  completed: 'good',
  rolled_back: 'bad',
  rolling_back: 'bad',
  aborted: 'bad',
  paused: 'doubtful',
}

export const head = ({ migration, made }: SignedReport): string =>
  `<header><span class="state ${tones[migration.state] ?? 'plain'}">${escapeHtml(migration.state.replaceAll('_', ' '))}</span><h1>${escapeHtml(migration.name)}</h1><p class="lead">${sentence(migration.sentence)}</p>${
    migration.next === null ? '' : `<p class="next"><b>Next:</b> ${escapeHtml(migration.next)}.</p>`
  }<p class="routes">from <b>${escapeHtml(migration.baseline_route)}</b> to <b>${escapeHtml(migration.candidate_route)}</b> · started ${escapeHtml(minute(migration.started))} UTC · report of ${escapeHtml(minute(made))} UTC · configuration <code>${escapeHtml(migration.digest.slice(0, 16))}</code></p></header>`

export const reach = ({ reach: met }: SignedReport): string =>
  `<h2>Who met the candidate</h2><p class="about">People are told apart by what callers name them by, else by the key.</p><div class="cards">${[
    card(count(met.people.candidate), 'people or keys'),
    card(
      count(met.conversations.candidate),
      `conversations, of ${count(met.conversations.candidate + met.conversations.baseline)}`,
    ),
    card(count(met.calls.candidate), `calls, of ${count(met.calls.candidate + met.calls.baseline)}`),
    card(count(met.failed.candidate), 'calls that failed at the candidate first'),
    card(count(met.shown.candidate), 'failures that a caller saw'),
  ].join('')}</div>`

type Stratum = SignedReport['strata'][number]

const mean = (stratum: Stratum | undefined, which: 'input_tokens' | 'output_tokens'): number | null =>
  stratum === undefined || stratum.counted === 0 ? null : Number(stratum[which]) / stratum.counted

const ratio = (one: number | null, other: number | null): string =>
  one === null || other === null || other === 0 ? '–' : `×${(one / other).toFixed(2)}`

const ttft = (stratum: Stratum | undefined): string =>
  stratum === undefined || stratum.timed === 0 ? '–' : sayMs(Number(stratum.ttft_ms) / stratum.timed)

const failed = (stratum: Stratum | undefined): string =>
  stratum === undefined || stratum.turns === 0 ? '–' : percent(stratum.failed / stratum.turns)

const dimensionNames = {
  call_site: 'Call site',
  delivery: 'Delivery',
  prompt: 'Prompt, tokens',
  other_model: 'Another model answered',
  unknown_finish: 'Ended for an unknown reason',
  missing_usage: 'Usage was missing',
} as const

const stratumRows = ({ strata: all }: SignedReport, dimension: keyof typeof dimensionNames): string => {
  const mine = all.filter((one) => one.dimension === dimension)
  return [...new Set(mine.map(({ value }) => value))]
    .map((value) => {
      const of = (arm: Stratum['arm']) => mine.find((one) => one.value === value && one.arm === arm)
      const [candidate, baseline] = [of('candidate'), of('baseline')]
      const tokens = (which: 'input_tokens' | 'output_tokens'): string =>
        ratio(mean(candidate, which), mean(baseline, which))
      return `<tr><td>${escapeHtml(value)}</td>${[
        count(candidate?.turns ?? 0),
        count(baseline?.turns ?? 0),
        failed(candidate),
        failed(baseline),
        tokens('input_tokens'),
        tokens('output_tokens'),
        ttft(candidate),
        ttft(baseline),
      ]
        .map((cell) => `<td class="n">${cell}</td>`)
        .join('')}</tr>`
    })
    .join('')
}

const stratumHead = (name: string): string =>
  `<thead><tr><th>${name}</th>${['calls', 'base', 'failed', 'base', 'tokens in', 'tokens out', 'first token', 'base'].map((one) => `<th class="n">${one}</th>`).join('')}</tr></thead>`

export const strata = (report: SignedReport): string => {
  const { strata: all } = report
  const pairs = report.shadow?.prompt_pairs ?? 0
  const paired =
    pairs === 0 || report.shadow?.prompt_ratio === null || report.shadow?.prompt_ratio === undefined
      ? ''
      : `<p>The same ${count(pairs)} prompts, as both providers count them: <b>×${report.shadow.prompt_ratio.toFixed(3)}</b> tokens at the candidate.</p>`
  return `<h2>Where it differs</h2><p class="about">The candidate beside the baseline ("base"). Tokens are the candidate's mean to the baseline's. These explain; nothing is decided on them.</p>${paired}${dimensions
    .filter((dimension) => all.some((one) => one.dimension === dimension))
    .map(
      (dimension) =>
        `<div class="scroll"><table class="strata">${stratumHead(dimensionNames[dimension])}<tbody>${stratumRows(report, dimension)}</tbody></table></div>`,
    )
    .join('')}`
}

/** `1,234.50`. */
const usd = (amount: string | null): string => {
  if (amount === null) return '–'
  const value = Number(amount)
  const places = Math.abs(value) >= 1 || value === 0 ? 2 : 4
  return `${value < 0 ? '−' : ''}${Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })}`
}

export const money = ({ money: spent }: SignedReport): string =>
  `<h2>Money</h2><p class="about">What the operator pays. Saved is what the candidate's calls would have cost at the baseline's mean in the same step, less what they did cost.</p><div class="cards">${[
    card(usd(spent.saved_usd), 'saved on the calls that moved', 'USD'),
    card(usd(spent.saved_per_1000_calls_usd), 'saved on a thousand calls', 'USD'),
    card(usd(spent.candidate_usd), 'spent at the candidate', 'USD'),
    card(usd(spent.baseline_usd), 'spent at the baseline', 'USD'),
    card(usd(spent.shadow_usd), 'spent on copies', 'USD'),
    ...(spent.since_completion === null
      ? []
      : [
          card(
            usd(spent.since_completion.saved_usd),
            `saved since completion, on ${spent.since_completion.whole ? '' : 'the newest '}${count(spent.since_completion.calls)} calls, at the baseline's price of the same tokens`,
            'USD',
          ),
        ]),
  ].join('')}</div>`

const hours = (value: number | null): string => {
  if (value === null) return '–'
  if (value === 0) return 'shown'
  return value >= 48
    ? `${(value / 24).toFixed(1)} d`
    : value >= 1
      ? `${value.toFixed(1)} h`
      : `${Math.ceil(value * 60)} min`
}

export const forecast = ({ forecast: all }: SignedReport): string =>
  all.length === 0
    ? ''
    : `<h2>What it still takes</h2><p class="about">Until each limit is shown to be kept, with the candidate's own share and today's traffic.</p><div class="scroll"><table class="forecast"><thead><tr><th>metric</th>${['limit', 'share', 'seen', 'needed', 'from now', 'at double weight'].map((one) => `<th class="n">${one}</th>`).join('')}</tr></thead><tbody>${all
        .map(
          (one) =>
            `<tr><td>${escapeHtml(one.metric)}</td>${[
              percent(one.limit),
              percent(one.share),
              count(one.seen),
              one.needed === null ? 'no number helps' : count(one.needed),
              hours(one.hours),
              hours(one.hours_at_double_weight),
            ]
              .map((cell) => `<td class="n">${cell}</td>`)
              .join('')}</tr>`,
        )
        .join('')}</tbody></table></div>`

export const decisions = ({ decisions: all }: SignedReport): string =>
  `<h2>Decisions</h2><div class="scroll"><table class="decisions"><thead><tr><th>time, UTC</th><th>by</th><th>decision</th><th class="n">weight</th><th>why</th></tr></thead><tbody>${all
    .map(
      ({ time, by, change, weight, why }) =>
        `<tr><td class="time">${escapeHtml(`${minute(time)}:${time.slice(17, 19)}`)}</td><td>${escapeHtml(by)}</td><td>${escapeHtml(change)}</td><td class="n">${weight} %</td><td>${sentence(why)}</td></tr>`,
    )
    .join('')}</tbody></table></div>`

const cellRows = ({ sums }: SignedReport): string =>
  sums
    .map((one) => {
      const cell = one as Readonly<Record<string, unknown>>
      const of = (name: string): string => escapeHtml(String(cell[name] ?? ''))
      const list = (name: string): string => escapeHtml(JSON.stringify(cell[name] ?? []))
      return `<tr><td class="n">${of('step')}</td><td>${of('arm')}</td><td>${of('stratum')}</td><td class="n">${of('units')}</td><td><code>${list('hits')}</code></td><td><code>${list('seen')}</code></td><td class="n">${of('turns')}</td></tr>`
    })
    .join('')

export const recompute = ({ assumptions, file, migration, signature, version, sums }: SignedReport): string =>
  `<h2>What this rests on</h2><ul>${assumptions.map((one) => `<li>${escapeHtml(one)}</li>`).join('')}</ul><details><summary>Configuration, as it was given</summary><pre>${escapeHtml(file)}</pre></details><details><summary>The sums that all tests follow from</summary><div class="scroll"><table><thead><tr><th class="n">step</th><th>arm</th><th>stratum</th><th class="n">units</th><th>hits by column</th><th>seen by column</th><th class="n">turns</th></tr></thead><tbody>${cellRows({ sums } as SignedReport)}</tbody></table></div></details><footer><p>All of it is in this file as data. <code>drover migrate report --verify FILE</code> checks the signature, computes every test again from the sums and makes this page anew.</p><p>Configuration <code>${escapeHtml(migration.digest)}</code> · Drover ${escapeHtml(version)} · ${signature.algorithm}, key <code>${escapeHtml(signature.public_key)}</code></p><p>Signature <code>${escapeHtml(signature.value)}</code></p></footer>`
