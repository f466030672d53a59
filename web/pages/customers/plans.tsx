/** Plans: what the keys of an account may do together. */

import type { FormEvent } from 'react'
import { useChange } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { TextField, textsOf } from '#parts/field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Empty, ProblemNote } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Plan } from './customers.tsx'
import { texts } from './texts.ts'

export const Plans = ({ plans }: { readonly plans: readonly Plan[] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const columns: readonly Column<Plan>[] = [
    { id: 'name', title: say('name'), cell: ({ name }) => <strong>{name}</strong>, sort: ({ name }) => name },
    { id: 'rpm', title: say('rpm'), align: 'number', cell: ({ rpm }) => format.number(rpm), sort: ({ rpm }) => rpm },
    { id: 'tpm', title: say('tpm'), align: 'number', cell: ({ tpm }) => format.compact(tpm), sort: ({ tpm }) => tpm },
    {
      id: 'concurrency',
      title: say('concurrency'),
      align: 'number',
      from: 'middle',
      cell: ({ concurrency }) => format.number(concurrency),
    },
    {
      id: 'credit',
      title: say('credit'),
      align: 'number',
      from: 'middle',
      cell: (plan) => format.amount(plan.signup_credit_usd, 'USD'),
    },
    {
      id: 'upgrade',
      title: say('upgrade'),
      align: 'number',
      from: 'broad',
      cell: (plan) => format.amount(plan.upgrade_at_paid_usd, 'USD'),
    },
    { id: 'origin', title: say('origin'), from: 'broad', cell: ({ origin }) => say(origin) },
  ]
  if (plans.length === 0)
    return (
      <Empty title={say('noPlans')} command="drover plans create --name pro --rpm 5000 --tpm 4000000">
        {say('noPlansWhy')}
      </Empty>
    )
  return <DataTable name={say('plans')} columns={columns} rows={plans} keyOf={({ name }) => name} />
}

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))

export const CreatePlan = ({ onClose }: { readonly onClose: () => void }) => {
  const say = useWords(texts)
  const create = useChange('plans create', ['plans list'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const given = textsOf(event.currentTarget)
    const limits = {
      rpm: numberOf(given['rpm']),
      tpm: numberOf(given['tpm']),
      concurrency: numberOf(given['concurrency']),
    }
    create.mutate({ name: given['name'] ?? '', ...limits, signup_credit: given['credit'] }, { onSuccess: onClose })
  }
  const whole = { inputMode: 'numeric', pattern: '[0-9]*', placeholder: '–' } as const
  return (
    <Dialog title={say('planTitle')} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <div className="form">
          <TextField label={say('name')} name="name" required autoComplete="off" />
          <TextField label={say('rpm')} name="rpm" {...whole} />
          <TextField label={say('tpm')} name="tpm" {...whole} />
          <TextField label={say('concurrency')} name="concurrency" {...whole} />
          <TextField label={say('credit')} name="credit" inputMode="decimal" placeholder="–" />
        </div>
        {create.error === null ? null : <ProblemNote error={create.error} />}
        <div className="actions">
          <Button type="submit" kind="first" busy={create.isPending}>
            {say('addPlan')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
