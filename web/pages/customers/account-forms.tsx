/** What is done to an account: made, given credit, put on a plan, suspended. */

import type { FormEvent } from 'react'
import { useChange } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Confirm, Dialog } from '#parts/dialog.tsx'
import { ChoiceField, TextField, textsOf } from '#parts/field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Account, Plan } from './customer.ts'
import { texts } from './texts.ts'

type Props = { readonly account: Account; readonly onClose: () => void }
type Submit = FormEvent<HTMLFormElement>

const PlanField = ({ plans, value }: { readonly plans: readonly Plan[]; readonly value?: string | null }) => {
  const say = useWords(texts)
  return (
    <ChoiceField label={say('plan')} name="plan" defaultValue={value ?? ''}>
      <option value="">{say('none')}</option>
      {plans.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </ChoiceField>
  )
}

export const CreateAccount = ({
  plans,
  onClose,
}: {
  readonly plans: readonly Plan[]
  readonly onClose: () => void
}) => {
  const say = useWords(texts)
  const create = useChange('accounts create', ['accounts list'])
  const submit = (event: Submit): void => {
    event.preventDefault()
    const { name = '', billing, plan } = textsOf(event.currentTarget)
    create.mutate({ name, billing: billing as 'prepaid', plan }, { onSuccess: onClose })
  }
  return (
    <Dialog title={say('createTitle')} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <div className="form">
          <TextField label={say('name')} help={say('nameHelp')} name="name" required autoComplete="off" wide />
          <ChoiceField label={say('billing')} name="billing">
            <option value="prepaid">{say('prepaidLong')}</option>
            <option value="postpaid">{say('postpaidLong')}</option>
            <option value="unlimited">{say('unlimitedLong')}</option>
          </ChoiceField>
          <PlanField plans={plans} />
        </div>
        {create.error === null ? null : <ProblemNote error={create.error} />}
        <div className="actions">
          <Button type="submit" kind="first" busy={create.isPending}>
            {say('create')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export const GrantCredit = ({ account, onClose }: Props) => {
  const say = useWords(texts)
  const format = useFormat()
  const toast = useToast()
  const grant = useChange('credits grant', ['billing show'])
  const submit = (event: Submit): void => {
    event.preventDefault()
    const { usd = '', kind, expires, reason } = textsOf(event.currentTarget)
    grant.mutate(
      { account: account.id, usd, kind: kind as 'paid', expires, reason },
      {
        onSuccess: (after) => {
          toast(say('granted', { name: account.name, amount: format.money(after.balance_nano_usd) }))
          onClose()
        },
      },
    )
  }
  return (
    <Dialog title={say('grantTitle', { name: account.name })} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <div className="form">
          <TextField label={say('amount')} name="usd" inputMode="decimal" pattern="[0-9]+(\.[0-9]+)?" required />
          <ChoiceField label={say('kind')} name="kind">
            <option value="paid">{say('paid')}</option>
            <option value="promo">{say('promo')}</option>
          </ChoiceField>
          <ChoiceField label={say('expires')} name="expires">
            <option value="">{say('never')}</option>
            {[30, 90, 365].map((count) => (
              <option value={`${count}d`} key={count}>
                {say('days', { count })}
              </option>
            ))}
          </ChoiceField>
          <TextField label={say('reason')} help={say('reasonHelp')} name="reason" maxLength={500} wide />
        </div>
        {grant.error === null ? null : <ProblemNote error={grant.error} />}
        <div className="actions">
          <Button type="submit" kind="first" busy={grant.isPending}>
            {say('grantDo')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export const ChangePlan = ({ account, plans, onClose }: Props & { readonly plans: readonly Plan[] }) => {
  const say = useWords(texts)
  const toast = useToast()
  const set = useChange('accounts set', ['accounts list'])
  const submit = (event: Submit): void => {
    event.preventDefault()
    const { plan } = textsOf(event.currentTarget)
    set.mutate(
      { account: account.id, plan: plan ?? 'none' },
      {
        onSuccess: () => {
          toast(say('saved', { name: account.name }))
          onClose()
        },
      },
    )
  }
  return (
    <Dialog title={say('setTitle', { name: account.name })} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <PlanField plans={plans} value={account.plan} />
        {set.error === null ? null : <ProblemNote error={set.error} />}
        <div className="actions">
          <Button type="submit" kind="first" busy={set.isPending}>
            {say('set')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export const SuspendAccount = ({ account, onClose }: Props) => {
  const say = useWords(texts)
  const toast = useToast()
  const suspend = useChange('accounts suspend', ['accounts list'])
  const confirm = (): void =>
    suspend.mutate(
      { account: account.id },
      {
        onSuccess: () => {
          toast(say('suspended', { name: account.name }))
          onClose()
        },
      },
    )
  return (
    <Confirm
      title={say('suspendTitle', { name: account.name })}
      action={say('suspendDo')}
      typed={account.name}
      busy={suspend.isPending}
      error={suspend.error}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>{say('suspendWhy')}</p>
    </Confirm>
  )
}
