/** All that a model was priced at, here and by its vendor, the newest first. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { AccountLink } from '#parts/account-link.tsx'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge } from '#parts/layout.tsx'
import { Loaded, ProblemNote } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Shown = Output<'prices history'>
type Entry = Shown['entries'][number]
type Shipped = Shown['shipped'][number]

const ratesOf = (rates: Readonly<Record<string, string>>): string =>
  Object.entries(rates)
    .map(([name, rate]) => `${name.replaceAll('_', ' ')} ${rate}`)
    .join(', ')

const useSpanColumns = <
  Row extends Pick<Shipped, 'from' | 'until' | 'rates' | 'currency'>,
>(): readonly Column<Row>[] => {
  const say = useWords(texts)
  const format = useFormat()
  return [
    { id: 'from', title: say('from'), cell: ({ from }) => (from === null ? say('always') : format.day(from)) },
    {
      id: 'until',
      title: say('until'),
      from: 'middle',
      cell: ({ until }) => (until === null ? say('open_end') : format.day(until)),
    },
    {
      id: 'rates',
      title: say('rates'),
      wrap: true,
      cell: ({ rates, currency }) => (
        <span className="tabular">
          {currency} {ratesOf(rates)}
        </span>
      ),
    },
  ]
}

/** Withdrawing is asked for twice in the same place: a dialog over a dialog would hide what it is about. */
const Withdraw = ({ entry }: { readonly entry: Entry }) => {
  const say = useWords(texts)
  const format = useFormat()
  const [isAsking, setAsking] = useState(false)
  const withdraw = useChange('prices withdraw', ['prices history', 'prices list'])
  const from = entry.from === null ? say('always') : format.day(entry.from)
  if (entry.withdrawn !== null) return <Badge>{say('withdrawn')}</Badge>
  if (!isAsking)
    return (
      <Button small aria-label={say('withdrawOf', { from })} onClick={() => setAsking(true)}>
        {say('withdraw')}
      </Button>
    )
  return (
    <div className="stack tight">
      <span className="soft">{say('withdrawWhy')}</span>
      {withdraw.error === null ? null : <ProblemNote error={withdraw.error} />}
      <div className="row end">
        <Button small onClick={() => setAsking(false)}>
          {say('keep')}
        </Button>
        <Button
          small
          kind="danger"
          busy={withdraw.isPending}
          aria-label={say('withdrawOf', { from })}
          onClick={() => withdraw.mutate({ id: entry.id })}
        >
          {say('withdraw')}
        </Button>
      </div>
    </div>
  )
}

const Stored = ({ rows }: { readonly rows: readonly Entry[] }) => {
  const say = useWords(texts)
  const may = rights(useSession())
  const span = useSpanColumns<Entry>()
  const columns: readonly Column<Entry>[] = [
    { id: 'kind', title: say('kind'), cell: ({ kind }) => <Badge>{say(kind)}</Badge> },
    ...span,
    {
      id: 'whom',
      title: say('forWhom'),
      from: 'middle',
      cell: ({ account, account_name, plan }) =>
        account === null ? (plan ?? say('everybody')) : <AccountLink of={{ account, account_name }} />,
    },
    { id: 'note', title: say('note'), from: 'broad', wrap: true, cell: ({ note, actor }) => note ?? actor },
    {
      id: 'withdraw',
      title: '',
      align: 'number',
      cell: (entry) => (may.changesAll ? <Withdraw entry={entry} /> : null),
    },
  ]
  return <DataTable name={say('stored')} columns={columns} rows={rows} keyOf={({ id }) => id} />
}

const Vendor = ({ rows }: { readonly rows: readonly Shipped[] }) => {
  const say = useWords(texts)
  const span = useSpanColumns<Shipped>()
  const columns: readonly Column<Shipped>[] = [
    ...span,
    { id: 'source', title: say('source'), from: 'broad', wrap: true, cell: ({ source }) => source },
  ]
  return (
    <DataTable
      name={say('shipped')}
      columns={columns}
      rows={rows}
      keyOf={(row) =>
        JSON.stringify([row.vendor, row.currency, row.service_tier, row.context_over_tokens, row.from, row.windows])
      }
    />
  )
}

export const History = ({ model, onClose }: { readonly model: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const query = useRead('prices history', { model })
  return (
    <Dialog title={say('history', { model })} look="sheet" onClose={onClose}>
      <Loaded query={query}>
        {({ entries, shipped }) => (
          <div className="stack">
            <h3>{say('stored')}</h3>
            {entries.length === 0 ? (
              <p className="soft">{say('noStored')}</p>
            ) : (
              <div className="card">
                <Stored rows={entries.toReversed()} />
              </div>
            )}
            {shipped.length === 0 ? null : (
              <>
                <h3>{say('shipped')}</h3>
                <div className="card">
                  <Vendor rows={shipped} />
                </div>
              </>
            )}
          </div>
        )}
      </Loaded>
    </Dialog>
  )
}
