/** Charts over time with the same numbers as a table: one switch between them, so that nobody depends on seeing lines. */

import { lazy, Suspense, useState } from 'react'
import { Button } from './button.tsx'
import { useWords } from './language.tsx'
import { Card } from './layout.tsx'
import type { ChartProps, Series } from './series.ts'
import { Skeleton } from './states.tsx'
import type { Column } from './table.tsx'
import { DataTable } from './table.tsx'
import { chartTexts } from './texts.ts'

const Plot = lazy(async () => ({ default: (await import('./plot.tsx')).Plot }))

type Line = { readonly at: number; readonly values: readonly (number | null)[] }

const TableTwin = ({ title, moments, series, write, writeMoment }: ChartProps) => {
  const rows: readonly Line[] = moments.map((at, index) => ({
    at,
    values: series.map((one) => one.values[index] ?? null),
  }))
  const columns: readonly Column<Line>[] = [
    { id: 'at', title: '', cell: ({ at }) => writeMoment(at), sort: ({ at }) => at },
    ...series.map(
      (one, index): Column<Line> => ({
        id: String(index),
        title: one.name,
        align: 'number',
        cell: ({ values }) => write(values[index] ?? null),
        sort: ({ values }) => values[index] ?? null,
      }),
    ),
  ]
  return (
    <DataTable
      name={title}
      columns={columns}
      rows={rows}
      keyOf={({ at }) => String(at)}
      first={{ id: 'at', desc: true }}
    />
  )
}

/** Names of the lines with their colours. */
const Legend = ({ series }: { readonly series: readonly Series[] }) => (
  <ul className="legend">
    {series.map(({ name, colour }) => (
      <li key={name}>
        <span className={`swatch s${colour}`} />
        {name}
      </li>
    ))}
  </ul>
)

/** A card with the chart, or its table. */
export const Chart = (props: ChartProps) => {
  const { title, series, beside } = props
  const say = useWords(chartTexts)
  const [isTable, setTable] = useState(false)
  const label = isTable ? say('asChart') : say('asTable')
  return (
    <Card
      title={title}
      beside={
        <div className="row">
          {beside}
          {isTable || series.length === 1 ? null : <Legend series={series} />}
          <Button
            small
            kind="plain"
            icon={isTable ? 'chart' : 'table'}
            aria-label={`${label}: ${title}`}
            title={label}
            onClick={() => setTable(!isTable)}
          />
        </div>
      }
    >
      {isTable ? (
        <TableTwin {...props} />
      ) : (
        <div className="inside">
          <Suspense fallback={<Skeleton lines={1} tall />}>
            <Plot {...props} />
          </Suspense>
        </div>
      )}
    </Card>
  )
}
