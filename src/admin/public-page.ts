/** Pages for everybody: a table in English or Chinese, without scripts, and the same as JSON. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import { escapeHtml } from '#base/html.ts'
import { Problem } from '#base/problem.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { Answer, Inbound } from '#http/inbound.ts'
import type { PageEndpoint } from '#http/page.ts'
import { page, pageHeaders } from '#http/page.ts'

export type Language = 'en' | 'zh'

/** What is shown to everybody, and whether. */
export type PublicSettings = {
  readonly pricing: boolean
  readonly status: boolean
  readonly models: readonly string[] | null
}

const words = {
  en: { tag: 'en', at: 'As of', leftOut: 'models are not shown.', json: 'The same as JSON' },
  zh: { tag: 'zh-CN', at: '截至', leftOut: '个模型未列出。', json: 'JSON 格式' },
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

/** Rows, headings and notes are HTML; everything else is text. */
export type PublicTable = {
  readonly title: string
  readonly lead: string
  /** In one sentence. */
  readonly summary?: string
  readonly headings: readonly string[]
  readonly rows: readonly string[]
  /** Said where there is no row. */
  readonly none: string
  /** How the table is laid out; absent: as tables are. */
  readonly look?: 'prices'
  /** RFC 3339. */
  readonly at: string
  readonly notes?: readonly string[]
  /** Models that did not fit. */
  readonly leftOut: number
  /** Where the same is to be had as JSON. */
  readonly json: string
}

/** What is wider than the window is scrolled by keyboard as well. */
const tableText = ({ title, headings, rows, none, look }: PublicTable): string =>
  rows.length === 0
    ? `<p>${none}</p>`
    : `<div class="wide" role="region" aria-label="${title}" tabindex="0"><table${look === undefined ? '' : ` class="${look}"`}>
<thead><tr>${headings.map((text) => (text === '' ? '<td></td>' : `<th scope="col">${text}</th>`)).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>`

/** The whole page. */
export const publicPage = (language: Language, table: PublicTable): string => {
  const word = words[language]
  const { title, lead, summary, at, notes = [], leftOut, json } = table
  const left = leftOut === 0 ? [] : [`${leftOut} ${word.leftOut}`]
  return `<!doctype html>
<html lang="${word.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Drover</title>
<link rel="stylesheet" href="/quickstart.css">
</head>
<body>
<main class="broad">
<header>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
${summary === undefined ? '' : `<p><strong>${summary}</strong></p>\n`}${tableText(table)}
<p class="soft">${[`${word.at} ${escapeHtml(at)}`, ...notes, ...left].join(' · ')}</p>
<nav><a href="${json}">${word.json}</a></nav>
</main>
</body>
</html>
`
}

export type PublicPages<Shown> = {
  readonly path: string
  readonly jsonPath: string
  /** What is shown now; what it throws is answered, and not kept. */
  readonly make: (settings: PublicSettings, atMs: number) => Shown | Promise<Shown>
  readonly write: (shown: Shown, language: Language) => string
  /** Why nothing is shown; `null` = it is. */
  readonly hidden: (settings: PublicSettings) => string | null
  /** Each answer is made this often at most, however many ask. */
  readonly keptMs: number
  /** What makes a kept answer old before its time. */
  readonly tables?: () => unknown
  /** As they are now: the file is watched. */
  readonly settings: () => PublicSettings
  readonly clock: Clock
}

type Made = { readonly json: Buffer; readonly html: Readonly<Record<Language, Buffer>> }
type Kept = {
  readonly atMs: number
  readonly settings: PublicSettings
  readonly tables: unknown
  readonly made: Promise<Made>
}

const wantsJson = ({ headers }: Inbound): boolean => {
  const accepted = headers['accept'] ?? ''
  return accepted.includes('application/json') && !accepted.includes('text/html')
}

/** The page, and the same as JSON at a path of its own or for whoever accepts nothing else. */
export const publicEndpoints = <Shown>(pages: PublicPages<Shown>): readonly Endpoint<PageEndpoint>[] => {
  const { path, jsonPath, keptMs, clock } = pages
  let kept: Kept | null = null
  const make = async (settings: PublicSettings, atMs: number): Promise<Made> => {
    const shown = await pages.make(settings, atMs)
    const written = (language: Language): Buffer => Buffer.from(pages.write(shown, language))
    return { json: Buffer.from(JSON.stringify(shown)), html: { en: written('en'), zh: written('zh') } }
  }
  const now = (): Promise<Made> => {
    const settings = pages.settings()
    const hidden = pages.hidden(settings)
    if (hidden !== null) throw new Problem('not_found', { message: hidden })
    const atMs = clock.nowMs()
    const tables = pages.tables?.()
    const isFresh = kept?.settings === settings && kept.tables === tables && Math.abs(atMs - kept.atMs) < keptMs
    if (kept !== null && isFresh) return kept.made
    const made = make(settings, atMs)
    const own: Kept = { atMs, settings, tables, made }
    kept = own
    // A store that is away is asked again by whoever comes next.
    made.catch(() => {
      if (kept === own) kept = null
    })
    return made
  }
  const cacheControl = `public, max-age=${keptMs / 1000}`
  const asJson = async (): Promise<Answer> => ({
    status: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': cacheControl,
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
      vary: 'accept',
    },
    body: (await now()).json,
  })
  const asHtml = async ({ headers }: Inbound): Promise<Answer> => {
    const language = languageOf(headers['accept-language'])
    return {
      status: 200,
      headers: {
        ...pageHeaders('text/html; charset=utf-8'),
        'cache-control': cacheControl,
        'content-language': words[language].tag,
        vary: 'accept, accept-language',
      },
      body: (await now()).html[language],
    }
  }
  return [
    { ...page(path, (inbound) => (wantsJson(inbound) ? asJson() : asHtml(inbound))), unlisted: true },
    { ...page(jsonPath, asJson), unlisted: true },
  ]
}
