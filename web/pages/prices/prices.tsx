/** The price book: official beside ours, the history of each model, and what public tables propose. Two calls. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { FindField } from '#parts/find-field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Card, PageHead } from '#parts/layout.tsx'
import { RowLink } from '#parts/row-link.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { History } from './history.tsx'
import { Proposals } from './proposals.tsx'
import { SetPrice } from './set-price.tsx'
import { texts } from './texts.ts'

type Row = Output<'prices list'>['data'][number]
type Rates = Row['official_usd']

const Book = ({ rows, open }: { readonly rows: readonly Row[]; readonly open: (model: string) => void }) => {
  const say = useWords(texts)
  const format = useFormat()
  const both = (rates: Rates): string =>
    rates === null ? '–' : `${format.amount(rates.input, 'USD')} / ${format.amount(rates.output, 'USD')}`
  const number = (text: string | null | undefined): number | null => (text == null ? null : Number(text))
  const columns: readonly Column<Row>[] = [
    {
      id: 'model',
      title: say('model'),
      cell: ({ model }) => <RowLink text={model} does={say('open')} onOpen={() => open(model)} />,
      sort: ({ model }) => model,
    },
    {
      id: 'vendor',
      title: say('vendor'),
      from: 'broad',
      cell: ({ vendor }) => vendor ?? '–',
      sort: ({ vendor }) => vendor,
    },
    {
      id: 'official',
      title: say('official'),
      align: 'number',
      from: 'middle',
      cell: (row) => both(row.official_usd),
      sort: (row) => number(row.official_usd?.input),
    },
    {
      id: 'ours',
      title: say('ours'),
      align: 'number',
      cell: (row) => (row.ours_usd === null ? <span className="soft">{say('unpriced')}</span> : both(row.ours_usd)),
      sort: (row) => number(row.ours_usd?.input),
    },
    {
      id: 'saving',
      title: say('saving'),
      align: 'number',
      from: 'middle',
      cell: ({ saving_percent: saving }) => (saving.input === null ? '–' : format.percent(Number(saving.input) / 100)),
      sort: ({ saving_percent: saving }) => number(saving.input),
    },
    { id: 'read', title: say('read'), from: 'broad', cell: ({ read }) => format.day(read), sort: ({ read }) => read },
  ]
  return (
    <DataTable
      name={say('title')}
      columns={columns}
      rows={rows}
      keyOf={({ model }) => model}
      first={{ id: 'model', desc: false }}
    />
  )
}

export const Page = () => {
  const say = useWords(texts)
  const may = rights(useSession())
  const [filters, change] = useFilters()
  const [isSetting, setSetting] = useState(false)
  const book = useRead('prices list', {})
  const wanted = (filters['find'] ?? '').toLowerCase()
  const opened = filters['model']
  return (
    <>
      <PageHead
        title={say('title')}
        actions={
          may.changesAll ? (
            <Button kind="first" icon="plus" onClick={() => setSetting(true)}>
              {say('set')}
            </Button>
          ) : null
        }
      >
        {say('lead')}
      </PageHead>
      <Proposals />
      <div className="filters">
        <FindField label={say('find')} />
      </div>
      <Card>
        <Loaded query={book} lines={10}>
          {({ data }) => {
            const rows = data.filter(({ model }) => model.toLowerCase().includes(wanted))
            if (data.length === 0)
              return (
                <Empty title={say('empty')} command="drover prices set my-model --input 1.00 --output 2.50">
                  {say('emptyWhy')}
                </Empty>
              )
            return rows.length === 0 ? (
              <p className="inside soft">{say('nothing')}</p>
            ) : (
              <Book rows={rows} open={(model) => change({ model })} />
            )
          }}
        </Loaded>
      </Card>
      {opened === undefined ? null : <History model={opened} onClose={() => change({ model: undefined })} />}
      {isSetting ? <SetPrice onClose={() => setSetting(false)} /> : null}
    </>
  )
}
