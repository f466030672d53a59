/** What is done about an order: a transfer confirmed, money paid back, a case closed. */

import { useState } from 'react'
import type { Input, Output } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { useToast } from '#parts/toast.tsx'
import { texts } from './texts.ts'

export type Shown = Output<'payments show'>
type Props = { readonly order: Shown; readonly onClose: () => void }
const reasonMax = 200

const stale = ['payments show', 'payments list'] as const
const amountForm = '\\d{1,9}(\\.\\d{1,9})?'

export const ConfirmTransfer = ({ order, onClose }: Props) => {
  const say = useWords(texts)
  const toast = useToast()
  const confirm = useChange('payments confirm', stale)
  const submit = ({ amount = '', currency = 'USD', reference = '' }: Readonly<Record<string, string>>): void =>
    confirm.mutate(
      { order: order.id, amount, currency: currency as Input<'payments confirm'>['currency'], reference },
      {
        onSuccess: () => {
          toast(say('confirmed'))
          onClose()
        },
      },
    )
  return (
    <FormDialog
      title={say('confirmTitle')}
      action={say('confirmDo')}
      busy={confirm.isPending}
      error={confirm.error}
      submit={submit}
      onClose={onClose}
    >
      <p>{say('confirmWhy')}</p>
      <div className="form">
        <TextField
          label={say('amount')}
          name="amount"
          inputMode="decimal"
          pattern={amountForm}
          defaultValue={order.pay}
          autoComplete="off"
          required
        />
        <ChoiceField label={say('currency')} name="currency" defaultValue={order.currency}>
          <option>USD</option>
          <option>CNY</option>
        </ChoiceField>
        <TextField label={say('bankReference')} name="reference" maxLength={100} autoComplete="off" required wide />
      </div>
    </FormDialog>
  )
}

const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')

export const RefundOrder = ({ order, onClose }: Props) => {
  const say = useWords(texts)
  const toast = useToast()
  const refund = useChange('payments refund', stale)
  // One dialog asks for one refund, also where it is sent again because its answer was lost.
  const [key] = useState(newKey)
  const submit = ({ amount, reason = '' }: Readonly<Record<string, string>>): void =>
    refund.mutate(
      { order: order.id, reason, idempotency_key: key, ...(amount === undefined ? {} : { amount }) },
      {
        onSuccess: ({ state }) => {
          toast(say('refundSent', { state }))
          onClose()
        },
      },
    )
  return (
    <FormDialog
      title={say('refundTitle', { id: order.id })}
      action={say('refundDo')}
      busy={refund.isPending}
      error={refund.error}
      submit={submit}
      onClose={onClose}
    >
      <p>{say('refundWhy')}</p>
      <TextField
        label={`${say('refundAmount')}, ${order.currency}`}
        name="amount"
        inputMode="decimal"
        pattern={amountForm}
        autoComplete="off"
      />
      <TextField
        label={say('reason')}
        name="reason"
        maxLength={reasonMax}
        defaultValue={order.refund_request?.reason ?? ''}
        autoComplete="off"
        required
      />
    </FormDialog>
  )
}

/** No to what the payer asks for. */
export const RefuseRefund = ({ order, onClose }: Props) => {
  const say = useWords(texts)
  const refuse = useChange('payments refuse-refund', stale)
  return (
    <FormDialog
      title={say('refuseTitle', { id: order.id })}
      action={say('refuseDo')}
      busy={refuse.isPending}
      error={refuse.error}
      submit={({ reason = '' }) => refuse.mutate({ order: order.id, reason }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{say('refuseWhy')}</p>
      <TextField label={say('reason')} name="reason" maxLength={reasonMax} autoComplete="off" required />
    </FormDialog>
  )
}

type SettleProps = { readonly refund: Shown['refunds'][number]; readonly onClose: () => void }

/** A refund by bank transfer: it has left, or it could not. */
export const SettleRefund = ({ refund, onClose }: SettleProps) => {
  const say = useWords(texts)
  const [hasFailed, setFailed] = useState(false)
  const settle = useChange('payments refund-done', stale)
  return (
    <FormDialog
      title={say('settleTitle', { id: refund.id })}
      action={say('settleDo')}
      busy={settle.isPending}
      error={settle.error}
      submit={(given) => settle.mutate({ refund: refund.id, ...given }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <ChoiceField
        label={say('outcome')}
        value={hasFailed ? 'failed' : 'left'}
        onChange={(event) => setFailed(event.target.value === 'failed')}
      >
        <option value="left">{say('hasLeft')}</option>
        <option value="failed">{say('hasFailed')}</option>
      </ChoiceField>
      {hasFailed ? (
        <TextField
          key="failed"
          label={say('reason')}
          help={say('failedWhy')}
          name="failed"
          maxLength={reasonMax}
          autoComplete="off"
          required
        />
      ) : (
        <TextField key="reference" label={say('bankReference')} name="reference" maxLength={120} autoComplete="off" />
      )}
    </FormDialog>
  )
}

export const ResolveOrder = ({ order, onClose }: Props) => {
  const say = useWords(texts)
  const resolve = useChange('payments resolve', stale)
  return (
    <FormDialog
      title={say('resolveTitle', { id: order.id })}
      action={say('resolveDo')}
      busy={resolve.isPending}
      error={resolve.error}
      submit={({ reason = '' }) => resolve.mutate({ order: order.id, reason }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{say('resolveWhy')}</p>
      <TextField label={say('reason')} name="reason" maxLength={reasonMax} autoComplete="off" required />
    </FormDialog>
  )
}
