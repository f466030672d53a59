/** The page of prices: a table in English or Chinese, without scripts. */

import { escapeHtml } from '#base/html.ts'
import type { Comparison } from './price-compare.ts'

export type Language = 'en' | 'zh'

/** What is shown to everybody. */
export type PublicPrices = {
  readonly at: string
  /** Yuan for a dollar, where prices were turned from one into the other. */
  readonly fx_cny_per_usd: string | null
  readonly unit: 'per million tokens'
  readonly data: readonly Comparison[]
  /** Models that did not fit. */
  readonly left_out: number
}

const words = {
  en: {
    lang: 'en',
    title: 'Prices',
    lead: 'Per million tokens: input / cached input / output. Official is what the vendor asks, ours is what a call costs here.',
    model: 'Model',
    officialUsd: 'Official, USD',
    oursUsd: 'Ours, USD',
    saving: 'Saving, %',
    officialCny: 'Official, CNY',
    oursCny: 'Ours, CNY',
    source: 'Source, read on',
    official: 'list',
    at: 'As of',
    fx: 'Yuan for a dollar',
    leftOut: 'models are not shown.',
    none: 'No model has a price.',
    json: 'The same as JSON',
  },
  zh: {
    lang: 'zh-CN',
    title: '价格',
    lead: '每百万 token 的价格：输入 / 缓存输入 / 输出。“官方”为厂商公布的价格，“本站”为在此调用的价格。',
    model: '模型',
    officialUsd: '官方（美元）',
    oursUsd: '本站（美元）',
    saving: '节省（%）',
    officialCny: '官方（人民币）',
    oursCny: '本站（人民币）',
    source: '来源与查阅日期',
    official: '价目表',
    at: '截至',
    fx: '美元兑人民币',
    leftOut: '个模型未列出。',
    none: '暂无有价格的模型。',
    json: 'JSON 格式',
  },
} as const

const rangesMax = 20

/** The language that the browser would rather have; English unless Chinese comes first. */
export const languageOf = (accepted: string | readonly string[] | undefined): Language => {
  const text = typeof accepted === 'string' ? accepted : (accepted?.join(',') ?? '')
  const ranges = text
    .slice(0, 1000)
    .split(',', rangesMax)
    .map((range) => {
      const [name = '', ...parameters] = range.trim().toLowerCase().split(';')
      const quality = parameters
        .map((one) => /^\s*q=([01](\.\d{0,3})?)\s*$/.exec(one)?.[1])
        .find((one) => one !== undefined)
      return { name: name.trim(), quality: quality === undefined ? 1 : Number(quality) }
    })
  const best = (language: Language): number =>
    Math.max(
      0,
      ...ranges
        .filter(({ name }) => name === language || name.startsWith(`${language}-`))
        .map(({ quality }) => quality),
    )
  return best('zh') > best('en') ? 'zh' : 'en'
}

type Side = Comparison['official_usd']

const sideText = (side: Side): string =>
  side === null ? '–' : [side.input, side.cached_input, side.output].map((one) => one ?? '–').join(' / ')

/** A link only to the web: a source may be anything that was written beside a price. */
const sourceText = ({ source, read }: Comparison, official: string): string => {
  const day = read === null ? '' : ` ${escapeHtml(read)}`
  if (source === null) return `–${day}`
  if (!/^https:\/\/[^\s"'<>]+$/.test(source)) return `${escapeHtml(source)}${day}`
  return `<a href="${escapeHtml(source)}" rel="noopener noreferrer nofollow">${official}</a>${day}`
}

const rowText = (row: Comparison, official: string): string => {
  const cells = [row.official_usd, row.ours_usd, row.saving_percent, row.official_cny, row.ours_cny].map(sideText)
  const numbers = cells.map((text) => `<td>${escapeHtml(text)}</td>`).join('')
  return `<tr><th scope="row"><code>${escapeHtml(row.model)}</code></th>${numbers}<td>${sourceText(row, official)}</td></tr>`
}

/** The whole page. */
export const pricePage = (prices: PublicPrices, language: Language): string => {
  const word = words[language]
  const headings = [
    word.model,
    word.officialUsd,
    word.oursUsd,
    word.saving,
    word.officialCny,
    word.oursCny,
    word.source,
  ]
  const fx = prices.fx_cny_per_usd === null ? '' : ` · ${word.fx}: ${escapeHtml(prices.fx_cny_per_usd)}`
  const table =
    prices.data.length === 0
      ? `<p>${word.none}</p>`
      : `<div class="wide"><table>
<thead><tr>${headings.map((text) => `<th scope="col">${text}</th>`).join('')}</tr></thead>
<tbody>
${prices.data.map((row) => rowText(row, word.official)).join('\n')}
</tbody>
</table></div>`
  return `<!doctype html>
<html lang="${word.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${word.title} - Drover</title>
<link rel="stylesheet" href="/quickstart.css">
</head>
<body>
<main class="broad">
<header>
<h1>${word.title}</h1>
<p class="lead">${word.lead}</p>
</header>
${table}
<p class="soft">${word.at} ${escapeHtml(prices.at)}${fx}${prices.left_out === 0 ? '' : ` · ${prices.left_out} ${word.leftOut}`}</p>
<nav><a href="/api/v1/public/prices">${word.json}</a></nav>
</main>
</body>
</html>
`
}
