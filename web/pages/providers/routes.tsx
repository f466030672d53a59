/** Where the next calls of each model would go. */

import type { Output } from '#actions/contract.ts'
import { useFilters } from '#parts/filters.ts'
import { FindField } from '#parts/find-field.tsx'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Tone } from '#parts/layout.tsx'
import { Badge, Meter } from '#parts/layout.tsx'
import { strategyNames } from '#parts/said/names.ts'
import { Empty } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Route = Output<'routes list'>['data'][number]
type Target = Route['targets'][number]
type Row = { readonly route: Route; readonly target: Target; readonly isFirst: boolean }

const tones: Readonly<Record<string, Tone>> = { closed: 'good', open: 'bad' }

const useColumns = (): readonly Column<Row>[] => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const breakerText = (breaker: string): string =>
    breaker === 'closed' ? say('closed') : breaker === 'open' ? say('open') : say('half_open')
  return [
    {
      id: 'model',
      title: say('model'),
      cell: ({ route, isFirst }) => (isFirst ? <strong>{route.model}</strong> : null),
    },
    {
      id: 'strategy',
      title: say('strategy'),
      from: 'broad',
      cell: ({ route, isFirst }) => (isFirst ? word(strategyNames[route.strategy]) : null),
    },
    { id: 'target', title: say('target'), cell: ({ target }) => `${target.provider} / ${target.model}` },
    { id: 'tier', title: say('tier'), align: 'number', from: 'broad', cell: ({ target }) => target.tier },
    {
      id: 'share',
      title: say('share'),
      align: 'number',
      cell: ({ target }) => format.percent(target.share_percent === null ? null : target.share_percent / 100),
    },
    {
      id: 'bar',
      title: '',
      from: 'middle',
      cell: ({ target }) => (
        <span className="bar-cell">
          <Meter share={(target.share_percent ?? 0) / 100} />
        </span>
      ),
    },
    {
      id: 'breaker',
      title: say('breaker'),
      cell: ({ target }) => (
        <Badge tone={tones[target.breaker] ?? 'warn'}>{target.away ?? breakerText(target.breaker)}</Badge>
      ),
    },
    {
      id: 'latency',
      title: say('latency'),
      align: 'number',
      from: 'middle',
      cell: ({ target }) => format.duration(target.stream_latency_ms ?? target.whole_latency_ms),
    },
    {
      id: 'speed',
      title: say('speed'),
      align: 'number',
      from: 'broad',
      cell: ({ target }) => format.number(target.tokens_per_second),
    },
    {
      id: 'flight',
      title: say('flight'),
      align: 'number',
      from: 'broad',
      cell: ({ target }) => format.number(target.in_flight),
    },
  ]
}

export const Routes = ({ routes }: { readonly routes: readonly Route[] }) => {
  const say = useWords(texts)
  const columns = useColumns()
  const [filters] = useFilters()
  const wanted = (filters['find'] ?? '').toLowerCase()
  const rows = routes
    .filter(({ model }) => model.toLowerCase().includes(wanted))
    .flatMap((route) => route.targets.map((target, index): Row => ({ route, target, isFirst: index === 0 })))
  if (routes.length === 0)
    return (
      <Empty title={say('noRoutes')} command={'export MOONSHOT_API_KEY=…\ndrover init'}>
        {say('emptyWhy')}
      </Empty>
    )
  return (
    <>
      <div className="inside filters">
        <FindField label={say('find')} />
      </div>
      <DataTable
        name={say('routes')}
        columns={columns}
        rows={rows}
        keyOf={({ route, target }) => `${route.model} ${target.provider} ${target.model} ${target.tier}`}
      />
    </>
  )
}
