/** The page of how it stands: a table in English or Chinese, without scripts. */

import { escapeHtml } from '#base/html.ts'
import type { ModelState } from './model-state.ts'
import type { Language } from './public-page.ts'
import { publicPage } from './public-page.ts'

/** What is shown to everybody. */
export type PublicStatus = {
  readonly at: string
  /** The worst of all models. */
  readonly state: ModelState
  readonly data: readonly {
    readonly model: string
    readonly state: ModelState
    /** Percent of the calls that were answered, two digits; `null` = there was none. */
    readonly availability_24h: string | null
    readonly availability_7d: string | null
    readonly calls_24h: number
    readonly calls_7d: number
  }[]
  /** Models that did not fit. */
  readonly left_out: number
}

const words = {
  en: {
    title: 'Status',
    lead: 'How models answer here, from real calls: the share that was answered. Calls that were refused by the fault of their caller are not counted.',
    model: 'Model',
    now: 'Now',
    day: 'Last 24 hours',
    week: 'Last 7 days',
    up: '● up',
    degraded: '◐ degraded',
    down: '○ down',
    all: {
      up: 'All models answer.',
      degraded: 'Some models answer with difficulty.',
      down: 'Some models do not answer.',
    },
    calls: 'calls',
    quiet: 'no calls',
    none: 'No model is offered.',
  },
  zh: {
    title: '服务状态',
    lead: '根据真实调用统计各模型的可用率，即得到应答的调用所占比例。因调用方错误被拒绝的调用不计入。',
    model: '模型',
    now: '当前',
    day: '最近 24 小时',
    week: '最近 7 天',
    up: '● 正常',
    degraded: '◐ 部分异常',
    down: '○ 不可用',
    all: { up: '所有模型均正常应答。', degraded: '部分模型应答异常。', down: '部分模型不可用。' },
    calls: '次调用',
    quiet: '无调用',
    none: '暂无模型。',
  },
} as const

type Row = PublicStatus['data'][number]

const shareText = (share: string | null, calls: number, word: (typeof words)[Language]): string =>
  share === null ? word.quiet : `${share} % <span class="soft">(${calls} ${word.calls})</span>`

const rowText = (row: Row, word: (typeof words)[Language]): string =>
  `<tr><th scope="row"><code>${escapeHtml(row.model)}</code></th><td>${word[row.state]}</td>` +
  `<td>${shareText(row.availability_24h, row.calls_24h, word)}</td><td>${shareText(row.availability_7d, row.calls_7d, word)}</td></tr>`

/** The whole page. */
export const statusPage = (status: PublicStatus, language: Language): string => {
  const word = words[language]
  return publicPage(language, {
    title: word.title,
    lead: word.lead,
    summary: word.all[status.state],
    headings: [word.model, word.now, word.day, word.week],
    rows: status.data.map((row) => rowText(row, word)),
    none: word.none,
    at: status.at,
    leftOut: status.left_out,
    json: '/api/v1/public/status',
  })
}
