/** The page of how it stands: a table in English or Chinese, without scripts. */

import { escapeHtml } from '#base/html.ts'
import type { Language } from './public-page.ts'

export type ModelState = 'up' | 'degraded' | 'down'

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
    lang: 'en',
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
    at: 'As of',
    leftOut: 'models are not shown.',
    none: 'No model is offered.',
    json: 'The same as JSON',
  },
  zh: {
    lang: 'zh-CN',
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
    at: '截至',
    leftOut: '个模型未列出。',
    none: '暂无模型。',
    json: 'JSON 格式',
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
  const headings = [word.model, word.now, word.day, word.week]
  const table =
    status.data.length === 0
      ? `<p>${word.none}</p>`
      : `<div class="wide"><table>
<thead><tr>${headings.map((text) => `<th scope="col">${text}</th>`).join('')}</tr></thead>
<tbody>
${status.data.map((row) => rowText(row, word)).join('\n')}
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
<p><strong>${word.all[status.state]}</strong></p>
${table}
<p class="soft">${word.at} ${escapeHtml(status.at)}${status.left_out === 0 ? '' : ` · ${status.left_out} ${word.leftOut}`}</p>
<nav><a href="/api/v1/public/status">${word.json}</a></nav>
</main>
</body>
</html>
`
}
