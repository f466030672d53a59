/** The page of prices: a table in English or Chinese, without scripts. */

import { escapeHtml } from '#base/html.ts'
import type { Comparison } from './price-compare.ts'
import type { Language } from './public-page.ts'
import { publicPage } from './public-page.ts'

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
    title: 'Prices',
    lead: 'Per million tokens. Official is what the vendor asks, ours is what a call costs here.',
    model: 'Model',
    officialUsd: 'Official, USD',
    oursUsd: 'Ours, USD',
    saving: 'Saving, %',
    officialCny: 'Official, CNY',
    oursCny: 'Ours, CNY',
    source: 'Source, read on',
    official: 'list',
    fx: 'Yuan for a dollar',
    kinds: ['Input', 'Cached', 'Output'],
    rounded: 'Yuan are rounded to four places',
    none: 'No model has a price.',
  },
  zh: {
    title: '价格',
    lead: '每百万 token 的价格。“官方”为厂商公布的价格，“本站”为在此调用的价格。',
    model: '模型',
    officialUsd: '官方（美元）',
    oursUsd: '本站（美元）',
    saving: '节省（%）',
    officialCny: '官方（人民币）',
    oursCny: '本站（人民币）',
    source: '来源与查阅日期',
    official: '价目表',
    fx: '美元兑人民币',
    kinds: ['输入', '缓存', '输出'],
    rounded: '人民币金额保留四位小数',
    none: '暂无有价格的模型。',
  },
} as const

type Side = Comparison['official_usd']

const places = 4

/** A decimal to four places, half up: what one currency is in another has many more. */
const shortText = (decimal: string): string => {
  const [whole = '0', part = ''] = decimal.split('.')
  if (part.length <= places) return decimal
  const scaled = BigInt(`${whole}${part.slice(0, places)}`) + (Number(part[places]) >= 5 ? 1n : 0n)
  const digits = String(scaled).padStart(places + 1, '0')
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`
}

const sideText = (side: Side): readonly string[] =>
  [side?.input, side?.cached_input, side?.output].map((one) => (one == null ? '–' : shortText(one)))

const spans = (texts: readonly string[]): string => texts.map((text) => `<span>${escapeHtml(text)}</span>`).join('')

/** A link only to the web: a source may be anything that was written beside a price. */
const sourceText = ({ source, read }: Comparison, official: string): string => {
  const day = read === null ? '' : ` ${escapeHtml(read)}`
  if (source === null) return `–${day}`
  if (!/^https:\/\/[^\s"'<>]+$/.test(source)) return `${escapeHtml(source)}${day}`
  return `<a href="${escapeHtml(source)}" rel="noopener noreferrer nofollow">${official}</a>${day}`
}

const rowText = (row: Comparison, word: (typeof words)[Language]): string => {
  const sides = [
    [word.officialUsd, row.official_usd],
    [word.oursUsd, row.ours_usd],
    [word.saving, row.saving_percent],
    [word.officialCny, row.official_cny],
    [word.oursCny, row.ours_cny],
  ] as const
  const numbers = sides.map(([name, side]) => `<td class="figures" data-name="${name}">${spans(sideText(side))}</td>`)
  const model = `<th scope="row"><code>${escapeHtml(row.model)}</code></th>`
  const source = `<td data-name="${word.source}">${sourceText(row, word.official)}</td>`
  return `<tr>${model}<td class="kinds" data-name="">${spans(word.kinds)}</td>${numbers.join('')}${source}</tr>`
}

/** The whole page. */
export const pricePage = (prices: PublicPrices, language: Language): string => {
  const word = words[language]
  const headings = [
    word.model,
    '',
    word.officialUsd,
    word.oursUsd,
    word.saving,
    word.officialCny,
    word.oursCny,
    word.source,
  ]
  const fx = prices.fx_cny_per_usd
  return publicPage(language, {
    title: word.title,
    lead: word.lead,
    headings,
    look: 'prices',
    rows: prices.data.map((row) => rowText(row, word)),
    none: word.none,
    at: prices.at,
    notes: [...(fx === null ? [] : [`${word.fx}: ${escapeHtml(fx)}`]), word.rounded],
    leftOut: prices.left_out,
    json: '/api/v1/public/prices',
  })
}
