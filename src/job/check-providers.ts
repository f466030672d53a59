/** Looks whether providers are there, where the operator wishes so: by a call that costs nothing, never by one to a model. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import type { Log } from '#base/log.ts'
import { refusedMs } from '#policy/key-ring.ts'
import { askFreely } from '#relay/free-check.ts'
import type { Routing } from '#relay/routing.ts'
import type { Upstream } from '#relay/snapshot.ts'

/** Who is due is looked at this often. */
const lookEveryMs = 1_000
const checkTimeoutMsMax = 10_000
/** One failure may be chance. */
const failuresMax = 2

export type ProviderChecks = {
  readonly upstreams: () => Iterable<Upstream>
  readonly routing: Routing
  readonly emit: Emit
  readonly clock: Clock
  readonly log: Log
}

type Standing = { lastMs: number; failures: number; isUnderWay: boolean }

type Found = { readonly found: number | string; readonly standing: Standing }

/** What a check has found goes where calls look. */
const judge = (upstream: Upstream, { found, standing }: Found, { routing, emit }: ProviderChecks): void => {
  const { name } = upstream.provider
  const isThere = typeof found === 'number' && found < 500
  standing.failures = isThere ? 0 : standing.failures + 1
  const plain = { account: null, object: name, figure: null }
  if (isThere && routing.away.set(name, false))
    emit({
      ...plain,
      ...telling('provider_back', { provider: name }),
      name: 'provider_up',
      facts: { status: found },
    })
  if (standing.failures < failuresMax || !routing.away.set(name, true)) return
  const why = typeof found === 'number' ? `it answers ${found}.` : found
  emit({
    ...plain,
    name: 'provider_down',
    ...telling('provider_away', {
      provider: name,
      checks: standing.failures,
      status: typeof found === 'number' ? found : null,
      problem: typeof found === 'number' ? null : found,
    }),
    facts: { reason: why.slice(0, 200) },
  })
}

const check = async (upstream: Upstream, standing: Standing, checks: ProviderChecks): Promise<void> => {
  const { routing, clock, emit } = checks
  const keyIndex = routing.keys.choose(upstream.credentialDigests, clock.monotonicMs(), 0)
  const timeoutMs = Math.min(upstream.provider.checkEveryMs ?? checkTimeoutMsMax, checkTimeoutMsMax)
  const found = await askFreely(upstream, keyIndex, { clock, timeoutMs })
  const digest = keyIndex === null ? undefined : upstream.credentialDigests[keyIndex]
  const isRefused = (found === 401 || found === 403) && digest !== undefined && upstream.vendor.checkPath !== null
  if (
    isRefused &&
    routing.keys.refuse(digest, clock.monotonicMs() + (upstream.credentialDigests.length > 1 ? refusedMs : 0))
  )
    emit({
      name: 'credential_dead',
      account: null,
      object: upstream.provider.name,
      figure: null,
      ...telling('key_refused_by_check', { provider: upstream.provider.name }),
      facts: { credential: upstream.provider.credentialNames?.[keyIndex ?? 0] ?? null, status: found },
    })
  judge(upstream, { found, standing }, checks)
}

/** Goes on until the returned function is called. A provider that is not checked any more counts as there. */
export const checkProviders = (checks: ProviderChecks): (() => void) => {
  const { upstreams, routing, clock, log } = checks
  const standings = new Map<string, Standing>()
  let cancel = (): void => {}
  const look = (): void => {
    const wished = new Map<string, Upstream>()
    for (const upstream of upstreams())
      if ((upstream.provider.checkEveryMs ?? null) !== null && !upstream.vendor.inProcess)
        wished.set(upstream.provider.name, upstream)
    for (const name of standings.keys())
      if (!wished.has(name)) {
        standings.delete(name)
        routing.away.set(name, false)
      }
    for (const [name, upstream] of wished) {
      const standing = standings.get(name) ?? { lastMs: Number.NEGATIVE_INFINITY, failures: 0, isUnderWay: false }
      standings.set(name, standing)
      if (standing.isUnderWay || clock.monotonicMs() - standing.lastMs < (upstream.provider.checkEveryMs ?? 0)) continue
      Object.assign(standing, { lastMs: clock.monotonicMs(), isUnderWay: true })
      check(upstream, standing, checks)
        .catch((thrown: unknown) => log.warn('a provider could not be checked', { provider: name, error: thrown }))
        .finally(() => {
          standing.isUnderWay = false
        })
    }
    cancel = clock.after(lookEveryMs, look)
  }
  cancel = clock.after(lookEveryMs, look)
  return () => cancel()
}
