/**
 * How models stand here, for anybody who asks, where the operator turned it on: from real calls and from the breakers of their targets. It
 * names models that are offered and nothing else: no provider, no key, no customer.
 */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { Answer, Inbound } from '#http/inbound.ts'
import type { PageEndpoint } from '#http/page.ts'
import { page, pageHeaders } from '#http/page.ts'
import { covers } from '#ledger/lot.ts'
import type { Availability, Share } from '#observe/availability.ts'
import type { RouteStanding, RoutingView } from '#relay/route-state.ts'
import { apiPrefix } from './api.ts'
import type { Language } from './public-page.ts'
import { languageOf } from './public-page.ts'
import type { PublicSettings } from './public-prices.ts'
import type { ModelState, PublicStatus } from './status-page.ts'
import { statusPage } from './status-page.ts'

/** Each answer is made this often at most, however many ask. */
const keptMs = 10_000
const modelsMax = 500
const hourMs = 3_600_000
/** Fewer calls than this say nothing about how it is now. */
const callsMin = 10
const degradedFrom = 0.05
const downFrom = 0.5

export type StatusParts = {
  readonly routing: Pick<RoutingView, 'routes'>
  readonly availability: Pick<Availability, 'recent' | 'since'>
  /** As they are now: the file is watched. */
  readonly settings: () => PublicSettings
  readonly clock: Clock
}

const stateOf = ({ targets }: RouteStanding, { answered, failed }: Share): ModelState => {
  const away = targets.filter((target) => target.away !== null && target.away !== 'probing').length
  const calls = answered + failed
  const share = calls < callsMin ? 0 : failed / calls
  if (away === targets.length || share >= downFrom) return 'down'
  return away > 0 || share >= degradedFrom ? 'degraded' : 'up'
}

const worst = (states: readonly ModelState[]): ModelState =>
  states.includes('down') ? 'down' : states.includes('degraded') ? 'degraded' : 'up'

/** Rounded down: what was not answered is never rounded away. */
const percentOf = (share: Share | undefined): string | null => {
  const calls = share === undefined ? 0 : share.answered + share.failed
  return share === undefined || calls === 0 ? null : (Math.floor((share.answered / calls) * 10_000) / 100).toFixed(2)
}
const callsOf = (share: Share | undefined): number => (share === undefined ? 0 : share.answered + share.failed)

const statusNow = async ({ routing, availability, settings, clock }: StatusParts): Promise<PublicStatus> => {
  const { models } = settings()
  const atMs = clock.nowMs()
  const hour = Math.floor(atMs / hourMs) * hourMs
  const day = await availability.since(hour - 23 * hourMs)
  const week = await availability.since(hour - (7 * 24 - 1) * hourMs)
  const shown = (routing.routes(null) ?? []).filter(
    ({ row, targets }) => targets.length > 0 && (models === null || covers(models, [row.id, ...row.aliases])),
  )
  const data = shown.slice(0, modelsMax).map((standing) => {
    const { id } = standing.row
    return {
      model: id,
      state: stateOf(standing, availability.recent(id)),
      availability_24h: percentOf(day.get(id)),
      availability_7d: percentOf(week.get(id)),
      calls_24h: callsOf(day.get(id)),
      calls_7d: callsOf(week.get(id)),
    }
  })
  return {
    at: rfc3339(atMs),
    state: worst(data.map(({ state }) => state)),
    data,
    left_out: Math.max(0, shown.length - modelsMax),
  }
}

const hidden = (): Problem =>
  new Problem('not_found', {
    message:
      "This server shows no status to the public. Its operator turns it on by 'public: { status: true }' in drover.yaml; /health/readiness says whether it takes calls.",
  })

type Kept = { readonly atMs: number; readonly json: Buffer; readonly html: Readonly<Record<Language, Buffer>> }

const wantsJson = ({ headers }: Inbound): boolean => {
  const accepted = headers['accept'] ?? ''
  return accepted.includes('application/json') && !accepted.includes('text/html')
}

/** The page, and the same as JSON at a path of its own or for whoever accepts nothing else. */
export const publicStatus = (parts: StatusParts): readonly Endpoint<PageEndpoint>[] => {
  const { settings, clock } = parts
  let kept: { readonly atMs: number; readonly of: PublicSettings; readonly made: Promise<Kept> } | null = null
  const make = async (atMs: number): Promise<Kept> => {
    const status = await statusNow(parts)
    const html = { en: Buffer.from(statusPage(status, 'en')), zh: Buffer.from(statusPage(status, 'zh')) }
    return { atMs, json: Buffer.from(JSON.stringify(status)), html }
  }
  const now = (): Promise<Kept> => {
    const of = settings()
    if (!of.status) throw hidden()
    const atMs = clock.nowMs()
    if (kept !== null && kept.of === of && Math.abs(atMs - kept.atMs) < keptMs) return kept.made
    const made = make(atMs)
    kept = { atMs, of, made }
    // A store that is away is asked again by whoever comes next.
    made.catch(() => {
      kept = null
    })
    return made
  }
  const cacheControl = `public, max-age=${keptMs / 1_000}`
  const asJson = async (): Promise<Answer> => ({
    status: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': cacheControl,
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
    },
    body: (await now()).json,
  })
  const asHtml = async (inbound: Inbound): Promise<Answer> => {
    const language = languageOf(inbound.headers['accept-language'])
    return {
      status: 200,
      headers: {
        ...pageHeaders('text/html; charset=utf-8'),
        'cache-control': cacheControl,
        'content-language': language === 'zh' ? 'zh-CN' : 'en',
        vary: 'accept, accept-language',
      },
      body: (await now()).html[language],
    }
  }
  return [
    { ...page('/status', (inbound) => (wantsJson(inbound) ? asJson() : asHtml(inbound))), unlisted: true },
    { ...page(`${apiPrefix}/public/status`, asJson), unlisted: true },
  ]
}
