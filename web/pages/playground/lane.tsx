/** One model's answer: what it may cost, the text as it comes, what it did cost. */

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '#parts/button.tsx'
import { Code } from '#parts/code.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { Tabs } from '#parts/tabs.tsx'
import type { Ask } from './ask.ts'
import { codeOf } from './code.ts'
import type { LaneState, Model } from './lane-state.ts'
import { texts } from './texts.ts'

type Props = {
  readonly number: number
  readonly id: string
  readonly models: readonly Model[]
  readonly ask: Ask
  readonly isTest: boolean
  readonly state: LaneState
  readonly choose: (model: string) => void
  readonly remove: (() => void) | null
}

const textOf = (value: unknown): string => (value === null ? '' : JSON.stringify(value))

/** Text in UTF-8 has never more tokens than bytes. The sum is a bound for a person to read, not a charge: floats will do. */
const mostOf = ({ price }: Model, ask: Ask): number | null => {
  const { system, message, maxTokens, tools, schema } = ask
  if (price === 'free') return 0
  if (price === null || price.input === null || price.output === null) return null
  const inputTokens = new TextEncoder().encode(system + message + textOf(tools) + textOf(schema)).length
  return (inputTokens * Number(price.input) + maxTokens * Number(price.output)) / 1_000_000
}

const useCostText = ({ id, models, ask, isTest, state }: Props): string => {
  const say = useWords(texts)
  const format = useFormat()
  const { costNanoUsd, totalMs } = state.outcome
  if (isTest) return say('free')
  if (totalMs !== null && costNanoUsd !== null) return say('cost', { amount: format.money(costNanoUsd) })
  const model = models.find((one) => one.id === id)
  const most = model === undefined ? null : mostOf(model, ask)
  if (most === null) return say('unknown')
  const currency =
    model?.price === null || model?.price === 'free' || model === undefined ? 'USD' : model.price.currency
  const amount = format.amount(most.toFixed(6), currency)
  return say(ask.images.length === 0 ? 'atMost' : 'atMostImages', { amount })
}

const CodeDialog = ({ ask, id, onClose }: Pick<Props, 'ask' | 'id'> & { readonly onClose: () => void }) => {
  const say = useWords(texts)
  const pieces = codeOf(ask, id, window.location.origin)
  return (
    <Dialog title={say('codeTitle', { model: id })} look="broad" onClose={onClose}>
      <Tabs
        label={say('code')}
        tabs={pieces.map(({ name, text }) => ({
          id: name,
          label: name,
          content: () => <Code text={text} label={name} />,
        }))}
      />
    </Dialog>
  )
}

/** JSON as a person reads it; what has not come to its end yet as it is. */
const prettyOf = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // Arguments are still coming.
    return text
  }
}

const Tools = ({ state }: { readonly state: LaneState }) => {
  const say = useWords(texts)
  return state.outcome.tools.map(({ name, text }, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: calls only grow at their end.
    <div className="stack tight" key={place}>
      <span>{say('calls', { name })}</span>
      <Code text={prettyOf(text)} wrapped />
    </div>
  ))
}

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
  const [isCode, setCode] = useState(false)
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
          <Button small icon="copy" onClick={() => setCode(true)}>
            {say('code')}
          </Button>
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
        <section className="answer" tabIndex={0} aria-live="polite" aria-label={say('answer', { model: id })}>
          {state.outcome.text === '' ? <span className="soft">{say('waiting')}</span> : state.outcome.text}
        </section>
        <Tools state={state} />
        {state.error === null ? null : <ProblemNote error={state.error} />}
        <Figures state={state} />
      </div>
      {isCode ? <CodeDialog ask={ask} id={id} onClose={() => setCode(false)} /> : null}
    </section>
  )
}
