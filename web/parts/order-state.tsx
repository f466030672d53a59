/** What an order for credit has come to, in a word; what waits for a person is loud. */

import type { Output } from '#actions/contract.ts'
import { useWords } from './language.tsx'
import type { Tone } from './layout.tsx'
import { Badge } from './layout.tsx'
import { orderStateWords } from './texts.ts'

export type OrderState = Output<'payments list'>['data'][number]['state']

export const orderStates = Object.keys(orderStateWords).filter((one): one is OrderState => one !== 'refund_asked')

const toneOf = (state: OrderState): Tone | undefined => {
  if (state === 'mismatch' || state === 'paid_late' || state === 'disputed') return 'bad'
  if (state === 'paid' || state === 'refund_pending' || state === 'pending') return 'warn'
  return state === 'credited' ? 'good' : undefined
}

/** The state; beside it, that the payer asks for the money back and has no answer yet. */
export const OrderBadge = ({
  state,
  asksBack = false,
}: {
  readonly state: OrderState
  readonly asksBack?: boolean
}) => {
  const say = useWords(orderStateWords)
  return (
    <span className="row">
      <Badge tone={toneOf(state)}>{say(state)}</Badge>
      {asksBack ? <Badge tone="warn">{say('refund_asked')}</Badge> : null}
    </span>
  )
}
