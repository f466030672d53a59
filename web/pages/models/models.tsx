/** Models: what callers can ask for, what it costs here and at the vendor. */

import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { useSession } from '#actions/session.ts'
import { Dialog } from '#parts/dialog.tsx'
import { useFilters } from '#parts/filters.ts'
import { FindField } from '#parts/find-field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import type { Fact } from '#parts/layout.tsx'
import { Facts, mono, PageHead } from '#parts/layout.tsx'
import { RowLink } from '#parts/row-link.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Model = Output<'models list'>['data'][number]
type Comparison = Output<'prices compare'>['data'][number]
type Row = { readonly model: Model; readonly beside: Comparison | undefined }

const rateOf = ({ price }: Model, name: 'input' | 'cached_input' | 'output'): string | null =>
  price === null || price === 'free' ? null : price[name]

const currencyOf = ({ price }: Model): string => (price === null || price === 'free' ? 'USD' : price.currency)

const useColumns = (open: (id: string) => void, isOperator: boolean): readonly Column<Row>[] => {
  const say = useWords(texts)
  const format = useFormat()
  return useMemo(() => {
    const rate = (name: 'input' | 'cached_input' | 'output', title: string): Column<Row> => ({
      id: name,
      title,
      align: 'number',
      ...(name === 'cached_input' ? { from: 'broad' } : {}),
      cell: ({ model }) => {
        if (model.price === 'free') return say('free')
        return model.price === null ? say('unpriced') : format.amount(rateOf(model, name), currencyOf(model))
      },
      sort: ({ model }) => Number(rateOf(model, name) ?? Number.NaN) || null,
    })
    const official: readonly Column<Row>[] = [
      {
        id: 'official',
        title: say('official'),
        align: 'number',
        from: 'broad',
        cell: ({ beside }) =>
          beside?.official_usd == null
            ? '–'
            : `${format.amount(beside.official_usd.input, 'USD')} / ${format.amount(beside.official_usd.output, 'USD')}`,
      },
      {
        id: 'saving',
        title: say('saving'),
        align: 'number',
        from: 'broad',
        cell: ({ beside }) =>
          format.percent(beside?.saving_percent.input == null ? null : Number(beside.saving_percent.input) / 100),
        sort: ({ beside }) => Number(beside?.saving_percent.input ?? Number.NaN) || null,
      },
    ]
    return [
      {
        id: 'model',
        title: say('model'),
        cell: ({ model: { id } }) => <RowLink text={id} does={say('open', { model: id })} onOpen={() => open(id)} />,
        sort: ({ model }) => model.id,
      },
      {
        id: 'vendor',
        title: say('vendor'),
        from: 'middle',
        cell: ({ model }) => model.owned_by,
        sort: ({ model }) => model.owned_by,
      },
      rate('input', say('input')),
      rate('cached_input', say('cached')),
      rate('output', say('output')),
      ...(isOperator ? official : []),
      {
        id: 'context',
        title: say('context'),
        align: 'number',
        from: 'middle',
        cell: ({ model }) => format.compact(model.context_tokens),
        sort: ({ model }) => model.context_tokens,
      },
      { id: 'takes', title: say('takes'), from: 'broad', cell: ({ model }) => model.input_modalities.join(', ') },
    ]
  }, [say, format, open, isOperator])
}

const Detail = ({ row, onClose }: { readonly row: Row; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { model, beside } = row
  const { price } = model
  const facts: readonly (Fact | null)[] = [
    [say('vendor'), model.owned_by],
    model.aliases.length === 0 ? null : [say('aliases'), model.aliases.join(', ')],
    [say('origin'), say(model.origin)],
    [say('context'), format.number(model.context_tokens)],
    [say('maxOut'), format.number(model.output_tokens_max)],
    [say('takes'), model.input_modalities.join(', ')],
    [say('gives'), model.output_modalities.join(', ')],
    [say('input'), format.amount(rateOf(model, 'input'), currencyOf(model))],
    [say('cached'), format.amount(rateOf(model, 'cached_input'), currencyOf(model))],
    [say('output'), format.amount(rateOf(model, 'output'), currencyOf(model))],
    price === null || price === 'free' ? null : [say('source'), price.source],
    beside?.source == null ? null : [say('official'), `${beside.source} (${say('read', { day: beside.read ?? '' })})`],
    ...model.targets.map(
      ({ provider, model: name, tier, weight }): Fact => [
        `${say('targets')} ${tier}`,
        mono(`${provider}/${name} · ${weight}`),
      ],
    ),
  ]
  return (
    <Dialog title={model.id} onClose={onClose}>
      <div className="stack">
        <Facts facts={facts} />
        <Link to="/requests" search={{ model: model.id } as never}>
          {say('calls')}
        </Link>
      </div>
    </Dialog>
  )
}

const rowsOf = (models: readonly Model[], comparisons: readonly Comparison[], find: string): readonly Row[] => {
  const beside = new Map(comparisons.map((one) => [one.model, one]))
  const wanted = find.trim().toLowerCase()
  return models
    .filter(({ id, aliases, owned_by: vendor }) =>
      [id, vendor, ...aliases].some((text) => text.toLowerCase().includes(wanted)),
    )
    .map((model) => ({ model, beside: beside.get(model.id) }))
}

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const { operator } = useSession()
  const query = useRead('models list', {})
  const comparisons = useRead('prices compare', {}, { enabled: operator })
  const columns = useColumns((model) => change({ model }), operator)
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <div className="filters">
        <FindField label={say('find')} />
      </div>
      <section className="card">
        <Loaded query={query} lines={10}>
          {({ data }) => {
            const rows = rowsOf(data, comparisons.data?.data ?? [], filters['find'] ?? '')
            const open = rows.find(({ model }) => model.id === filters['model'])
            return (
              <>
                {rows.length === 0 ? (
                  <Empty title={say('empty')} command="drover models list">
                    {say('emptyWhy')}
                  </Empty>
                ) : (
                  <DataTable name={say('title')} columns={columns} rows={rows} keyOf={({ model }) => model.id} />
                )}
                <div className="table-foot">{say('count', { count: rows.length })}</div>
                {open === undefined ? null : <Detail row={open} onClose={() => change({ model: undefined })} />}
              </>
            )
          }}
        </Loaded>
      </section>
    </>
  )
}
