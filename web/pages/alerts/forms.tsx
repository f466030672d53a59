/** A budget is set, or taken away. */

import { useState } from 'react'
import type { Input, Output } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { Confirm } from '#parts/dialog.tsx'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { texts } from './texts.ts'

export type Budget = Output<'budgets list'>['data'][number]
type Subject = Budget['for']
type Period = Budget['period']

const subjects = ['organisation', 'project', 'member', 'key'] as const satisfies readonly Subject[]
const periods = ['day', 'week', 'month', 'total'] as const satisfies readonly Period[]

/** Whose it is, in a word. */
export const budgetName = ({ name, subject }: Budget): string => name ?? subject

/** Percents out of a list; what is no number is left to the relay to refuse. */
const percentsOf = (text: string | undefined): Pick<Input<'budgets set'>, 'thresholds'> =>
  text === undefined
    ? {}
    : {
        thresholds: text
          .split(/[,，\s]+/)
          .filter(Boolean)
          .map(Number),
      }

export const SetBudget = ({ account, onClose }: { readonly account: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const [subject, setSubject] = useState<Subject>('organisation')
  const set = useChange('budgets set', ['budgets list'])
  const submit = ({ which, model, usd = '', period = 'month', thresholds }: Readonly<Record<string, string>>): void =>
    set.mutate(
      {
        account,
        usd,
        period: period as Period,
        ...(model === undefined ? {} : { model }),
        ...(subject === 'organisation' || which === undefined ? {} : { [subject]: which }),
        ...percentsOf(thresholds),
      },
      { onSuccess: onClose },
    )
  return (
    <FormDialog
      title={say('createTitle')}
      action={say('save')}
      busy={set.isPending}
      error={set.error}
      submit={submit}
      onClose={onClose}
    >
      <div className="form">
        <ChoiceField label={say('for')} value={subject} onChange={(event) => setSubject(event.target.value as Subject)}>
          {subjects.map((one) => (
            <option key={one} value={one}>
              {say(one)}
            </option>
          ))}
        </ChoiceField>
        {subject === 'organisation' ? null : (
          <TextField label={say('subject')} help={say('subjectHelp')} name="which" autoComplete="off" required />
        )}
        <TextField
          label={say('limit')}
          name="usd"
          inputMode="decimal"
          pattern="\d{1,9}(\.\d{1,9})?"
          placeholder="100.00"
          autoComplete="off"
          required
        />
        <ChoiceField label={say('period')} name="period" defaultValue="month">
          {periods.map((one) => (
            <option key={one} value={one}>
              {say(one)}
            </option>
          ))}
        </ChoiceField>
        <TextField label={say('model')} help={say('modelHelp')} name="model" autoComplete="off" />
        <TextField
          label={say('thresholds')}
          help={say('thresholdsHelp')}
          name="thresholds"
          defaultValue="50, 80, 100"
          autoComplete="off"
        />
      </div>
    </FormDialog>
  )
}

export const RemoveBudget = ({ budget, onClose }: { readonly budget: Budget; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const remove = useChange('budgets remove', ['budgets list'])
  return (
    <Confirm
      title={say('removeTitle')}
      action={say('removeDo')}
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ id: budget.id }, { onSuccess: onClose })}
    >
      <p>
        <strong>{budgetName(budget)}</strong> · {say(budget.period)}
      </p>
      <p>{say('removeWhy')}</p>
    </Confirm>
  )
}
