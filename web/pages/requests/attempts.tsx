/** The attempts of a call along one line of time: waiting, answering, failed. */

import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Fact } from '#parts/layout.tsx'
import { Badge, Facts, mono } from '#parts/layout.tsx'
import { askedNames, nameOf } from '#parts/said/names.ts'
import type { Call } from './call.ts'
import { texts } from './texts.ts'

type Attempt = Call['attempts'][number]

const widthUnits = 1_000

/** One attempt's bar, on the scale of the whole call. */
const Bar = ({ attempt, totalMs }: { readonly attempt: Attempt; readonly totalMs: number }) => {
  const at = (ms: number): number => Math.max(0, Math.min(widthUnits, (ms / Math.max(totalMs, 1)) * widthUnits))
  const start = at(attempt.start_ms)
  const end = at(attempt.end_ms ?? totalMs)
  const first = attempt.first_part_ms === null ? end : at(attempt.first_part_ms)
  const isFailed = attempt.error !== null
  const least = 3
  return (
    <svg className="waterfall" viewBox={`0 0 ${widthUnits} 14`} preserveAspectRatio="none" aria-hidden="true">
      <rect className="track" x="0" y="6" width={widthUnits} height="2" />
      <rect
        className={isFailed ? 'failed' : 'waiting'}
        x={start}
        y="3"
        width={Math.max(first - start, least)}
        height="8"
      />
      {isFailed || end <= first ? null : (
        <rect className="streaming" x={first} y="1" width={Math.max(end - first, least)} height="12" />
      )}
    </svg>
  )
}

const AttemptView = ({ attempt, totalMs }: { readonly attempt: Attempt; readonly totalMs: number }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const { error, status } = attempt
  const facts: readonly (Fact | null)[] = [
    attempt.reason === null ? null : [say('reason'), word(nameOf(askedNames, attempt.reason))],
    attempt.upstream_request_id === null ? null : [say('upstreamId'), mono(attempt.upstream_request_id)],
    attempt.credential === null ? null : [say('credential'), mono(attempt.credential)],
    attempt.cost_nano_usd === null ? null : [say('upstreamCost'), format.money(attempt.cost_nano_usd)],
  ]
  return (
    <li className="stack tight">
      <div className="row spread">
        <strong>
          {attempt.provider} / {attempt.model}
        </strong>
        <span className="row tabular">
          <Badge tone={error === null ? 'good' : 'bad'}>{error ?? String(status ?? '')}</Badge>
          <span className="soft">
            {format.duration(attempt.start_ms)} → {format.duration(attempt.end_ms)}
          </span>
        </span>
      </div>
      <Bar attempt={attempt} totalMs={totalMs} />
      <Facts facts={facts} />
    </li>
  )
}

export const Attempts = ({ call }: { readonly call: Call }) => {
  const say = useWords(texts)
  if (call.attempts.length === 0) return <p className="soft">{say('noAttempts')}</p>
  const lastMs = Math.max(call.duration_ms, ...call.attempts.map(({ end_ms: endMs }) => endMs ?? 0))
  return (
    <div className="stack">
      <ul className="legend">
        <li>
          <span className="swatch s6" />
          {say('waiting')}
        </li>
        <li>
          <span className="swatch s1" />
          {say('streaming')}
        </li>
        <li>
          <span className="swatch s5" />
          {say('failed')}
        </li>
      </ul>
      <ol className="stack">
        {call.attempts.map((attempt) => (
          <AttemptView attempt={attempt} totalMs={lastMs} key={`${attempt.start_ms}-${attempt.provider}`} />
        ))}
      </ol>
    </div>
  )
}
