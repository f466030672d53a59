/** The trail of changes, newest first within what is asked for, and the proof of its chain. */

import { useState } from 'react'
import { call } from '#actions/api.ts'
import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Code } from '#parts/code.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { useFilters } from '#parts/filters.ts'
import { FindField } from '#parts/find-field.tsx'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Fact } from '#parts/layout.tsx'
import { Facts, mono, PageHead } from '#parts/layout.tsx'
import { Named } from '#parts/named.tsx'
import { RowLink } from '#parts/row-link.tsx'
import { trailWord } from '#parts/said/trail-words.ts'
import { useRefusal } from '#parts/said/use-refusal.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Row = Output<'trail list'>['data'][number]

const rowsMax = 1_000

const ProveButton = () => {
  const refusal = useRefusal()
  const say = useWords(texts)
  const format = useFormat()
  const [busy, setBusy] = useState(false)
  const [verdict, setVerdict] = useState<string | null>(null)
  const prove = async (): Promise<void> => {
    setBusy(true)
    try {
      const { ok, rows, broken_at: row, why } = await call('trail verify', {})
      setVerdict(ok ? say('proven', { rows: format.number(rows) }) : say('broken', { row: row ?? 0, why: why ?? '' }))
    } catch (fault) {
      setVerdict(fault instanceof Error ? await refusal(fault) : String(fault))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <span role="status" className="told">
        {verdict}
      </span>
      <Button icon="check" busy={busy} onClick={() => void prove()}>
        {say('prove')}
      </Button>
    </>
  )
}

type Names = Readonly<Record<string, string>>

/** A name with the id beside it, which can be selected and copied. */
const Who = ({ id, names }: { readonly id: string; readonly names: Names }) => {
  const isNamed = Object.keys(names).some((one) => id.includes(one))
  return (
    <>
      <Named id={id} names={names} /> {isNamed ? <span className="soft mono break">{id}</span> : null}
    </>
  )
}

type DialogProps = { readonly row: Row; readonly names: Names; readonly onClose: () => void }

const RowDialog = ({ row, names, onClose }: DialogProps) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const facts: readonly (Fact | null)[] = [
    [say('time'), format.moment(row.time)],
    [say('operation'), mono(row.operation)],
    [say('actor'), <Who key="actor" id={row.actor} names={names} />],
    [say('object'), <Who key="object" id={row.object} names={names} />],
    row.request_id === null ? null : [say('request'), mono(row.request_id)],
  ]
  const side = (value: unknown, none: string) =>
    value === null ? <p className="soft">{none}</p> : <Code text={JSON.stringify(value, null, 2)} wrapped />
  return (
    <Dialog title={word(trailWord(row.operation))} look="broad" onClose={onClose}>
      <div className="stack">
        <Facts facts={facts} />
        <h3>{say('before')}</h3>
        {side(row.before, say('nothing'))}
        <h3>{say('after')}</h3>
        {side(row.after, say('gone'))}
      </div>
    </Dialog>
  )
}

const useColumns = (open: (row: Row) => void, names: Names): readonly Column<Row>[] => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  return [
    {
      id: 'time',
      title: say('time'),
      cell: (row) => (
        <RowLink text={format.moment(row.time)} does={say('open', { id: row.id })} onOpen={() => open(row)} />
      ),
    },
    {
      id: 'operation',
      title: say('operation'),
      cell: ({ operation }) => <span title={operation}>{word(trailWord(operation))}</span>,
    },
    { id: 'actor', title: say('actor'), from: 'middle', cell: ({ actor }) => <Named id={actor} names={names} /> },
    { id: 'object', title: say('object'), from: 'middle', cell: ({ object }) => <Named id={object} names={names} /> },
  ]
}

/** What somebody or something is called, to be found by it. */
const calledOf = (text: string, names: Names): string => names[text.split(':').at(-1) ?? ''] ?? ''

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const [open, setOpen] = useState<Row | null>(null)
  const since = filters['from'] ?? '7d'
  const from = since === 'all' ? undefined : since
  const query = useRead('trail list', { limit: rowsMax, from, after: filters['after'] }, { keepsOld: true })
  const names = query.data?.names ?? {}
  const columns = useColumns(setOpen, names)
  const word = useWord()
  const wanted = (filters['find'] ?? '').toLowerCase()
  return (
    <>
      <PageHead title={say('title')} actions={<ProveButton />}>
        {say('lead')}
      </PageHead>
      <div className="filters">
        <select
          className="select"
          aria-label={say('span')}
          value={since}
          onChange={(event) => change({ from: event.target.value, after: undefined })}
        >
          <option value="24h">{say('day')}</option>
          <option value="7d">{say('week')}</option>
          <option value="30d">{say('month')}</option>
          <option value="all">{say('whole')}</option>
        </select>
        <FindField label={say('find')} />
      </div>
      <section className="card">
        <Loaded query={query} lines={10}>
          {({ data, next }) => {
            const rows = data
              .filter(({ operation, object, actor }) =>
                `${operation} ${word(trailWord(operation))} ${object} ${calledOf(object, names)} ${actor} ${calledOf(actor, names)}`
                  .toLowerCase()
                  .includes(wanted),
              )
              .toReversed()
            return (
              <>
                {rows.length === 0 ? (
                  <Empty title={say('empty')} command="drover trail list">
                    {say('emptyWhy')}
                  </Empty>
                ) : (
                  <DataTable name={say('title')} columns={columns} rows={rows} keyOf={({ id }) => id} />
                )}
                <div className="table-foot">
                  <span>{say('count', { count: rows.length })}</span>
                  {next === null ? null : (
                    <Button small onClick={() => change({ after: next })}>
                      {say('more')}
                    </Button>
                  )}
                </div>
              </>
            )
          }}
        </Loaded>
      </section>
      {open === null ? null : <RowDialog row={open} names={names} onClose={() => setOpen(null)} />}
    </>
  )
}
