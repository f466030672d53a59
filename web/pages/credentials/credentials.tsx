/** Provider credentials that an account has brought. One call. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { AccountChoice, useAccount } from '#parts/account-choice.tsx'
import { Button } from '#parts/button.tsx'
import { Confirm } from '#parts/dialog.tsx'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { mono, PageHead } from '#parts/layout.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import { texts } from './texts.ts'

type Credentials = Output<'credentials list'>
type Credential = Credentials['data'][number]
type Closing = { readonly account: string; readonly onClose: () => void }

const AddCredential = ({ account, known, onClose }: Closing & { readonly known: Credentials }) => {
  const say = useWords(texts)
  const toast = useToast()
  const { operates } = rights(useSession())
  const add = useChange('credentials add', ['credentials list'])
  const submit = ({ provider = '', key = '', fee }: Readonly<Record<string, string>>): void =>
    add.mutate(
      { account, provider, key, ...(fee === undefined ? {} : { fee }) },
      {
        onSuccess: () => {
          toast(say('now', { provider }))
          onClose()
        },
      },
    )
  return (
    <FormDialog
      title={say('addTitle')}
      action={say('add')}
      busy={add.isPending}
      error={add.error}
      submit={submit}
      onClose={onClose}
    >
      <ChoiceField label={say('provider')} name="provider">
        {known.providers.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </ChoiceField>
      <TextField
        label={say('key')}
        help={say('keyHelp')}
        name="key"
        type="password"
        autoComplete="off"
        spellCheck={false}
        required
      />
      {operates ? (
        <TextField label={say('fee')} help={say('feeHelp')} name="fee" placeholder="0%" autoComplete="off" />
      ) : (
        <p className="soft">{say('feeOwn', { fee: known.own_fee ?? '' })}</p>
      )}
    </FormDialog>
  )
}

const RemoveCredential = ({ account, provider, onClose }: Closing & { readonly provider: string }) => {
  const say = useWords(texts)
  const remove = useChange('credentials remove', ['credentials list'])
  return (
    <Confirm
      title={say('removeTitle', { provider })}
      action={say('removeDo')}
      typed={provider}
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ account, provider }, { onSuccess: onClose })}
    >
      <p>{say('removeWhy')}</p>
    </Confirm>
  )
}

const List = ({
  rows,
  remove,
}: {
  readonly rows: readonly Credential[]
  readonly remove: (provider: string) => void
}) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const columns: readonly Column<Credential>[] = [
    { id: 'provider', title: say('provider'), cell: ({ provider }) => provider, sort: ({ provider }) => provider },
    { id: 'ending', title: say('ending'), cell: ({ ending }) => mono(ending === '' ? '–' : `…${ending}`) },
    { id: 'fee', title: say('fee'), align: 'number', cell: ({ fee }) => fee },
    {
      id: 'added',
      title: say('added'),
      from: 'middle',
      cell: ({ created }) => format.day(created),
      sort: ({ created }) => created,
    },
    {
      id: 'more',
      title: '',
      align: 'number',
      cell: ({ provider }) =>
        may.changesMembers ? (
          <Button small aria-label={say('removeOf', { provider })} onClick={() => remove(provider)}>
            {say('remove')}
          </Button>
        ) : null,
    },
  ]
  return <DataTable name={say('title')} columns={columns} rows={rows} keyOf={({ provider }) => provider} />
}

export const Page = () => {
  const say = useWords(texts)
  const account = useAccount()
  const may = rights(useSession())
  const [over, setOver] = useState<{ readonly remove: string } | 'add' | null>(null)
  const query = useRead('credentials list', { account })
  const close = (): void => setOver(null)
  const isOpen = may.operates || (query.data?.own_fee ?? null) !== null
  // It has its place before it is known whether it may be: nothing beside it moves.
  const add =
    may.changesMembers && (isOpen || query.data === undefined) ? (
      <Button kind="first" icon="plus" disabled={query.data === undefined} onClick={() => setOver('add')}>
        {say('add')}
      </Button>
    ) : null
  return (
    <>
      <PageHead
        title={say('title')}
        actions={
          <>
            <AccountChoice />
            {add}
          </>
        }
      >
        {say('lead')}
      </PageHead>
      <section className="card">
        <Loaded query={query} lines={3}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty
                title={say('empty')}
                command={
                  may.operates
                    ? `drover credentials add --account ${account} --provider openai --key-env OPENAI_KEY`
                    : null
                }
              >
                {isOpen ? say('emptyWhy') : say('closed')}
              </Empty>
            ) : (
              <List rows={data} remove={(provider) => setOver({ remove: provider })} />
            )
          }
        </Loaded>
      </section>
      {over === 'add' && query.data !== undefined ? (
        <AddCredential account={account} known={query.data} onClose={close} />
      ) : null}
      {over !== null && over !== 'add' ? (
        <RemoveCredential account={account} provider={over.remove} onClose={close} />
      ) : null}
    </>
  )
}
