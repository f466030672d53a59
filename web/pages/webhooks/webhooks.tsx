/** Who is told of what, and how it went. Two calls. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Tone } from '#parts/layout.tsx'
import { Badge, Card, mono, PageHead } from '#parts/layout.tsx'
import { Pager } from '#parts/pager.tsx'
import { deliveryErrorText } from '#parts/said/delivery-errors.ts'
import { eventNames } from '#parts/said/event-names.ts'
import { nameOf } from '#parts/said/names.ts'
import { useRefusal } from '#parts/said/use-refusal.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import { texts } from './texts.ts'

type Told = Output<'recipients list'>
type Recipient = Told['data'][number]
type Rule = Told['rules'][number]
type Delivery = Output<'deliveries list'>['data'][number]

const pageRows = 50
const followEveryMs = 10_000
const tones: Readonly<Record<Delivery['state'], Tone>> = { pending: 'warn', delivered: 'good', dead: 'bad' }

const TestButton = ({ name }: { readonly name: string }) => {
  const say = useWords(texts)
  const toast = useToast()
  const { language } = useFormat()
  const refusal = useRefusal()
  const test = useChange('recipients test')
  const [busy, setBusy] = useState(false)
  const send = (): void => {
    setBusy(true)
    test.mutate(
      { name },
      {
        onSuccess: ({ ok, error }) =>
          toast(
            ok ? say('reached', { name }) : say('unreached', { name, why: deliveryErrorText(error ?? '', language) }),
          ),
        onError: (error) => void refusal(error).then(toast),
        onSettled: () => setBusy(false),
      },
    )
  }
  return (
    <Button small busy={busy} aria-label={say('testOf', { name })} onClick={send}>
      {say('test')}
    </Button>
  )
}

const Recipients = ({ rows }: { readonly rows: readonly Recipient[] }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const may = rights(useSession())
  const columns: readonly Column<Recipient>[] = [
    { id: 'name', title: say('name'), cell: ({ name }) => name, sort: ({ name }) => name },
    { id: 'way', title: say('way'), cell: ({ way }) => say(way), sort: ({ way }) => way },
    {
      id: 'address',
      title: say('address'),
      from: 'middle',
      wrap: true,
      cell: ({ address }) => <span className="mono break">{address}</span>,
    },
    {
      id: 'told',
      title: say('told'),
      from: 'broad',
      wrap: true,
      cell: ({ events }) =>
        events.map((event) => word(nameOf(eventNames, event))).join(format.language === 'en' ? ', ' : '、') || (
          <span className="soft">{say('untold')}</span>
        ),
    },
    {
      id: 'test',
      title: '',
      align: 'number',
      cell: ({ name }) => (may.changesAll ? <TestButton name={name} /> : null),
    },
  ]
  return <DataTable name={say('recipients')} columns={columns} rows={rows} keyOf={({ name }) => name} />
}

const Rules = ({ rows }: { readonly rows: readonly Rule[] }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const figureOf = (value: number, unit: Rule['unit']): string => {
    if (unit === 'usd') return format.amount(String(value), 'USD')
    if (unit === 'percent') return format.percent(value / 100, 2)
    if (unit === 'milliseconds') return `${format.number(value)} ms`
    return unit === 'days' ? say('days', { count: value }) : format.number(value)
  }
  const whenOf = ({ above, below, unit }: Rule): string =>
    [
      above === null ? '' : say('above', { figure: figureOf(above, unit) }),
      below === null ? '' : say('below', { figure: figureOf(below, unit) }),
    ]
      .filter(Boolean)
      .join(', ') || say('always')
  const columns: readonly Column<Rule>[] = [
    {
      id: 'event',
      title: say('event'),
      cell: ({ event }) => <span title={event}>{word(eventNames[event])}</span>,
      sort: ({ event }) => event,
    },
    { id: 'when', title: say('when'), cell: whenOf },
    { id: 'recipients', title: say('recipients'), wrap: true, cell: ({ recipients }) => recipients.join(', ') },
  ]
  return (
    <DataTable
      name={say('rules')}
      columns={columns}
      rows={rows}
      keyOf={({ event, above, below, recipients }) => `${event} ${above} ${below} ${recipients.join()}`}
    />
  )
}

const Deliveries = ({ rows }: { readonly rows: readonly Delivery[] }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const toast = useToast()
  const refusal = useRefusal()
  const may = rights(useSession())
  const replay = useChange('deliveries replay', ['deliveries list'])
  const again = ({ event, recipient }: Delivery): void =>
    replay.mutate(
      { event, recipient },
      { onSuccess: () => toast(say('replayed', { recipient })), onError: (error) => void refusal(error).then(toast) },
    )
  const columns: readonly Column<Delivery>[] = [
    {
      id: 'event',
      title: say('event'),
      from: 'middle',
      cell: ({ event, name }) => (name === null ? mono(event) : <span title={event}>{word(eventNames[name])}</span>),
    },
    { id: 'recipient', title: say('recipient'), cell: ({ recipient }) => recipient },
    { id: 'state', title: say('state'), cell: ({ state }) => <Badge tone={tones[state]}>{say(state)}</Badge> },
    { id: 'tries', title: say('tries'), align: 'number', from: 'middle', cell: ({ tries }) => format.number(tries) },
    { id: 'time', title: say('time'), from: 'middle', cell: (row) => format.moment(row.delivered ?? row.next) },
    {
      id: 'why',
      title: say('why'),
      from: 'broad',
      wrap: true,
      cell: ({ error }) => deliveryErrorText(error ?? '', format.language),
    },
    {
      id: 'replay',
      title: '',
      align: 'number',
      cell: (row) =>
        may.changesAll ? (
          <Button small aria-label={say('replayOf', row)} onClick={() => again(row)}>
            {say('replay')}
          </Button>
        ) : null,
    },
  ]
  return (
    <DataTable
      name={say('deliveries')}
      columns={columns}
      rows={rows}
      keyOf={({ event, recipient }) => `${event}/${recipient}`}
    />
  )
}

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const state = (filters['state'] || undefined) as Delivery['state'] | undefined
  const told = useRead('recipients list', {})
  const deliveries = useRead(
    'deliveries list',
    { limit: pageRows, state, after: filters['after'] },
    { keepsOld: true, everyMs: followEveryMs },
  )
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <Card title={say('recipients')}>
        <Loaded query={told} lines={3}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title={say('noRecipients')} command="drover recipients list">
                {say('noRecipientsWhy')}
              </Empty>
            ) : (
              <Recipients rows={data} />
            )
          }
        </Loaded>
      </Card>
      {(told.data?.rules.length ?? 0) === 0 ? null : (
        <Card title={say('rules')}>
          <Rules rows={told.data?.rules ?? []} />
        </Card>
      )}
      <Card
        title={say('deliveries')}
        beside={
          <div className="filters">
            <select
              className="select"
              aria-label={say('state')}
              value={state ?? ''}
              onChange={(event) => change({ state: event.target.value, after: undefined })}
            >
              <option value="">{say('every')}</option>
              <option value="pending">{say('pending')}</option>
              <option value="delivered">{say('delivered')}</option>
              <option value="dead">{say('dead')}</option>
            </select>
          </div>
        }
      >
        <Loaded query={deliveries}>
          {({ data, next }) => (
            <>
              {data.length === 0 ? (
                <Empty title={say('none')} command="drover deliveries list">
                  {say('noneWhy')}
                </Empty>
              ) : (
                <Deliveries rows={data} />
              )}
              <Pager at="after" next={next} />
            </>
          )}
        </Loaded>
      </Card>
    </>
  )
}
