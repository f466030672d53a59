/** Routing as it stands, for people: who would get the next calls of a model, who rests and why, which keys are left. */

import type { BreakerState } from '#policy/breaker.ts'
import { findModel } from '#policy/choose.ts'
import type { KeyState } from '#policy/key-ring.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { targetName } from './leg.ts'
import type { Routing } from './routing.ts'
import type { Snapshot, Upstream } from './snapshot.ts'
import { keyName } from './vigil.ts'

export type KeyStanding = {
  readonly name: string
  readonly state: KeyState
  /** Milliseconds until it is used again; `null` = it is. */
  readonly againMs: number | null
}

export type TargetStanding = {
  readonly provider: string
  readonly model: string
  readonly tier: number
  readonly weight: number
  /** Of the next calls, where weights decide, in [0, 1]; `null` = something else does. */
  readonly share: number | null
  readonly state: BreakerState
  /** Why it is not asked now; `null` = it is. */
  readonly away: 'no provider' | 'provider down' | 'failing' | 'probing' | 'keys rest' | null
  readonly againMs: number | null
  readonly failures: number
  readonly inFlight: number
  readonly streamLatencyMs: number | null
  readonly wholeLatencyMs: number | null
  readonly tokensPerSecond: number | null
  readonly region: string | null
  readonly dataPolicy: Target['dataPolicy']
}

export type RouteStanding = {
  readonly row: ModelRow
  readonly targets: readonly TargetStanding[]
}

export type ProviderStanding = {
  readonly upstream: Upstream
  readonly isAway: boolean
  readonly keys: readonly KeyStanding[]
}

export type RoutingView = {
  /** One model by a name that callers use, `null` where there is none; without a name those that the operator declares. */
  readonly routes: (model: string | null) => readonly RouteStanding[] | null
  readonly providers: () => readonly ProviderStanding[]
  readonly retries: () => { readonly calls: number; readonly retries: number; readonly allowed: number }
}

export type RoutingViewParts = {
  readonly snapshot: () => Snapshot
  readonly routing: Routing
  readonly nowMs: () => number
}

type Standing = Omit<TargetStanding, 'share'> & { readonly ramp: number }

const awayOf = (
  target: Target,
  { snapshot, routing, nowMs }: RoutingViewParts,
): Pick<TargetStanding, 'away' | 'againMs'> => {
  const upstream = snapshot().upstreams.get(target.provider)
  if (upstream === undefined) return { away: 'no provider', againMs: null }
  if (routing.away.has(target.provider)) return { away: 'provider down', againMs: null }
  const health = routing.health.view(targetName(target), 'stream', nowMs())
  if (health.state === 'open') return { away: 'failing', againMs: (health.openUntilMs ?? nowMs()) - nowMs() }
  if (health.state === 'half-open' && health.probing) return { away: 'probing', againMs: null }
  const keysAtMs = routing.keys.usableAtMs(upstream.credentialDigests, nowMs())
  return keysAtMs > nowMs() ? { away: 'keys rest', againMs: keysAtMs - nowMs() } : { away: null, againMs: null }
}

const standingOf = (target: Target, parts: RoutingViewParts): Standing => {
  const name = targetName(target)
  const { health } = parts.routing
  const stream = health.view(name, 'stream', parts.nowMs())
  return {
    provider: target.provider,
    model: target.model,
    tier: target.tier,
    weight: target.weight,
    state: stream.state,
    ...awayOf(target, parts),
    failures: stream.failures,
    inFlight: stream.inFlight,
    streamLatencyMs: stream.latencyMs,
    wholeLatencyMs: health.view(name, 'whole', parts.nowMs()).latencyMs,
    tokensPerSecond: stream.tokensPerSecond,
    region: target.region,
    dataPolicy: target.dataPolicy ?? null,
    ramp: stream.ramp,
  }
}

const routeStanding = (row: ModelRow, parts: RoutingViewParts): RouteStanding => {
  const standings = row.targets.map((target) => standingOf(target, parts))
  const well = standings.filter(({ away, weight }) => away === null && weight > 0)
  const tier = Math.min(...well.map((one) => one.tier))
  const sum = well.filter((one) => one.tier === tier).reduce((total, one) => total + one.weight * one.ramp, 0)
  const shareOf = (one: Standing): number | null => {
    if (row.route.strategy !== 'weighted') return null
    return well.includes(one) && one.tier === tier ? (one.weight * one.ramp) / sum : 0
  }
  const targets = standings.map((one) => {
    const { ramp: _ramp, ...rest } = one
    return { ...rest, share: shareOf(one) }
  })
  return { row, targets }
}

/** The routing of a process, to be asked at any time. */
export const routingView = (parts: RoutingViewParts): RoutingView => {
  const { snapshot, routing, nowMs } = parts
  return {
    routes: (model) => {
      const { live } = snapshot()
      if (model === null) {
        const rows = [...new Set(live.byName.values())].filter(({ origin }) => origin === 'yaml' || origin === 'store')
        return rows.map((row) => routeStanding(row, parts))
      }
      const row = findModel(live, model)
      return row === null ? null : [routeStanding(row, parts)]
    },
    providers: () =>
      [...snapshot().upstreams.values()].map((upstream) => ({
        upstream,
        isAway: routing.away.has(upstream.provider.name),
        keys: upstream.credentialDigests.map((digest, index) => {
          const { state, untilMs } = routing.keys.view(digest, nowMs())
          return { name: keyName(upstream, index), state, againMs: untilMs === null ? null : untilMs - nowMs() }
        }),
      })),
    retries: () => routing.budget.spent(nowMs()),
  }
}
