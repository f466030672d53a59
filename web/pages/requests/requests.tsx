/** The log of calls: filters in the address, pages by key, a tail that asks once every two seconds while it is seen. */

import { useMemo } from 'react'
import type { Input, Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import type { Filters } from '#parts/filters.ts'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, PageHead } from '#parts/layout.tsx'
import { RowLink } from '#parts/row-link.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Call } from './call.ts'
import { endTone } from './call.ts'
import { CallSheet } from './call-sheet.tsx'
import { CallFilters, filterNames } from './filters.tsx'
import { texts } from './texts.ts'

const pageLength = 50
const tailEveryMs = 2_000

const inputOf = (filters: Filters): Input<'logs list'> => ({
  ...Object.fromEntries(filterNames.map((name) => [name, filters[name]])),
  before: filters['before'],
  limit: pageLength,
})

const useColumns = (open: (id: string) => void): readonly Column<Call>[] => {
  const say = useWords(texts)
  const format = useFormat()
  return useMemo(
    () => [
      {
        id: 'time',
        title: say('time'),
        cell: ({ id, time }) => <RowLink text={format.time(time)} does={say('open', { id })} onOpen={() => open(id)} />,
      },
      {
        id: 'status',
        title: say('status'),
        cell: (call) => (
          <Badge tone={endTone(call)}>
            {call.error === null ? (
              call.status
            ) : (
              <>
                <span className="not-phone">{call.error}</span>
                <span className="only-phone" title={call.error}>
                  {call.status}
                </span>
              </>
            )}
          </Badge>
        ),
      },
      {
        id: 'model',
        title: say('model'),
        cut: true,
        cell: ({ model }) => <span title={model ?? undefined}>{model ?? '–'}</span>,
      },
      { id: 'provider', title: say('provider'), from: 'middle', cell: ({ provider }) => provider ?? '–' },
      {
        id: 'tokens',
        title: say('tokens'),
        align: 'number',
        from: 'middle',
        cell: ({ usage }) => (usage === null ? '–' : `${format.number(usage.input)} / ${format.number(usage.output)}`),
      },
      {
        id: 'cost',
        title: say('cost'),
        align: 'number',
        from: 'middle',
        cell: (call) => format.money(call.cost_nano_usd),
      },
      {
        id: 'first',
        title: say('first'),
        align: 'number',
        from: 'broad',
        cell: (call) => format.duration(call.ttft_ms),
      },
      {
        id: 'duration',
        title: say('duration'),
        align: 'number',
        from: 'middle',
        cell: (call) => format.duration(call.duration_ms),
      },
      { id: 'tries', title: say('tries'), align: 'number', from: 'broad', cell: ({ attempts }) => attempts.length },
    ],
    [say, format, open],
  )
}

type ListProps = {
  readonly page: Output<'logs list'>
  readonly filters: Filters
  readonly change: (patch: Readonly<Record<string, string | undefined>>) => void
}

const List = ({ page, filters, change }: ListProps) => {
  const say = useWords(texts)
  const columns = useColumns((id) => change({ call: id }))
  const rows = useMemo(() => page.data.toReversed(), [page])
  const { next } = page
  return (
    <>
      {rows.length === 0 ? (
        <Empty title={say('empty')} command="drover logs --follow">
          {say('emptyWhy')}
        </Empty>
      ) : (
        <DataTable
          name={say('title')}
          columns={columns}
          rows={rows}
          keyOf={({ id }) => id}
          lines
          chosen={filters['call'] ?? null}
        />
      )}
      <div className="table-foot">
        <span className="tabular">{say('count', { count: rows.length })}</span>
        <div className="row">
          <Button
            small
            icon="back"
            disabled={filters['before'] === undefined}
            onClick={() => change({ before: undefined })}
          >
            {say('newest')}
          </Button>
          <Button
            small
            icon="forward"
            disabled={next === null}
            onClick={() => change({ before: next ?? undefined, live: undefined })}
          >
            {say('older')}
          </Button>
        </div>
      </div>
    </>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const isLive = filters['live'] === '1' && filters['before'] === undefined
  const query = useRead('logs list', inputOf(filters), { keepsOld: true, ...(isLive ? { everyMs: tailEveryMs } : {}) })
  const callId = filters['call']
  const live = (
    <Button
      icon={isLive ? 'pause' : 'play'}
      aria-pressed={isLive}
      title={say('liveOn')}
      onClick={() => change({ live: isLive ? undefined : '1', before: undefined })}
    >
      {say('live')}
    </Button>
  )
  return (
    <>
      <PageHead title={say('title')} actions={live}>
        {say('lead')}
      </PageHead>
      <CallFilters filters={filters} change={change} />
      <section className="card">
        <Loaded query={query} lines={12}>
          {(page) => <List page={page} filters={filters} change={change} />}
        </Loaded>
      </section>
      {callId === undefined ? null : <CallSheet key={callId} id={callId} onClose={() => change({ call: undefined })} />}
    </>
  )
}
