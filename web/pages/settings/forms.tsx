/** What changes an organisation: its name, its plan, another one beside it, its end. */

import { useQueryClient } from '@tanstack/react-query'
import { useChange } from '#actions/queries.ts'
import { changeSession, sessionOf } from '#actions/session.ts'
import { Confirm } from '#parts/dialog.tsx'
import { TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import type { Fact } from '#parts/layout.tsx'
import { Facts } from '#parts/layout.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Account, Plan } from './organisation.ts'
import { texts } from './texts.ts'

type Closing = { readonly onClose: () => void }
type OfAccount = Closing & { readonly account: Account }

export const RenameOrganisation = ({ account, onClose }: OfAccount) => {
  const say = useWords(texts)
  const client = useQueryClient()
  const rename = useChange('organisations rename', ['accounts list'])
  return (
    <FormDialog
      title={say('renameTitle')}
      action={say('save')}
      busy={rename.isPending}
      error={rename.error}
      onClose={onClose}
      submit={({ name = '' }) =>
        rename.mutate(
          { organisation: account.organisation, name },
          {
            onSuccess: () => {
              void client.invalidateQueries({ queryKey: ['session'] })
              onClose()
            },
          },
        )
      }
    >
      <TextField
        label={say('name')}
        help={say('renameHelp')}
        name="name"
        maxLength={100}
        autoComplete="organization"
        required
      />
    </FormDialog>
  )
}

export const MakeOrganisation = ({ onClose }: Closing) => {
  const say = useWords(texts)
  const client = useQueryClient()
  const make = useChange('organisations create')
  return (
    <FormDialog
      title={say('anotherTitle')}
      action={say('anotherDo')}
      busy={make.isPending}
      error={make.error}
      onClose={onClose}
      submit={({ name = '' }) =>
        make.mutate(
          { name },
          {
            onSuccess: (session) => {
              onClose()
              changeSession(client, sessionOf(session))
            },
          },
        )
      }
    >
      <p>{say('anotherWhy')}</p>
      <TextField label={say('name')} name="name" maxLength={100} autoComplete="organization" required />
    </FormDialog>
  )
}

type PlanProps = OfAccount & { readonly plan: Plan; readonly before: Plan | null }

/** What changes stands there before it does: from -> to, line by line. */
export const ChoosePlan = ({ account, plan, before, onClose }: PlanProps) => {
  const say = useWords(texts)
  const format = useFormat()
  const toast = useToast()
  const choose = useChange('accounts choose-plan', ['accounts list', 'credentials list'])
  const limit = (value: number | null | undefined): string => (value == null ? say('unbound') : format.number(value))
  const facts = (['rpm', 'tpm', 'concurrency'] as const).map(
    (name): Fact => [say(name), `${limit(before?.[name])} → ${limit(plan[name])}`],
  )
  return (
    <Confirm
      title={say('chooseTitle', { name: plan.name })}
      action={say('chooseDo')}
      look="first"
      busy={choose.isPending}
      error={choose.error}
      onClose={onClose}
      onConfirm={() =>
        choose.mutate(
          { account: account.id, plan: plan.name },
          {
            onSuccess: () => {
              toast(say('chosen', { name: plan.name }))
              onClose()
            },
          },
        )
      }
    >
      <p>{say('chooseWhy', { before: account.plan ?? say('none'), after: plan.name })}</p>
      <Facts facts={facts} />
      {before !== null && !before.open ? <p>{say('chooseNoWay')}</p> : null}
    </Confirm>
  )
}

export const CloseAccount = ({ account, onClose }: OfAccount) => {
  const say = useWords(texts)
  const format = useFormat()
  const toast = useToast()
  const close = useChange('accounts close', ['accounts list', 'billing show', 'overview show'])
  return (
    <Confirm
      title={say('closeTitle', { name: account.name })}
      action={say('closeNow')}
      typed={account.name}
      busy={close.isPending}
      error={close.error}
      onClose={onClose}
      onConfirm={() =>
        close.mutate(
          { account: account.id },
          {
            onSuccess: ({ refundable_usd: usd }) => {
              toast(say('closed', { amount: format.amount(usd, 'USD') }))
              onClose()
            },
          },
        )
      }
    >
      <p>{say('closeLead')}</p>
      <p>{say('closeWhy')}</p>
    </Confirm>
  )
}
