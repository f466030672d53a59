/** A list of one kind of thing that is narrowed by one choice, page by page; its choice and its place stand in the address. */

import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useFilters } from './filters.ts'
import { Card } from './layout.tsx'
import { Pager } from './pager.tsx'
import { Empty, Loaded } from './states.tsx'

type Choice = {
  /** Its name in the address. */
  readonly field: string
  readonly label: string
  /** What stands for no choice. */
  readonly every: string
  readonly options: readonly { readonly value: string; readonly text: string }[]
}

type ChosenListProps<Row> = {
  readonly choice: Choice
  readonly query: UseQueryResult<{ readonly data: readonly Row[]; readonly next: string | null }, Error>
  readonly none: { readonly title: string; readonly why: string; readonly command: string }
  readonly children: (rows: readonly Row[]) => ReactNode
}

export const ChosenList = <Row,>({ choice, query, none, children }: ChosenListProps<Row>) => {
  const [filters, change] = useFilters()
  const { field, label, every, options } = choice
  const chosen = options.find(({ value }) => value === filters[field])?.value ?? ''
  return (
    <>
      <div className="filters">
        <select
          className="select"
          aria-label={label}
          value={chosen}
          onChange={(event) => change({ [field]: event.target.value, after: undefined })}
        >
          <option value="">{every}</option>
          {options.map(({ value, text }) => (
            <option value={value} key={value}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <Card>
        <Loaded query={query}>
          {({ data, next }) => (
            <>
              {data.length === 0 ? (
                <Empty title={none.title} command={none.command}>
                  {none.why}
                </Empty>
              ) : (
                children(data)
              )}
              <Pager at="after" next={next} />
            </>
          )}
        </Loaded>
      </Card>
    </>
  )
}
