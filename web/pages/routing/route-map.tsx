/** One route drawn: lines from the model to the targets of its first tier, as thick as their shares, and the tiers behind it. */

import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { Badge } from '#parts/layout.tsx'
import { awayNames, strategyNames } from '#parts/said/names.ts'
import type { Route, Target } from './route.ts'
import { texts } from './texts.ts'

/** Of the drawing: a target's height with its gap, in units of the picture; the style sheet has the same. */
const rowHeight = 64
const fanWidth = 56
const lineThickest = 12

const tiersOf = ({ targets }: Route): readonly (readonly [tier: number, targets: readonly Target[]])[] =>
  [...new Set(targets.map(({ tier }) => tier))]
    .sort((one, other) => one - other)
    .map((tier) => [tier, targets.filter((target) => target.tier === tier)])

/** Curves from the middle of the left to the middle of each row. */
const Fan = ({ targets }: { readonly targets: readonly Target[] }) => {
  const height = targets.length * rowHeight
  return (
    <svg className="fan" viewBox={`0 0 ${fanWidth} ${height}`} width={fanWidth} height={height} aria-hidden="true">
      {targets.map(({ share_percent: share, provider, model }, row) => {
        const end = rowHeight * (row + 0.5)
        const [middle, bend] = [height / 2, fanWidth / 2]
        return (
          <path
            key={`${provider} ${model}`}
            className={share === null || share === 0 ? 'idle' : undefined}
            d={`M0 ${middle}C${bend} ${middle} ${bend} ${end} ${fanWidth} ${end}`}
            strokeWidth={1 + ((share ?? 0) / 100) * lineThickest}
          />
        )
      })}
    </svg>
  )
}

const TargetBox = ({ target }: { readonly target: Target }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const { share_percent: share, away, again_ms: againMs, breaker, in_flight: inFlight } = target
  const isWell = away === null && breaker === 'closed'
  const latency = target.stream_latency_ms ?? target.whole_latency_ms
  const facts = [
    share === null || share === 0 ? say('none') : say('share', { share: format.percent(share / 100) }),
    latency === null
      ? ''
      : say(target.stream_latency_ms === null ? 'whole' : 'latency', { time: format.duration(latency) }),
    inFlight === 0 ? '' : say('flight', { count: inFlight }),
    againMs === null ? '' : say('again', { time: format.duration(againMs) }),
  ].filter(Boolean)
  return (
    <li className="target">
      <div className="row spread">
        <span className="grow name">
          <strong>{target.provider}</strong> <span className="soft">{target.model}</span>
        </span>
        {isWell ? null : (
          <Badge tone={breaker === 'open' || away === 'provider down' || away === 'no provider' ? 'bad' : 'warn'}>
            {away === null ? say(breaker === 'open' ? 'open' : 'half_open') : word(awayNames[away])}
          </Badge>
        )}
      </div>
      <span className="soft tabular facts-line">{facts.join(' · ')}</span>
    </li>
  )
}

export const RouteMap = ({ route }: { readonly route: Route }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const [first, ...rest] = tiersOf(route)
  const how = [
    word(strategyNames[route.strategy]),
    route.sticky === 'conversation' ? say('sticky') : '',
    route.hedge_after_ms === null ? '' : say('hedge', { time: format.duration(route.hedge_after_ms) }),
  ].filter(Boolean)
  return (
    <section className="card route" aria-label={route.model}>
      <div className="route-map">
        <div className="route-model">
          <h2 className="break">{route.model}</h2>
          <span className="soft">{how.join(', ')}</span>
          {route.fallbacks.length === 0 ? null : (
            <span className="soft">{say('fallbacks', { models: route.fallbacks.join(', ') })}</span>
          )}
        </div>
        {first === undefined ? null : (
          <>
            <Fan targets={first[1]} />
            <ol className="tier" aria-label={say('tier', { tier: first[0] })}>
              {first[1].map((target) => (
                <TargetBox key={`${target.provider} ${target.model}`} target={target} />
              ))}
            </ol>
          </>
        )}
        {rest.map(([tier, targets]) => (
          <div className="next-tier" key={tier}>
            <span className="soft">{say('tier', { tier })}</span>
            <ol className="tier" aria-label={say('tier', { tier })}>
              {targets.map((target) => (
                <TargetBox key={`${target.provider} ${target.model}`} target={target} />
              ))}
            </ol>
          </div>
        ))}
      </div>
    </section>
  )
}
