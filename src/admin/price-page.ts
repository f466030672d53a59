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
    lead: 'Per million tokens: input / cached input / output. Official is what the vendor asks, ours is what a call costs here.',
    model: 'Model',
    officialUsd: 'Official, USD',
    oursUsd: 'Ours, USD',
    saving: 'Saving, %',
    officialCny: 'Official, CNY',
    oursCny: 'Ours, CNY',
    source: 'Source, read on',
    official: 'list',
    fx: 'Yuan for a dollar',
    none: 'No model has a price.',
  },
  zh: {
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
    fx: '美元兑人民币',
    none: '暂无有价格的模型。',
  },
} as const

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
  const fx = prices.fx_cny_per_usd
  return publicPage(language, {
    title: word.title,
    lead: word.lead,
    headings,
    rows: prices.data.map((row) => rowText(row, word.official)),
    none: word.none,
    at: prices.at,
    notes: fx === null ? [] : [`${word.fx}: ${escapeHtml(fx)}`],
    leftOut: prices.left_out,
    json: '/api/v1/public/prices',
  })
}
