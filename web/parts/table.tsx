/** Tables: columns as data, sorted by their headings, numbers aligned, the first columns kept on a phone. */

import type { SortingState } from '@tanstack/react-table'
import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import { useWords } from './language.tsx'
import { words } from './words.ts'

const texts = words({
  scroll: ['{name}, table', '{name}，表格'],
  unnamed: ['Details', '详情'],
})

export type Column<Row> = {
  readonly id: string
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** By which rows are sorted; absent = not by this column. */
  readonly sort?: (row: Row) => string | number | bigint | null
  readonly align?: 'number'
  /** Left out where there is no room: `middle` on a phone, `broad` on a tablet too. */
  readonly from?: 'middle' | 'broad'
  readonly wrap?: boolean
  /** Of a table whose rows are lines: on a phone it has the room that is left, and ends in an ellipsis. */
  readonly cut?: boolean
  readonly foot?: ReactNode
}

type TableProps<Row> = {
  /** What the table is of, for whoever cannot see it. */
  readonly name: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly chosen?: string | null
  /** Each row is one line, on a phone too; one column is `cut`. */
  readonly lines?: boolean
  readonly first?: { readonly id: string; readonly desc: boolean }
}

type Sortable = string | number | bigint | null

/** Nothing comes last, whichever way. */
const compare = (one: Sortable, other: Sortable): number => {
  if (one === other) return 0
  if (one === null) return 1
  if (other === null) return -1
  if (typeof one === 'string' && typeof other === 'string') return one.localeCompare(other)
  return one < other ? -1 : 1
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })

const classOf = <Row,>({ align, from, wrap, cut }: Column<Row>): string | undefined =>
  [align, from === undefined ? '' : `${from}-only`, wrap === true ? 'wrap' : '', cut === true ? 'cut' : '']
    .filter(Boolean)
    .join(' ') || undefined

const marks = { asc: '↑', desc: '↓', none: '' } as const

const useRows = <Row extends object>({ columns, rows, first }: TableProps<Row>) => {
  const [sorting, setSorting] = useState<SortingState>(first === undefined ? [] : [first])
  const defined = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>()
    return columns.map((column) =>
      helper.accessor((row: Row): unknown => column.sort?.(row) ?? null, {
        id: column.id,
        enableSorting: column.sort !== undefined,
        sortDescFirst: column.align === 'number',
        sortFn: (one, other) => compare(column.sort?.(one.original) ?? null, column.sort?.(other.original) ?? null),
      }),
    )
  }, [columns])
  const data = useMemo(() => [...rows], [rows])
  return useTable({ features, columns: defined, data, state: { sorting }, onSortingChange: setSorting })
}

/** A table of rows. It scrolls sideways by itself, never the page. */
export const DataTable = <Row extends object>(props: TableProps<Row>) => {
  const { name, columns, keyOf, chosen, lines = false } = props
  const say = useWords(texts)
  const table = useRows(props)
  const hasFoot = columns.some(({ foot }) => foot !== undefined)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section className="table-frame" tabIndex={0} aria-label={say('scroll', { name })}>
      <table className={lines ? 'table lines' : 'table'}>
        <caption className="hidden-text">{name}</caption>
        <thead>
          <tr>
            {table.getHeaderGroups()[0]?.headers.map((header, index) => {
              const column = columns[index]
              if (column === undefined) return null
              const sorted = header.column.getIsSorted()
              const order = sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined
              return (
                <th key={header.id} scope="col" className={classOf(column)} aria-sort={order}>
                  {column.sort === undefined ? (
                    column.title || <span className="hidden-text">{say('unnamed')}</span>
                  ) : (
                    <button type="button" className="sort" onClick={header.column.getToggleSortingHandler()}>
                      {column.title || <span className="hidden-text">{say('unnamed')}</span>}
                      <span className="mark" aria-hidden="true">
                        {marks[sorted === false ? 'none' : sorted]}
                      </span>
                    </button>
                  )}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {table.getRowModel().rows.map(({ original }) => {
            const key = keyOf(original)
            return (
              <tr key={key} className={key === chosen ? 'chosen' : undefined}>
                {columns.map((column) => (
                  <td key={column.id} className={classOf(column)}>
                    {column.cell(original)}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
        {hasFoot ? (
          <tfoot>
            <tr>
              {columns.map((column) => (
                <td key={column.id} className={classOf(column)}>
                  {column.foot}
                </td>
              ))}
            </tr>
          </tfoot>
        ) : null}
      </table>
    </section>
  )
}
