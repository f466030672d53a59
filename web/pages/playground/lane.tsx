/** One model's answer: what it may cost, the text as it comes, what it did cost. */

import { Link } from '@tanstack/react-router'
import { Button } from '#parts/button.tsx'
import { CopyButton } from '#parts/code.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import type { LaneState, Model } from './playground.tsx'
import type { Ask } from './run.ts'
import { bodyOf } from './run.ts'
import { texts } from './texts.ts'

type Props = {
  readonly number: number
  readonly id: string
  readonly models: readonly Model[]
  readonly ask: Omit<Ask, 'key' | 'model'> & { readonly test: boolean }
  readonly state: LaneState
  readonly choose: (model: string) => void
  readonly remove: (() => void) | null
}

/** Text in UTF-8 has never more tokens than bytes. The sum is a bound for a person to read, not a charge: floats will do. */
const mostOf = ({ price }: Model, { system, message, maxTokens }: Props['ask']): number | null => {
  if (price === 'free') return 0
  if (price === null || price.input === null || price.output === null) return null
  const inputTokens = new TextEncoder().encode(system + message).length
  return (inputTokens * Number(price.input) + maxTokens * Number(price.output)) / 1_000_000
}

const useCostText = ({ id, models, ask, state }: Props): string => {
  const say = useWords(texts)
  const format = useFormat()
  const { costNanoUsd, totalMs } = state.outcome
  if (ask.test) return say('free')
  if (totalMs !== null && costNanoUsd !== null) return say('cost', { amount: format.money(costNanoUsd, 6) })
  const model = models.find((one) => one.id === id)
  const most = model === undefined ? null : mostOf(model, ask)
  if (most === null) return say('unknown')
  const currency =
    model?.price === null || model?.price === 'free' || model === undefined ? 'USD' : model.price.currency
  return say('atMost', { amount: format.amount(most.toFixed(6), currency) })
}

const codeOf = ({ ask, id }: Pick<Props, 'ask' | 'id'>): string =>
  `curl -N ${window.location.origin}/v1/chat/completions \\
  -H "Authorization: Bearer $DROVER_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${JSON.stringify(bodyOf({ ...ask, model: id })).replaceAll("'", "'\\''")}'`

const Figures = ({ state }: { readonly state: LaneState }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { firstMs, totalMs, inputTokens, outputTokens, callId } = state.outcome
  const pieces = [
    firstMs === null ? '' : say('first', { time: format.duration(firstMs) }),
    totalMs === null ? '' : say('took', { time: format.duration(totalMs) }),
    inputTokens === null ? '' : say('tokens', { input: inputTokens, output: outputTokens ?? 0 }),
  ].filter(Boolean)
  return (
    <div className="row spread soft tabular">
      <span>{pieces.join(' · ')}</span>
      {callId === null || totalMs === null ? null : (
        <Link to="/requests" search={{ call: callId } as never}>
          {say('request')}
        </Link>
      )}
    </div>
  )
}

export const Lane = (props: Props) => {
  const { number, id, models, ask, state, choose, remove } = props
  const say = useWords(texts)
  const cost = useCostText(props)
  return (
    <section className="card lane">
      <header>
        <select
          className="select grow"
          aria-label={say('model', { number })}
          value={id}
          onChange={(event) => choose(event.target.value)}
        >
          {models.some((one) => one.id === id) ? null : <option>{id}</option>}
          {models.map((model) => (
            <option key={model.id}>{model.id}</option>
          ))}
        </select>
        {remove === null ? null : (
          <Button kind="plain" icon="close" aria-label={say('remove', { model: id })} onClick={remove} />
        )}
      </header>
      <div className="inside stack">
        <div className="row spread">
          <span className="tabular">{cost}</span>
          <CopyButton text={codeOf({ ask, id })} label={say('code')} />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
        <section className="answer" tabIndex={0} aria-live="polite" aria-label={say('answer', { model: id })}>
          {state.outcome.text === '' ? <span className="soft">{say('waiting')}</span> : state.outcome.text}
        </section>
        {state.error === null ? null : <ProblemNote error={state.error} />}
        <Figures state={state} />
      </div>
    </section>
  )
}
