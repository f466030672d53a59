/** Models: what callers can ask for, what it costs here and at the vendor. */

import { Link } from '@tanstack/react-router'
import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { Dialog } from '#parts/dialog.tsx'
import { useFilters } from '#parts/filters.ts'
import { FindField } from '#parts/find-field.tsx'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Fact, Tone } from '#parts/layout.tsx'
import { Badge, Facts, mono, PageHead } from '#parts/layout.tsx'
import { RowLink } from '#parts/row-link.tsx'
import { modalityNames, nameOf } from '#parts/said/names.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Model = Output<'models list'>['data'][number]
type Side = NonNullable<Model['official']>['usd']

const tones: Readonly<Record<Model['state'], Tone>> = { up: 'good', degraded: 'warn', down: 'bad' }

/** In the currency that the vendor asks, in dollars where it asks both. */
const officialOf = ({ official }: Model): readonly [side: Side, currency: string] =>
  official === null || official.usd !== null ? [official?.usd ?? null, 'USD'] : [official.cny, 'CNY']

const rateOf = ({ price }: Model, name: 'input' | 'cached_input' | 'output'): string | null =>
  price === null || price === 'free' ? null : price[name]

const currencyOf = ({ price }: Model): string => (price === null || price === 'free' ? 'USD' : price.currency)

const useOfficialText = (): ((model: Model) => string) => {
  const format = useFormat()
  return (model) => {
    const [side, currency] = officialOf(model)
    return side === null ? '–' : `${format.amount(side.input, currency)} / ${format.amount(side.output, currency)}`
  }
}

const savingOf = ({ official }: Model): number | null =>
  official?.saving_percent.input == null ? null : Number(official.saving_percent.input)

/** What a model takes or gives, in words. */
const useModalities = (): ((kinds: readonly string[]) => string) => {
  const word = useWord()
  const { language } = useFormat()
  return (kinds) => kinds.map((kind) => word(nameOf(modalityNames, kind))).join(language === 'en' ? ', ' : '、')
}

const useColumns = (open: (id: string) => void): readonly Column<Model>[] => {
  const say = useWords(texts)
  const listOf = useModalities()
  const format = useFormat()
  const officialText = useOfficialText()
  const rate = (name: 'input' | 'cached_input' | 'output', title: string): Column<Model> => ({
    id: name,
    title,
    align: 'number',
    ...(name === 'cached_input' ? { from: 'broad' } : {}),
    cell: (model) => {
      if (model.price === 'free') return say('free')
      return model.price === null ? say('unpriced') : format.amount(rateOf(model, name), currencyOf(model))
    },
    sort: (model) => Number(rateOf(model, name) ?? Number.NaN) || null,
  })
  return [
    {
      id: 'model',
      title: say('model'),
      cell: ({ id }) => <RowLink text={id} does={say('open', { model: id })} onOpen={() => open(id)} />,
      sort: ({ id }) => id,
    },
    {
      id: 'vendor',
      title: say('vendor'),
      from: 'middle',
      cell: ({ owned_by: vendor }) => vendor,
      sort: ({ owned_by: vendor }) => vendor,
    },
    rate('input', say('input')),
    rate('cached_input', say('cached')),
    rate('output', say('output')),
    { id: 'official', title: say('official'), align: 'number', from: 'broad', cell: officialText },
    {
      id: 'saving',
      title: say('saving'),
      align: 'number',
      from: 'middle',
      cell: (model) => {
        const saving = savingOf(model)
        return format.percent(saving === null ? null : saving / 100)
      },
      sort: savingOf,
    },
    {
      id: 'context',
      title: say('context'),
      align: 'number',
      from: 'middle',
      cell: (model) => format.compact(model.context_tokens),
      sort: (model) => model.context_tokens,
    },
    { id: 'takes', title: say('takes'), from: 'broad', cell: (model) => listOf(model.input_modalities) },
    {
      id: 'state',
      title: say('status'),
      from: 'middle',
      cell: ({ state }) => <Badge tone={tones[state]}>{say(state)}</Badge>,
      sort: ({ state }) => state,
    },
  ]
}

const Detail = ({ model, onClose }: { readonly model: Model; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const listOf = useModalities()
  const format = useFormat()
  const officialText = useOfficialText()
  const { price, official } = model
  const saving = savingOf(model)
  const facts: readonly (Fact | null)[] = [
    [
      say('status'),
      <Badge key="state" tone={tones[model.state]}>
        {say(model.state)}
      </Badge>,
    ],
    [say('vendor'), model.owned_by],
    model.aliases.length === 0 ? null : [say('aliases'), model.aliases.join(', ')],
    [say('origin'), say(model.origin)],
    [say('context'), format.number(model.context_tokens)],
    [say('maxOut'), format.number(model.output_tokens_max)],
    [say('takes'), listOf(model.input_modalities)],
    [say('gives'), listOf(model.output_modalities)],
    [say('input'), format.amount(rateOf(model, 'input'), currencyOf(model))],
    [say('cached'), format.amount(rateOf(model, 'cached_input'), currencyOf(model))],
    [say('output'), format.amount(rateOf(model, 'output'), currencyOf(model))],
    price === null || price === 'free' ? null : [say('source'), price.source],
    [say('official'), officialText(model)],
    saving === null ? null : [say('saving'), format.percent(saving / 100)],
    official?.source == null
      ? null
      : [
          say('officialSource'),
          `${official.source} (${say('read', { day: (official.read ?? '–').replaceAll('-', '\u2011') })})`,
        ],
    ...model.targets.map(
      ({ provider, model: name, tier, weight }): Fact => [
        say('tier', { tier }),
        <span key="target">
          {mono(`${provider}/${name}`)} <span className="soft">{say('weight', { weight })}</span>
        </span>,
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

const found = (models: readonly Model[], find: string): readonly Model[] => {
  const wanted = find.trim().toLowerCase()
  return models.filter(({ id, aliases, owned_by: vendor }) =>
    [id, vendor, ...aliases].some((text) => text.toLowerCase().includes(wanted)),
  )
}

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const query = useRead('models list', {})
  const columns = useColumns((model) => change({ model }))
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <div className="filters">
        <FindField label={say('find')} />
      </div>
      <section className="card">
        <Loaded query={query} lines={10}>
          {({ data }) => {
            const rows = found(data, filters['find'] ?? '')
            const open = rows.find(({ id }) => id === filters['model'])
            return (
              <>
                {rows.length === 0 ? (
                  <Empty title={say('empty')} command="drover models list">
                    {say('emptyWhy')}
                  </Empty>
                ) : (
                  <DataTable name={say('title')} columns={columns} rows={rows} keyOf={({ id }) => id} />
                )}
                <div className="table-foot">{say('count', { count: rows.length })}</div>
                {open === undefined ? null : <Detail model={open} onClose={() => change({ model: undefined })} />}
              </>
            )
          }}
        </Loaded>
      </section>
    </>
  )
}
