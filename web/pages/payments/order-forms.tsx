/** What is done about an order: a transfer confirmed, money paid back, a case closed. */

import { useState } from 'react'
import type { Input } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Shown } from './order.ts'
import { texts } from './texts.ts'

type Props = { readonly order: Shown; readonly onClose: () => void }

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
      <TextField label={say('reason')} name="reason" maxLength={500} autoComplete="off" required />
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
      <TextField label={say('reason')} name="reason" maxLength={500} autoComplete="off" required />
    </FormDialog>
  )
}
