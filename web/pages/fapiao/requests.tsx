/** Requests for fapiao, as a table: of one account, or of all with what the operator does about each. */

import type { ReactNode } from 'react'
import { addressOf } from '#actions/api.ts'
import type { Output } from '#actions/contract.ts'
import { AccountLink } from '#parts/account-link.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import type { Tone } from '#parts/layout.tsx'
import { Badge, mono } from '#parts/layout.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

export type FapiaoRequest = Output<'fapiao list'>['data'][number]

const tones: Readonly<Record<FapiaoRequest['state'], Tone | undefined>> = {
  requested: 'warn',
  issued: 'good',
  rejected: 'bad',
  red: undefined,
}

/** The number of the fapiao, with its file where there is one, and of the red letter. */
const Numbers = ({ of: { id, number, red_number: red, has_file: hasFile } }: { readonly of: FapiaoRequest }) => {
  const say = useWords(texts)
  return (
    <>
      {number === null || !hasFile ? (
        mono(number ?? '')
      ) : (
        <a className="mono" href={addressOf('fapiao file', { request: id })} title={say('fileOf', { number })} download>
          {number}
        </a>
      )}
      {red === null ? null : (
        <div className="soft">
          {say('redNumber')} {mono(red)}
        </div>
      )}
    </>
  )
}

type Props = {
  readonly rows: readonly FapiaoRequest[]
  /** Of all accounts: says whose each is, and what can be done. */
  readonly actions?: (row: FapiaoRequest) => ReactNode
}

export const FapiaoRequests = ({ rows, actions }: Props) => {
  const say = useWords(texts)
  const format = useFormat()
  const columns: readonly Column<FapiaoRequest>[] = [
    {
      id: 'time',
      title: say('time'),
      from: 'middle',
      cell: ({ created }) => format.time(created),
      sort: ({ created }) => created,
    },
    ...(actions === undefined
      ? []
      : [
          {
            id: 'account',
            title: say('account'),
            from: 'broad' as const,
            cell: (row: FapiaoRequest) => <AccountLink of={row} />,
          },
        ]),
    {
      id: 'title',
      title: say('buyer'),
      wrap: true,
      cell: ({ title, tax_id: taxId, amount }) => (
        <>
          {title}
          {taxId === null ? null : <div className="soft mono">{taxId}</div>}
          <div className="phone-only">{format.amount(amount, 'CNY')}</div>
        </>
      ),
    },
    { id: 'kind', title: say('kind'), from: 'middle', cell: ({ kind }) => say(kind) },
    {
      id: 'sum',
      title: say('sum'),
      align: 'number',
      from: 'middle',
      cell: ({ amount }) => format.amount(amount, 'CNY'),
    },
    {
      id: 'state',
      title: say('state'),
      wrap: true,
      cell: (row) => (
        <>
          <Badge tone={tones[row.state]}>{say(row.state)}</Badge>
          {row.reason === null ? null : <div className="soft">{row.reason}</div>}
          <div className="phone-only">
            <Numbers of={row} />
          </div>
        </>
      ),
    },
    {
      id: 'number',
      title: say('number'),
      from: 'middle',
      cell: (row) => <Numbers of={row} />,
    },
    ...(actions === undefined ? [] : [{ id: 'actions', title: '', align: 'number' as const, cell: actions }]),
  ]
  return <DataTable name={say('requests')} columns={columns} rows={rows} keyOf={({ id }) => id} />
}
