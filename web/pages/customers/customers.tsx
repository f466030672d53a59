/** Accounts and plans, for whoever runs the server. Two calls. */

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Card, PageHead } from '#parts/layout.tsx'
import { Menu } from '#parts/menu.tsx'
import { useRefusal } from '#parts/said/use-refusal.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import { ChangePlan, CreateAccount, GrantCredit, SuspendAccount } from './account-forms.tsx'
import type { Account, Plan } from './customer.ts'
import { CreatePlan, EditPlan, Plans } from './plans.tsx'
import { texts } from './texts.ts'

type Over =
  | { readonly what: 'create' | 'plan' }
  | { readonly what: 'edit'; readonly plan: Plan }
  | { readonly what: 'grant' | 'set' | 'suspend'; readonly account: Account }

const AccountMenu = ({ account, open }: { readonly account: Account; readonly open: (over: Over) => void }) => {
  const say = useWords(texts)
  const toast = useToast()
  const refusal = useRefusal()
  const resume = useChange('accounts resume', ['accounts list'])
  const begin = (): void =>
    resume.mutate(
      { account: account.id },
      {
        onSuccess: () => toast(say('resumed', { name: account.name })),
        onError: (error) => void refusal(error).then(toast),
      },
    )
  return (
    <Menu
      entries={[
        { label: say('grant'), act: () => open({ what: 'grant', account }) },
        { label: say('setPlan'), act: () => open({ what: 'set', account }) },
        'line',
        account.state === 'suspended'
          ? { label: say('resume'), act: begin }
          : { label: say('suspend'), danger: true, act: () => open({ what: 'suspend', account }) },
      ]}
    >
      <Button small kind="plain" icon="more" aria-label={say('actions', { name: account.name })} />
    </Menu>
  )
}

const Accounts = ({
  accounts,
  open,
}: {
  readonly accounts: readonly Account[]
  readonly open: (over: Over) => void
}) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const columns: readonly Column<Account>[] = [
    {
      id: 'name',
      title: say('name'),
      cell: ({ id, name, state }) => (
        <>
          <Link to="/billing" search={{ account: id } as never} title={say('money')}>
            {name}
          </Link>{' '}
          {state === 'open' ? null : <Badge tone="warn">{say(state === 'closed' ? 'isClosed' : 'isSuspended')}</Badge>}
        </>
      ),
      sort: ({ name }) => name,
    },
    { id: 'billing', title: say('billing'), cell: ({ billing }) => say(billing), sort: ({ billing }) => billing },
    {
      id: 'plan',
      title: say('plan'),
      cell: ({ plan }) => plan ?? <span className="soft">{say('none')}</span>,
      sort: ({ plan }) => plan,
    },
    {
      id: 'created',
      title: say('created'),
      from: 'middle',
      cell: ({ created }) => format.day(created),
      sort: ({ created }) => created,
    },
    {
      id: 'usage',
      title: '',
      from: 'middle',
      cell: ({ id, name }) => (
        <Link to="/usage" search={{ account: id } as never} aria-label={`${say('usage')}: ${name}`}>
          {say('usage')}
        </Link>
      ),
    },
    {
      id: 'more',
      title: '',
      align: 'number',
      cell: (account) =>
        may.changesMoney && account.state !== 'closed' ? <AccountMenu account={account} open={open} /> : null,
    },
  ]
  return <DataTable name={say('accounts')} columns={columns} rows={accounts} keyOf={({ id }) => id} />
}

const OverPage = ({
  over,
  plans,
  close,
}: {
  readonly over: Over | null
  readonly plans: readonly Plan[]
  readonly close: () => void
}) => {
  if (over === null) return null
  if (over.what === 'edit') return <EditPlan plan={over.plan} onClose={close} />
  if (!('account' in over))
    return over.what === 'create' ? <CreateAccount plans={plans} onClose={close} /> : <CreatePlan onClose={close} />
  if (over.what === 'grant') return <GrantCredit account={over.account} onClose={close} />
  if (over.what === 'set') return <ChangePlan account={over.account} plans={plans} onClose={close} />
  return <SuspendAccount account={over.account} onClose={close} />
}

export const Page = () => {
  const say = useWords(texts)
  const may = rights(useSession())
  const [over, setOver] = useState<Over | null>(null)
  const accounts = useRead('accounts list', { limit: 1000 })
  const plans = useRead('plans list', {})
  const create = (
    <Button kind="first" icon="plus" onClick={() => setOver({ what: 'create' })}>
      {say('create')}
    </Button>
  )
  const addPlan = (
    <Button small icon="plus" onClick={() => setOver({ what: 'plan' })}>
      {say('addPlan')}
    </Button>
  )
  return (
    <>
      <PageHead title={say('title')} actions={may.changesMoney ? create : null}>
        {say('lead')}
      </PageHead>
      <Card title={say('accounts')}>
        <Loaded query={accounts}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title={say('noAccounts')} command="drover accounts create --name acme --billing prepaid" />
            ) : (
              <Accounts accounts={data} open={setOver} />
            )
          }
        </Loaded>
      </Card>
      <Card title={say('plans')} beside={may.changesAll ? addPlan : null}>
        <Loaded query={plans}>
          {({ data }) => (
            <Plans plans={data} edit={may.changesAll ? (plan) => setOver({ what: 'edit', plan }) : null} />
          )}
        </Loaded>
      </Card>
      <OverPage over={over} plans={plans.data?.data ?? []} close={() => setOver(null)} />
    </>
  )
}
