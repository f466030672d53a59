/** The rows of usage by one dimension, with their sum. */

import { Link } from '@tanstack/react-router'
import type { Output } from '#actions/contract.ts'
import { rights, useSession } from '#actions/session.ts'
import { useFormat, useWords } from '#parts/language.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Usage = Output<'usage list'>
type Group = Usage['data'][number]

const idOf = (group: Group, by: string): string | null => {
  const value = group[by as 'model']
  return value ?? null
}

const nameOf = (group: Group, by: string): string | null => {
  if (by === 'account') return group.account_name ?? group.account ?? null
  return by === 'key' ? (group.key_name ?? group.key ?? null) : idOf(group, by)
}

/** Dimensions that the log of calls can be narrowed by. */
const linked = new Set(['model', 'key', 'account', 'provider'])

const useNameColumn = (by: string): Column<Group> => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const title = say(by as 'model')
  return {
    id: 'name',
    title,
    foot: say('total'),
    cell: (group) => {
      const name = nameOf(group, by)
      const id = idOf(group, by)
      if (name === null) return <span className="soft">{say('none')}</span>
      if (by === 'day') return format.day(`${name}T12:00:00Z`)
      if (!linked.has(by) || !may.readsCalls || id === null) return name
      return (
        <Link to="/requests" search={{ [by]: id } as never}>
          {name}
        </Link>
      )
    },
    sort: (group) => nameOf(group, by),
  }
}

const useFigureColumns = (total: Usage['total']): readonly Column<Group>[] => {
  const say = useWords(texts)
  const format = useFormat()
  const { operator } = useSession()
  const count = (
    id: 'calls' | 'errors' | 'input' | 'cached_input' | 'output',
    title: string,
    from?: 'middle' | 'broad',
  ): Column<Group> => ({
    id,
    title,
    align: 'number',
    ...(from === undefined ? {} : { from }),
    cell: (group) => format.number(group[id]),
    sort: (group) => group[id],
    foot: format.number(total?.[id]),
  })
  const money = (
    id: 'charge_nano_usd' | 'upstream_cost_nano_usd' | 'margin_nano_usd',
    title: string,
    from?: 'broad',
  ): Column<Group> => ({
    id,
    title,
    align: 'number',
    ...(from === undefined ? {} : { from }),
    cell: (group) => format.money(group[id]),
    sort: (group) => BigInt(group[id]),
    foot: format.money(total?.[id]),
  })
  return [
    count('calls', say('calls')),
    count('errors', say('errors'), 'middle'),
    count('input', say('input'), 'middle'),
    count('cached_input', say('cached'), 'broad'),
    count('output', say('output'), 'middle'),
    money('charge_nano_usd', say('spend')),
    ...(operator
      ? [money('upstream_cost_nano_usd', say('cost'), 'broad'), money('margin_nano_usd', say('margin'), 'broad')]
      : []),
  ]
}

export const Groups = ({ usage, by }: { readonly usage: Usage; readonly by: string }) => {
  const say = useWords(texts)
  const name = useNameColumn(by)
  const figures = useFigureColumns(usage.total)
  const isByDay = by === 'day'
  return (
    <>
      <DataTable
        key={by}
        name={say('title')}
        columns={[name, ...figures]}
        rows={usage.data}
        keyOf={(group) => idOf(group, by) ?? ''}
        first={{ id: isByDay ? 'name' : 'charge_nano_usd', desc: true }}
      />
      {usage.pending > 0 || usage.next !== null ? (
        <div className="table-foot">
          <span>{usage.pending > 0 ? say('pending', { count: usage.pending }) : ''}</span>
          <span>{usage.next === null ? '' : say('more')}</span>
        </div>
      ) : null}
    </>
  )
}
