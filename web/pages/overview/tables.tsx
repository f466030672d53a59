/** The busiest models and the health of providers. */

import { Link } from '@tanstack/react-router'
import type { Output } from '#actions/contract.ts'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Card } from '#parts/layout.tsx'
import { Empty } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Overview = Output<'overview show'>
type Model = Overview['models'][number]
type Provider = Overview['providers'][number]

export const Models = ({ models }: { readonly models: readonly Model[] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const columns: readonly Column<Model>[] = [
    {
      id: 'model',
      title: say('model'),
      cell: ({ model }) => (
        <Link to="/requests" search={{ model: model ?? '' } as never}>
          {model ?? '–'}
        </Link>
      ),
      sort: ({ model }) => model,
    },
    {
      id: 'calls',
      title: say('callsOf'),
      align: 'number',
      cell: ({ calls }) => format.number(calls),
      sort: ({ calls }) => calls,
    },
    {
      id: 'errors',
      title: say('errorsOf'),
      align: 'number',
      from: 'middle',
      cell: ({ errors }) => format.number(errors),
      sort: ({ errors }) => errors,
    },
    {
      id: 'charge',
      title: say('spendOf'),
      align: 'number',
      cell: (row) => format.money(row.charge_nano_usd),
      sort: (row) => BigInt(row.charge_nano_usd),
    },
  ]
  return (
    <Card title={say('models')}>
      <DataTable name={say('models')} columns={columns} rows={models} keyOf={({ model }) => model ?? ''} />
    </Card>
  )
}

const StateBadge = ({ provider }: { readonly provider: Provider }) => {
  const say = useWords(texts)
  if (provider.state === 'down') return <Badge tone="bad">{say('down')}</Badge>
  if (provider.keys_usable < provider.keys) return <Badge tone="warn">{say('resting')}</Badge>
  return <Badge tone="good">{say('up')}</Badge>
}

export const Providers = ({ providers }: { readonly providers: readonly Provider[] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const columns: readonly Column<Provider>[] = [
    { id: 'name', title: say('provider'), cell: ({ name }) => name, sort: ({ name }) => name },
    { id: 'state', title: say('state'), cell: (row) => <StateBadge provider={row} />, sort: ({ state }) => state },
    {
      id: 'calls',
      title: say('attempts'),
      align: 'number',
      cell: ({ calls }) => format.number(calls),
      sort: ({ calls }) => calls,
    },
    {
      id: 'failures',
      title: say('failed'),
      align: 'number',
      cell: ({ failures }) => format.number(failures),
      sort: ({ failures }) => failures,
    },
    {
      id: 'p95',
      title: say('first'),
      align: 'number',
      from: 'middle',
      cell: (row) => format.duration(row.first_part_p95_ms),
      sort: (row) => row.first_part_p95_ms,
    },
  ]
  return (
    <Card title={say('health')} beside={<Link to="/providers">{say('all')}</Link>}>
      {providers.length === 0 ? (
        <Empty title={say('noProviders')} command={'export MOONSHOT_API_KEY=…\ndrover init'}>
          {say('noProvidersWhy')}
        </Empty>
      ) : (
        <DataTable name={say('health')} columns={columns} rows={providers} keyOf={({ name }) => name} />
      )}
    </Card>
  )
}
