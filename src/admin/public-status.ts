/**
 * How models stand here, for anybody who asks, where the operator turned it on: from real calls and from the breakers of their targets. It
 * names models that are offered and nothing else: no provider, no key, no customer.
 */

import { rfc3339 } from '#base/clock.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { PageEndpoint } from '#http/page.ts'
import { covers } from '#ledger/lot.ts'
import type { Availability, Share } from '#observe/availability.ts'
import type { RoutingView } from '#relay/route-state.ts'
import { apiPrefix } from './api.ts'
import type { ModelState } from './model-state.ts'
import { stateOfModel } from './model-state.ts'
import type { PublicPages, PublicSettings } from './public-page.ts'
import { publicEndpoints } from './public-page.ts'
import type { PublicStatus } from './status-page.ts'
import { statusPage } from './status-page.ts'

/** Each answer is made this often at most, however many ask. */
const keptMs = 10_000
const modelsMax = 500
const hourMs = 3_600_000

export type StatusParts = {
  readonly routing: Pick<RoutingView, 'routes'>
  readonly availability: Pick<Availability, 'recent' | 'since'>
} & Pick<PublicPages<PublicStatus>, 'settings' | 'clock'>

const worst = (states: readonly ModelState[]): ModelState =>
  states.includes('down') ? 'down' : states.includes('degraded') ? 'degraded' : 'up'

/** Rounded down: what was not answered is never rounded away. */
const percentOf = (share: Share | undefined): string | null => {
  const calls = share === undefined ? 0 : share.answered + share.failed
  return share === undefined || calls === 0 ? null : (Math.floor((share.answered / calls) * 10_000) / 100).toFixed(2)
}
const callsOf = (share: Share | undefined): number => (share === undefined ? 0 : share.answered + share.failed)

const statusNow = async (
  { routing, availability }: StatusParts,
  models: PublicSettings['models'],
  atMs: number,
): Promise<PublicStatus> => {
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
      state: stateOfModel(standing, availability.recent(id)),
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

const hidden =
  "This server shows no status to the public. Its operator turns it on by 'public: { status: true }' in drover.yaml; /health/readiness says whether it takes calls."

/** The page `/status`, and the same as JSON. */
export const publicStatus = (parts: StatusParts): readonly Endpoint<PageEndpoint>[] =>
  publicEndpoints({
    path: '/status',
    jsonPath: `${apiPrefix}/public/status`,
    make: ({ models }, atMs) => statusNow(parts, models, atMs),
    write: statusPage,
    hidden: ({ status }) => (status ? null : hidden),
    keptMs,
    settings: parts.settings,
    clock: parts.clock,
  })
