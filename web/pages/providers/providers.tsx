/** Providers with a test for each, and the routes with shares, breakers and latencies. Two calls, asked again while one looks. */

import { Link } from '@tanstack/react-router'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Card, PageHead } from '#parts/layout.tsx'
import { useRefusal } from '#parts/said/use-refusal.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import { Routes } from './routes.tsx'
import { texts } from './texts.ts'

type Provider = Output<'providers list'>['data'][number]

const everyMs = 5_000

const places = { file: 'inFile', environment: 'inEnvironment', store: 'inStore', 'built-in': 'builtIn' } as const

const Test = ({ name }: { readonly name: string }) => {
  const say = useWords(texts)
  const format = useFormat()
  const toast = useToast()
  const refusal = useRefusal()
  const test = useChange('providers test', ['providers list'])
  const run = (): void =>
    test.mutate(
      { name },
      {
        onSuccess: ({ ok, why, duration_ms: durationMs }) =>
          toast(ok ? say('good', { name, time: format.duration(durationMs) }) : say('bad', { name, why: why ?? '' })),
        onError: (error) => void refusal(error).then(toast),
      },
    )
  return (
    <Button small icon="refresh" busy={test.isPending} aria-label={say('testOf', { name })} onClick={run}>
      {say('test')}
    </Button>
  )
}

/** Of a provider that was applied: since when, and which of several. */
const keptForm = /^kept since (\S+)(.*)$/

const Keys = ({ keys }: { readonly keys: Provider['keys'] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const nameOf = (name: string): string => {
    const [, at, place = ''] = keptForm.exec(name) ?? []
    return at === undefined ? name : `${say('kept', { at: format.moment(at) })}${place}`
  }
  return (
    <ul>
      {keys.map(({ name, state, again_ms: againMs }) => (
        <li key={name}>
          <span className={keptForm.test(name) ? undefined : 'mono'}>{nameOf(name)}</span>{' '}
          <span className="soft">
            {say(state)}
            {againMs === null ? '' : `, ${say('again', { time: format.duration(againMs) })}`}
          </span>
        </li>
      ))}
    </ul>
  )
}

const useColumns = (): readonly Column<Provider>[] => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  return [
    {
      id: 'name',
      title: say('name'),
      cell: ({ name }) => (
        <Link to="/requests" search={{ provider: name } as never} title={say('calls')}>
          {name}
        </Link>
      ),
      sort: ({ name }) => name,
    },
    { id: 'vendor', title: say('vendor'), from: 'middle', cell: ({ vendor }) => vendor, sort: ({ vendor }) => vendor },
    {
      id: 'state',
      title: say('state'),
      cell: ({ state }) => <Badge tone={state === 'up' ? 'good' : 'bad'}>{say(state)}</Badge>,
      sort: ({ state }) => state,
    },
    { id: 'origin', title: say('origin'), from: 'broad', cell: ({ origin }) => say(places[origin]) },
    { id: 'region', title: say('region'), from: 'broad', cell: ({ region }) => region ?? '–' },
    { id: 'data', title: say('data'), from: 'broad', cell: (row) => row.data_policy ?? '–' },
    { id: 'keys', title: say('keys'), from: 'middle', cell: ({ keys }) => <Keys keys={keys} /> },
    {
      id: 'spent',
      title: say('spent'),
      align: 'number',
      cell: ({ cost_nano_usd: cost }) => (
        <Link to="/usage" search={{ by: 'provider', days: '30' } as never} title={say('spentWhy')}>
          {format.money(cost)}
        </Link>
      ),
      sort: ({ cost_nano_usd: cost }) => BigInt(cost),
    },
    { id: 'test', title: '', align: 'number', cell: ({ name }) => (may.changesAll ? <Test name={name} /> : null) },
  ]
}

export const Page = () => {
  const say = useWords(texts)
  const columns = useColumns()
  const providers = useRead('providers list', {}, { everyMs })
  const routes = useRead('routes list', {}, { everyMs })
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <section className="card">
        <Loaded query={providers}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title={say('empty')} command={'export MOONSHOT_API_KEY=…\ndrover init'}>
                {say('emptyWhy')}
              </Empty>
            ) : (
              <DataTable name={say('title')} columns={columns} rows={data} keyOf={({ name }) => name} />
            )
          }
        </Loaded>
      </section>
      <Card
        title={say('routes')}
        beside={
          routes.data === undefined ? null : (
            <span className="soft tabular">
              {say('retries', { retries: routes.data.retries.retries, allowed: routes.data.retries.allowed })}
            </span>
          )
        }
      >
        <Loaded query={routes}>{({ data }) => <Routes routes={data} />}</Loaded>
      </Card>
    </>
  )
}
