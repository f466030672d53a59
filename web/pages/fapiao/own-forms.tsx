/** A title is added to the book; a fapiao is asked for. */

import { useState } from 'react'
import { useChange } from '#actions/queries.ts'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Book } from './book.ts'
import { texts } from './texts.ts'

const stale = ['fapiao show', 'fapiao list'] as const
const lineMax = 200

export const AddTitle = ({ account, onClose }: { readonly account: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const toast = useToast()
  const [form, setForm] = useState<'company' | 'person'>('company')
  const add = useChange('fapiao add-title', stale)
  const submit = ({ name = '', ...rest }: Readonly<Record<string, string>>): void =>
    add.mutate(
      { ...rest, account, form, name },
      {
        onSuccess: () => {
          toast(say('added'))
          onClose()
        },
      },
    )
  const line = (name: string, label: string) => (
    <TextField label={label} name={name} maxLength={lineMax} autoComplete="off" />
  )
  return (
    <FormDialog
      title={say('addTitle')}
      action={say('add')}
      look="broad"
      busy={add.isPending}
      error={add.error}
      submit={submit}
      onClose={onClose}
    >
      <div className="form">
        <ChoiceField
          label={say('whose')}
          value={form}
          onChange={(event) => setForm(event.target.value === 'person' ? 'person' : 'company')}
        >
          <option value="company">{say('company')}</option>
          <option value="person">{say('person')}</option>
        </ChoiceField>
        <TextField label={say('name')} name="name" maxLength={lineMax} autoComplete="off" required />
        {form === 'company' ? (
          <TextField
            label={say('taxId')}
            help={say('taxIdHelp')}
            name="tax_id"
            pattern="[0-9A-Z]{15}|[0-9A-Z]{17,18}|[0-9A-Z]{20}"
            autoComplete="off"
            spellCheck={false}
            required
          />
        ) : null}
        <TextField label={say('mail')} name="mail" type="email" maxLength={254} autoComplete="off" />
      </div>
      {form === 'company' ? (
        <>
          <h3>{say('forSpecial')}</h3>
          <div className="form">
            {line('address', say('address'))}
            {line('phone', say('phone'))}
            {line('bank', say('bank'))}
            {line('bank_account', say('bankAccount'))}
          </div>
        </>
      ) : null}
    </FormDialog>
  )
}

export const AskFapiao = ({ book, onClose }: { readonly book: Book; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const format = useFormat()
  const toast = useToast()
  const ask = useChange('fapiao request', stale)
  const submit = ({ title = '', kind, amount }: Readonly<Record<string, string>>): void =>
    ask.mutate(
      {
        account: book.account,
        title,
        kind: kind === 'special' ? 'special' : 'ordinary',
        ...(amount === undefined ? {} : { amount }),
      },
      {
        onSuccess: () => {
          toast(say('asked'))
          onClose()
        },
      },
    )
  return (
    <FormDialog
      title={say('ask')}
      action={say('askDo')}
      busy={ask.isPending}
      error={ask.error}
      submit={submit}
      onClose={onClose}
    >
      <p>
        {say('available')}: <strong className="tabular">{format.amount(book.balance.available, 'CNY')}</strong>
      </p>
      <ChoiceField label={say('buyer')} name="title">
        {book.titles.map(({ id, name }) => (
          <option value={id} key={id}>
            {name}
          </option>
        ))}
      </ChoiceField>
      <ChoiceField label={say('kind')} help={say('specialHelp')} name="kind">
        <option value="ordinary">{say('ordinary')}</option>
        <option value="special">{say('special')}</option>
      </ChoiceField>
      <TextField
        label={say('amount')}
        help={say('amountHelp')}
        name="amount"
        inputMode="decimal"
        pattern="\d{1,9}(\.\d{1,2})?"
        autoComplete="off"
      />
    </FormDialog>
  )
}
