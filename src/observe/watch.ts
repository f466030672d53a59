/** Looks at the figures every ten seconds and says what is out of order: once when it begins, again each hour that it lasts. */

import type { Clock } from '#base/clock.ts'
import type { Emit, EventName } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import type { Figure, Figures } from './figures.ts'

const lookEveryMs = 10_000
const againAfterMs = 3_600_000
/** With fewer calls than this in the window, a share or a percentile says nothing. */
const callsMin = 50
const attemptsDownMin = 5
/** What is out of order where no alert says from where on. */
const usual: Readonly<Partial<Record<EventName, number>>> = { overhead_p99: 50, error_rate: 5 }

export type WatchPorts = {
  readonly figures: Figures
  readonly emit: Emit
  /** The lowest `above` that an alert gives for an event; `null` = none does. */
  readonly lowestAbove: (event: EventName) => number | null
  readonly clock: Clock
}

type Finding = Parameters<Emit>[0]

const oursOf = ({ failures }: Figure): number => failures.upstream + failures.drover

const overhead = (all: Figure, aboveMs: number): readonly Finding[] => {
  const p99 = all.overheadMs.p99
  if (p99 === null || all.calls < callsMin || p99 <= aboveMs) return []
  const told = telling('overhead_high', { ms: Math.round(p99), above_ms: aboveMs })
  const facts = { calls: all.calls, p50_ms: all.overheadMs.p50, p99_ms: p99 }
  return [{ name: 'overhead_p99', account: null, object: 'server', ...told, figure: p99, facts }]
}

const errorRate = (all: Figure, abovePercent: number): readonly Finding[] => {
  const percent = (100 * oursOf(all)) / Math.max(1, all.calls)
  if (all.calls < callsMin || percent <= abovePercent) return []
  const told = telling('errors_high', { percent: percent.toFixed(1) })
  const facts = { calls: all.calls, upstream: all.failures.upstream, drover: all.failures.drover }
  return [{ name: 'error_rate', account: null, object: 'server', ...told, figure: percent, facts }]
}

const downNow = ({ calls, failures }: Figure): boolean => calls >= attemptsDownMin && failures.upstream === calls

const providerDown = ({ name, calls }: Figure): Finding => ({
  name: 'provider_down',
  account: null,
  object: name,
  ...telling('provider_failed', { provider: name, attempts: calls }),
  figure: null,
  facts: { attempts: calls },
})

const providerUp = (name: string): Finding => ({
  name: 'provider_up',
  account: null,
  object: name,
  ...telling('provider_back', { provider: name }),
  figure: null,
  facts: {},
})

/** Tells once when a provider goes down, and once when an attempt at it succeeds again. */
const makeProviderWatch = () => {
  const down = new Set<string>()
  return (providers: readonly Figure[]): readonly Finding[] =>
    providers.flatMap((figure) => {
      const isDown = down.has(figure.name)
      if (!isDown && downNow(figure)) {
        down.add(figure.name)
        return [providerDown(figure)]
      }
      if (!isDown || figure.failures.upstream === figure.calls) return []
      down.delete(figure.name)
      return [providerUp(figure.name)]
    })
}

/** Watches until the function that it gives is called. */
export const watchFigures = ({ figures, emit, lowestAbove, clock }: WatchPorts): (() => void) => {
  const toldMs = new Map<EventName, number>()
  const providers = makeProviderWatch()
  let cancel = (): void => {}

  const tell = (findings: readonly Finding[], name: EventName): void => {
    const [finding] = findings
    if (finding === undefined) return void toldMs.delete(name)
    const lastMs = toldMs.get(name)
    if (lastMs !== undefined && clock.monotonicMs() - lastMs < againAfterMs) return
    toldMs.set(name, clock.monotonicMs())
    emit(finding)
  }
  const look = (): void => {
    cancel = clock.after(lookEveryMs, look)
    const [all] = figures.read({ by: 'all', window: '5m', limit: 1 })
    const from = (name: EventName): number => lowestAbove(name) ?? usual[name] ?? 0
    tell(all === undefined ? [] : overhead(all, from('overhead_p99')), 'overhead_p99')
    tell(all === undefined ? [] : errorRate(all, from('error_rate')), 'error_rate')
    for (const finding of providers(figures.read({ by: 'provider', window: '1m', limit: 1000 }))) emit(finding)
  }
  cancel = clock.after(lookEveryMs, look)
  return () => cancel()
}
