/** The money of an order is asked back: the operator decides, and what they said stands here. */

import type { FormEvent } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { Disclosure } from '#parts/disclosure.tsx'
import { TextField, textsOf } from '#parts/field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { texts } from './texts.ts'

type Order = Output<'payments show'>

/** States in which money of an order is here. */
const paidStates: readonly Order['state'][] = ['credited', 'partially_refunded', 'paid', 'paid_late', 'mismatch']

export const AskRefund = ({ order }: { readonly order: Order }) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const ask = useChange('payments request-refund', ['payments show', 'payments list', 'billing show'])
  if (order.refund_request !== null)
    return (
      <div className="note">
        <p>{say('refundWaits', { time: format.moment(order.refund_request.time) })}</p>
      </div>
    )
  const answer = order.events.findLast(({ kind }) => kind === 'refund_refused' || kind === 'refund_requested')
  const refusal = answer?.kind === 'refund_refused' ? answer : null
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    ask.mutate({ order: order.id, reason: textsOf(event.currentTarget)['reason'] ?? '' })
  }
  return (
    <>
      {refusal === null ? null : (
        <div className="note warn">
          <p>{say('refundRefused', { reason: refusal.detail ?? '' })}</p>
        </div>
      )}
      {may.changesMoney && paidStates.includes(order.state) ? (
        <Disclosure title={say('askRefund')}>
          <form className="stack" onSubmit={submit}>
            <p className="soft">{say('askRefundWhy')}</p>
            <TextField label={say('askReason')} name="reason" maxLength={200} autoComplete="off" required />
            {ask.error === null ? null : <ProblemNote error={ask.error} />}
            <div className="actions">
              <Button type="submit" busy={ask.isPending}>
                {say('askRefundDo')}
              </Button>
            </div>
          </form>
        </Disclosure>
      ) : null}
    </>
  )
}
