/** Plans: what the keys of an account may do together. */

import { useChange } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { CheckField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Empty } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Plan } from './customer.ts'
import { texts } from './texts.ts'

type PlansProps = { readonly plans: readonly Plan[]; readonly edit: ((plan: Plan) => void) | null }

export const Plans = ({ plans, edit }: PlansProps) => {
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
    { id: 'open', title: say('open'), from: 'broad', cell: ({ open }) => say(open ? 'yes' : 'no') },
    { id: 'origin', title: say('origin'), from: 'broad', cell: ({ origin }) => say(origin) },
    {
      id: 'edit',
      title: '',
      align: 'number',
      cell: (plan) =>
        edit === null || plan.origin === 'file' ? null : (
          <Button small aria-label={say('editTitle', { name: plan.name })} onClick={() => edit(plan)}>
            {say('edit')}
          </Button>
        ),
    },
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

type Given = Readonly<Record<string, string>>

/** What the form says; what was left empty is not said. */
const planOf = (given: Given) => ({
  rpm: numberOf(given['rpm']),
  tpm: numberOf(given['tpm']),
  concurrency: numberOf(given['concurrency']),
  signup_credit: given['credit'],
  upgrade_at_paid_usd: given['upgrade'],
  own_credentials_fee: given['fee'],
  open: given['open'] === 'on',
})

const textOf = (value: string | number | null | undefined): string => (value == null ? '' : String(value))

const PlanFields = ({ plan }: { readonly plan: Plan | null }) => {
  const say = useWords(texts)
  const whole = { inputMode: 'numeric', pattern: '[0-9]*', placeholder: '–', autoComplete: 'off' } as const
  const amount = { inputMode: 'decimal', placeholder: '–', autoComplete: 'off' } as const
  return (
    <div className="form">
      <TextField label={say('rpm')} name="rpm" defaultValue={textOf(plan?.rpm)} {...whole} />
      <TextField label={say('tpm')} name="tpm" defaultValue={textOf(plan?.tpm)} {...whole} />
      <TextField label={say('concurrency')} name="concurrency" defaultValue={textOf(plan?.concurrency)} {...whole} />
      <TextField label={say('credit')} name="credit" defaultValue={textOf(plan?.signup_credit_usd)} {...amount} />
      <TextField label={say('upgrade')} name="upgrade" defaultValue={textOf(plan?.upgrade_at_paid_usd)} {...amount} />
      <TextField
        label={say('fee')}
        help={say('feeHelp')}
        name="fee"
        defaultValue={textOf(plan?.own_credentials_fee)}
        {...amount}
      />
      <CheckField label={say('open')} help={say('openHelp')} name="open" defaultChecked={plan?.open ?? false} />
    </div>
  )
}

export const CreatePlan = ({ onClose }: { readonly onClose: () => void }) => {
  const say = useWords(texts)
  const create = useChange('plans create', ['plans list'])
  return (
    <FormDialog
      title={say('planTitle')}
      action={say('addPlan')}
      busy={create.isPending}
      error={create.error}
      submit={(given) => create.mutate({ name: given['name'] ?? '', ...planOf(given) }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <TextField label={say('name')} name="name" required autoComplete="off" />
      <PlanFields plan={null} />
    </FormDialog>
  )
}

export const EditPlan = ({ plan, onClose }: { readonly plan: Plan; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const set = useChange('plans set', ['plans list'])
  return (
    <FormDialog
      title={say('editTitle', { name: plan.name })}
      action={say('set')}
      busy={set.isPending}
      error={set.error}
      submit={(given) => set.mutate({ name: plan.name, ...planOf(given) }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p className="soft">{say('editWhy')}</p>
      <PlanFields plan={plan} />
    </FormDialog>
  )
}
