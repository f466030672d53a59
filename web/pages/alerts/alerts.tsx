/** Budgets, and what happened: of everything for the operator, of the own budgets for everybody else. Two calls. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { AccountChoice, useAccount } from '#parts/account-choice.tsx'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Tone } from '#parts/layout.tsx'
import { Badge, Card, Meter, PageHead } from '#parts/layout.tsx'
import { Named } from '#parts/named.tsx'
import { Pager } from '#parts/pager.tsx'
import { eventNames } from '#parts/said/event-names.ts'
import { useSaid } from '#parts/said/use-said.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Budget } from './forms.tsx'
import { budgetName, RemoveBudget, SetBudget } from './forms.tsx'
import { texts } from './texts.ts'

type Event = Output<'events list'>['data'][number]
type Crossing = Output<'budgets events'>['data'][number]
type Over = { readonly what: 'set' } | { readonly what: 'remove'; readonly budget: Budget }

const pageRows = 50
const followEveryMs = 15_000
const tones: Readonly<Record<Event['severity'], Tone>> = { info: 'info', warning: 'warn', critical: 'bad' }

/** Of two amounts in nano-USD, for a bar: the last digits do not matter there. */
const shareOf = (part: string, whole: string): number => {
  const limit = BigInt(whole)
  return limit === 0n ? 1 : Number((BigInt(part) * 10_000n) / limit) / 10_000
}

const toneOf = (share: number): 'warn' | 'bad' | undefined => (share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : undefined)

const Budgets = ({ rows, open }: { readonly rows: readonly Budget[]; readonly open: (over: Over) => void }) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const columns: readonly Column<Budget>[] = [
    {
      id: 'for',
      title: say('for'),
      cell: (budget) => (budget.for === 'organisation' ? say('organisation') : budgetName(budget)),
      sort: budgetName,
    },
    {
      id: 'model',
      title: say('model'),
      from: 'broad',
      cell: ({ model }) => model ?? <span className="soft">{say('every')}</span>,
    },
    { id: 'period', title: say('period'), from: 'middle', cell: ({ period }) => say(period) },
    {
      id: 'share',
      title: '',
      from: 'middle',
      cell: ({ spent_nano_usd: spent, limit_nano_usd: limit }) => {
        const share = shareOf(spent, limit)
        return (
          <span className="bar-cell">
            <Meter share={share} tone={toneOf(share)} />
          </span>
        )
      },
    },
    {
      id: 'spent',
      title: say('spent'),
      align: 'number',
      cell: ({ spent_nano_usd: spent }) => format.money(spent),
      sort: ({ spent_nano_usd: spent }) => BigInt(spent),
    },
    {
      id: 'limit',
      title: say('limit'),
      align: 'number',
      cell: ({ limit_nano_usd: limit }) => format.money(limit),
      sort: ({ limit_nano_usd: limit }) => BigInt(limit),
    },
    {
      id: 'resets',
      title: say('resets'),
      from: 'broad',
      cell: ({ resets }) => (resets === null ? <span className="soft">{say('never')}</span> : format.day(resets)),
    },
    {
      id: 'more',
      title: '',
      align: 'number',
      cell: (budget) =>
        may.changesMoney ? (
          <Button
            small
            aria-label={say('removeOf', { name: budgetName(budget) })}
            onClick={() => open({ what: 'remove', budget })}
          >
            {say('remove')}
          </Button>
        ) : null,
    },
  ]
  return <DataTable name={say('budgets')} columns={columns} rows={rows} keyOf={({ id }) => id} />
}

/** Of the whole server. */
const Events = () => {
  const say = useWords(texts)
  const word = useWord()
  const tell = useSaid()
  const format = useFormat()
  const [filters] = useFilters()
  const query = useRead(
    'events list',
    { limit: pageRows, after: filters['after'] },
    { keepsOld: true, everyMs: followEveryMs },
  )
  const names = query.data?.names ?? {}
  const columns: readonly Column<Event>[] = [
    { id: 'time', title: say('time'), cell: ({ time }) => format.time(time) },
    {
      id: 'severity',
      title: say('severity'),
      cell: ({ severity }) => <Badge tone={tones[severity]}>{say(severity)}</Badge>,
    },
    {
      id: 'event',
      title: say('event'),
      from: 'middle',
      cell: ({ name }) => <span title={name}>{word(eventNames[name])}</span>,
    },
    {
      id: 'about',
      title: say('about'),
      from: 'broad',
      cell: ({ account, object }) => <Named id={account ?? object} names={names} />,
    },
    { id: 'message', title: say('message'), wrap: true, cell: ({ message, said }) => tell(said, message, names) },
  ]
  return (
    <Loaded query={query}>
      {({ data, next }) => (
        <>
          {data.length === 0 ? (
            <Empty title={say('quiet')} command="drover events">
              {say('quietAll')}
            </Empty>
          ) : (
            <DataTable name={say('happened')} columns={columns} rows={data} keyOf={({ id }) => id} />
          )}
          <Pager at="after" next={next} />
        </>
      )}
    </Loaded>
  )
}

/** Of the own budgets. */
const Crossings = ({ account }: { readonly account: string }) => {
  const say = useWords(texts)
  const tell = useSaid()
  const format = useFormat()
  const query = useRead('budgets events', { account, limit: pageRows }, { everyMs: followEveryMs })
  const columns: readonly Column<Crossing>[] = [
    { id: 'time', title: say('time'), cell: ({ time }) => format.time(time) },
    {
      id: 'message',
      title: say('message'),
      wrap: true,
      cell: ({ said }) => tell(said, said.text, query.data?.names),
    },
  ]
  return (
    <Loaded query={query}>
      {({ data }) =>
        data.length === 0 ? (
          <Empty title={say('quiet')} command={`drover budgets events --account ${account}`}>
            {say('quietWhy')}
          </Empty>
        ) : (
          <DataTable name={say('happened')} columns={columns} rows={data} keyOf={({ id }) => id} />
        )
      }
    </Loaded>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const account = useAccount()
  const session = useSession()
  const may = rights(session)
  const [over, setOver] = useState<Over | null>(null)
  const query = useRead('budgets list', { account, limit: 1000 })
  const close = (): void => setOver(null)
  const create = (
    <Button kind="first" icon="plus" onClick={() => setOver({ what: 'set' })}>
      {say('create')}
    </Button>
  )
  return (
    <>
      <PageHead
        title={say('title')}
        actions={
          <>
            <AccountChoice />
            {may.changesMoney ? create : null}
          </>
        }
      >
        {say('lead')}
      </PageHead>
      <Card title={say('budgets')}>
        <Loaded query={query} lines={3}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty
                title={say('noBudgets')}
                command={`drover budgets set --account ${account} --usd 100.00 --period month`}
              >
                {say('noBudgetsWhy')}
              </Empty>
            ) : (
              <Budgets rows={data} open={setOver} />
            )
          }
        </Loaded>
      </Card>
      <Card title={say(may.operates ? 'happenedAll' : 'happened')}>
        {may.operates ? <Events /> : <Crossings account={account} />}
      </Card>
      {over?.what === 'set' ? <SetBudget account={account} onClose={close} /> : null}
      {over?.what === 'remove' ? <RemoveBudget budget={over.budget} onClose={close} /> : null}
    </>
  )
}
