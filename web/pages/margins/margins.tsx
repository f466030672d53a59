/** Charged, cost and what is left of it, by any dimension; and what is left at providers when somebody asks. One call, and one on demand. */

import { useMemo, useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Card, PageHead, Stat, Stats } from '#parts/layout.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Usage = Output<'usage list'>
type Row = Usage['data'][number]
type Balance = Output<'providers balance'>['data'][number]

const dayMs = 86_400_000
const spans = [7, 30, 90] as const
const dimensions = ['model', 'account', 'provider', 'upstream_model', 'day'] as const
type Dimension = (typeof dimensions)[number]

/** The first moment of so many days in UTC, today among them. */
const startOf = (days: number, nowMs: number): string =>
  new Date((Math.floor(nowMs / dayMs) + 1 - days) * dayMs).toISOString()

const nameOf = (row: Row, by: Dimension): string | null =>
  by === 'account' ? (row.account_name ?? row.account ?? null) : (row[by] ?? null)

const Lines = ({ usage, by }: { readonly usage: Usage; readonly by: Dimension }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { total } = usage
  const rate = (text: string | null | undefined): string => (text == null ? '–' : format.percent(Number(text) / 100))
  const money = (
    id: 'charge' | 'cost' | 'margin',
    field: 'charge_nano_usd' | 'upstream_cost_nano_usd' | 'margin_nano_usd',
  ): Column<Row> => ({
    ...{ id, title: say(id), align: 'number', foot: format.money(total?.[field]) },
    cell: (row) => format.money(row[field]),
    sort: (row) => BigInt(row[field]),
  })
  const columns: readonly Column<Row>[] = [
    {
      id: 'name',
      title: say(by),
      foot: say('total'),
      cell: (row) => nameOf(row, by) ?? <span className="soft">{say('none')}</span>,
      sort: (row) => nameOf(row, by),
    },
    {
      id: 'calls',
      title: say('calls'),
      align: 'number',
      from: 'middle',
      foot: format.number(total?.calls),
      cell: ({ calls }) => format.number(calls),
      sort: ({ calls }) => calls,
    },
    { ...money('charge', 'charge_nano_usd'), from: 'middle' },
    { ...money('cost', 'upstream_cost_nano_usd'), from: 'middle' },
    money('margin', 'margin_nano_usd'),
    {
      id: 'rate',
      title: say('rate'),
      align: 'number',
      foot: rate(total?.margin_percent),
      cell: (row) =>
        row.margin_nano_usd.startsWith('-') ? (
          <Badge tone="bad">{row.margin_percent === null ? say('loss') : rate(row.margin_percent)}</Badge>
        ) : (
          rate(row.margin_percent)
        ),
      sort: (row) => (row.margin_percent === null ? null : Number(row.margin_percent)),
    },
    {
      id: 'unpriced',
      title: say('unpriced'),
      align: 'number',
      from: 'broad',
      foot: format.number(total?.upstream_unpriced),
      cell: (row) => format.number(row.upstream_unpriced),
      sort: (row) => row.upstream_unpriced,
    },
  ]
  return (
    <DataTable
      key={by}
      name={say('title')}
      columns={columns}
      rows={usage.data}
      keyOf={(row) => String(nameOf(row, by))}
      first={{ id: by === 'day' ? 'name' : 'margin', desc: true }}
    />
  )
}

const Balances = () => {
  const say = useWords(texts)
  const format = useFormat()
  const [isAsked, setAsked] = useState(false)
  const query = useRead('providers balance', {}, { enabled: isAsked })
  const columns: readonly Column<Balance>[] = [
    { id: 'provider', title: say('provider'), cell: ({ provider }) => provider },
    {
      id: 'left',
      title: say('left'),
      align: 'number',
      cell: ({ left, error }) =>
        error ?? left.map(({ amount, currency }) => format.amount(amount, currency)).join(' · '),
    },
    {
      id: 'alarm',
      title: say('alarm'),
      align: 'number',
      from: 'middle',
      cell: (row) => format.amount(row.alert_usd, 'USD'),
    },
    { id: 'low', title: '', cell: ({ low }) => (low ? <Badge tone="bad">{say('low')}</Badge> : null) },
  ]
  return (
    <Card
      title={say('balances')}
      beside={
        <Button
          small
          icon="refresh"
          busy={query.isFetching}
          onClick={() => (isAsked ? void query.refetch() : setAsked(true))}
        >
          {say('ask')}
        </Button>
      }
    >
      {isAsked ? (
        <Loaded query={query} lines={2}>
          {({ data }) =>
            data.length === 0 ? (
              <p className="inside soft">{say('noBalances')}</p>
            ) : (
              <DataTable name={say('balances')} columns={columns} rows={data} keyOf={({ provider }) => provider} />
            )
          }
        </Loaded>
      ) : (
        <p className="inside soft">{say('asked')}</p>
      )}
    </Card>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const format = useFormat()
  const [filters, change] = useFilters()
  const days = spans.find((one) => String(one) === filters['days']) ?? 30
  const by = dimensions.find((one) => one === filters['by']) ?? 'model'
  const from = useMemo(() => startOf(days, Date.now()), [days])
  const query = useRead('usage list', { by: [by], from }, { keepsOld: true })
  const total = query.data?.total
  const losses = query.data?.data.filter((row) => row.margin_nano_usd.startsWith('-')).length ?? 0
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <div className="filters">
        <select
          className="select"
          aria-label={say('span')}
          value={days}
          onChange={(event) => change({ days: event.target.value })}
        >
          {spans.map((count) => (
            <option value={count} key={count}>
              {say('days', { count })}
            </option>
          ))}
        </select>
        <select
          className="select"
          aria-label={say('by')}
          value={by}
          onChange={(event) => change({ by: event.target.value })}
        >
          {dimensions.map((one) => (
            <option value={one} key={one}>
              {`${say('by')}: ${say(one)}`}
            </option>
          ))}
        </select>
      </div>
      <Stats>
        <Stat name={say('charge')} value={format.money(total?.charge_nano_usd)} />
        <Stat name={say('cost')} value={format.money(total?.upstream_cost_nano_usd)} />
        <Stat
          name={say('margin')}
          value={format.money(total?.margin_nano_usd)}
          beside={total?.margin_percent == null ? undefined : format.percent(Number(total.margin_percent) / 100)}
        />
        <Stat
          name={say('unpriced')}
          value={format.number(total?.upstream_unpriced)}
          beside={losses === 0 ? say('unpricedHelp') : say('losses', { count: losses })}
        />
      </Stats>
      <section className="card">
        <Loaded query={query}>
          {(usage) =>
            usage.data.length === 0 ? (
              <Empty title={say('empty')} command="drover usage list --by model --from 90d">
                {say('emptyWhy')}
              </Empty>
            ) : (
              <Lines usage={usage} by={by} />
            )
          }
        </Loaded>
      </section>
      <Balances />
    </>
  )
}
