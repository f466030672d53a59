/** The organisation that somebody acts for: its name, its plan, its end. Two calls. */

import { useState } from 'react'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Card, Facts, mono, PageHead } from '#parts/layout.tsx'
import { roles } from '#parts/roles.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { ChoosePlan, CloseAccount, MakeOrganisation, RenameOrganisation } from './forms.tsx'
import type { Account, Plan } from './organisation.ts'
import { texts } from './texts.ts'

type Over =
  | { readonly what: 'rename' | 'another' | 'close' }
  | { readonly what: 'plan'; readonly plan: Plan; readonly before: Plan | null }

const accountsMax = 1_000

type PlansProps = { readonly plans: readonly Plan[]; readonly account: Account; readonly open: (over: Over) => void }

const Plans = ({ plans, account, open }: PlansProps) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const before = plans.find(({ name }) => name === account.plan) ?? null
  const unbound = <span className="soft">{say('unbound')}</span>
  const columns: readonly Column<Plan>[] = [
    {
      id: 'name',
      title: say('name'),
      cell: ({ name }) => (
        <span className="row">
          <strong>{name}</strong>
          {name === account.plan ? <Badge tone="good">{say('yours')}</Badge> : null}
        </span>
      ),
    },
    {
      id: 'rpm',
      title: say('rpm'),
      align: 'number',
      cell: ({ rpm }) => (rpm === null ? unbound : format.number(rpm)),
    },
    {
      id: 'tpm',
      title: say('tpm'),
      align: 'number',
      from: 'middle',
      cell: ({ tpm }) => (tpm === null ? unbound : format.compact(tpm)),
    },
    {
      id: 'concurrency',
      title: say('concurrency'),
      align: 'number',
      from: 'middle',
      cell: ({ concurrency }) => (concurrency === null ? unbound : format.number(concurrency)),
    },
    {
      id: 'comesAt',
      title: say('comesAt'),
      align: 'number',
      from: 'broad',
      cell: ({ upgrade_at_paid_usd: usd }) => format.amount(usd, 'USD'),
    },
    {
      id: 'fee',
      title: say('fee'),
      align: 'number',
      from: 'broad',
      cell: ({ own_credentials_fee: fee }) => fee ?? '–',
    },
    {
      id: 'choose',
      title: '',
      align: 'number',
      cell: (plan) => {
        if (plan.name === account.plan || !may.changesMoney) return null
        if (!plan.open) return <span className="soft">{say('byOperator')}</span>
        return (
          <Button
            small
            aria-label={say('chooseOf', { name: plan.name })}
            onClick={() => open({ what: 'plan', plan, before })}
          >
            {say('choose')}
          </Button>
        )
      },
    },
  ]
  return <DataTable name={say('plan')} columns={columns} rows={plans} keyOf={({ name }) => name} />
}

const OverPage = ({
  over,
  account,
  onClose,
}: {
  readonly over: Over | null
  readonly account: Account
  readonly onClose: () => void
}) => {
  if (over === null) return null
  if (over.what === 'plan')
    return <ChoosePlan account={account} plan={over.plan} before={over.before} onClose={onClose} />
  if (over.what === 'rename') return <RenameOrganisation account={account} onClose={onClose} />
  if (over.what === 'another') return <MakeOrganisation onClose={onClose} />
  return <CloseAccount account={account} onClose={onClose} />
}

const Inside = ({ account, plans }: { readonly account: Account; readonly plans: readonly Plan[] | null }) => {
  const say = useWords(texts)
  const session = useSession()
  const may = rights(session)
  const sayRole = useWords(roles)
  const [over, setOver] = useState<Over | null>(null)
  const name = session.organisations.find(({ id }) => id === session.organisation)?.name ?? account.name
  const offered = plans?.filter((plan) => plan.open || plan.name === account.plan || plan.upgrade_at_paid_usd !== null)
  return (
    <>
      <Card
        title={say('organisation')}
        beside={
          <div className="row">
            {session.person === null ? null : (
              <Button small icon="plus" onClick={() => setOver({ what: 'another' })}>
                {say('another')}
              </Button>
            )}
            {may.changesMembers ? (
              <Button small onClick={() => setOver({ what: 'rename' })}>
                {say('rename')}
              </Button>
            ) : null}
          </div>
        }
      >
        <div className="inside">
          <Facts
            facts={[
              [say('name'), <strong key="name">{name}</strong>],
              [say('id'), mono(account.organisation)],
              [say('account'), mono(account.name === name ? account.id : `${account.name} · ${account.id}`)],
              [say('billing'), say(account.billing)],
              [say('role'), sayRole(session.role)],
            ]}
          />
        </div>
      </Card>
      <Card title={say('plan')}>
        {offered === undefined ? null : offered.length === 0 ? (
          <Empty
            title={say('noPlans')}
            command={may.operates ? 'drover plans create --name pro --rpm 5000 --open' : null}
          >
            {say('noPlansWhy')}
          </Empty>
        ) : (
          <Plans plans={offered} account={account} open={setOver} />
        )}
        <p className="table-foot">{say('planWhy')}</p>
      </Card>
      {may.operates ? null : (
        <section className="card">
          <div className="inside row spread">
            <div className="grow">
              <h2>{say('close')}</h2>
              <p className="soft">{say('closeLead')}</p>
            </div>
            {may.closesAccount ? (
              <Button kind="danger" onClick={() => setOver({ what: 'close' })}>
                {say('closeDo')}
              </Button>
            ) : (
              <span className="soft">{say('closeOwner')}</span>
            )}
          </div>
        </section>
      )}
      <OverPage over={over} account={account} onClose={() => setOver(null)} />
    </>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const session = useSession()
  const accounts = useRead('accounts list', { limit: accountsMax })
  const plans = useRead('plans list', {})
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <Loaded query={accounts}>
        {({ data }) => {
          const account = data.find(({ id }) => id === session.account)
          return account === undefined ? null : <Inside account={account} plans={plans.data?.data ?? null} />
        }}
      </Loaded>
    </>
  )
}
