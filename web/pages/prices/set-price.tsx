/** A new price, from a day on. */

import type { Input } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { useToast } from '#parts/toast.tsx'
import { texts } from './texts.ts'

const amount = {
  inputMode: 'decimal',
  pattern: '\\d{1,9}(\\.\\d{1,9})?',
  placeholder: '–',
  autoComplete: 'off',
} as const

export const SetPrice = ({ onClose }: { readonly onClose: () => void }) => {
  const say = useWords(texts)
  const toast = useToast()
  const set = useChange('prices set', ['prices list', 'prices history', 'models list'])
  const submit = ({ model = '', currency = 'USD', ...given }: Readonly<Record<string, string>>): void =>
    set.mutate(
      { model, currency: currency as Input<'prices set'>['currency'], ...given },
      {
        onSuccess: () => {
          toast(say('setNow', { model }))
          onClose()
        },
      },
    )
  return (
    <FormDialog
      title={say('setTitle')}
      action={say('setDo')}
      look="broad"
      busy={set.isPending}
      error={set.error}
      submit={submit}
      onClose={onClose}
    >
      <p className="soft">{say('setWhy')}</p>
      <div className="form">
        <TextField label={say('model')} name="model" autoComplete="off" required wide />
        <TextField label={say('input')} name="input" {...amount} />
        <TextField label={say('cached')} name="cached_input" {...amount} />
        <TextField label={say('output')} name="output" {...amount} />
        <TextField label={say('perCall')} name="per_call" {...amount} />
        <ChoiceField label={say('currency')} name="currency" defaultValue="USD">
          <option>USD</option>
          <option>CNY</option>
        </ChoiceField>
        <TextField label={say('day')} help={say('dayHelp')} name="from" type="date" />
        <TextField label={say('account')} help={say('everybodyHelp')} name="account" autoComplete="off" />
        <TextField label={say('plan')} help={say('everybodyHelp')} name="plan" autoComplete="off" />
        <TextField label={say('note')} help={say('noteHelp')} name="note" maxLength={500} autoComplete="off" wide />
      </div>
    </FormDialog>
  )
}
