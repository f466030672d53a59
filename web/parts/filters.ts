/** What is looked for, kept in the address: a link leads to the same view. */

import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

export type Filters = Readonly<Record<string, string>>

/** Text of the address to filters and back: plain names and values, nothing encoded twice. */
export const parseFilters = (search: string): Filters => Object.fromEntries(new URLSearchParams(search))

/** Filters as the address has them; empty ones are left out. */
export const filtersText = (filters: Readonly<Record<string, unknown>>): string => {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return query === '' ? '' : `?${query}`
}

/** The filters of the page and how to change some of them; `undefined` takes one away. */
export const useFilters = (): readonly [Filters, (patch: Readonly<Record<string, string | undefined>>) => void] => {
  const filters = useSearch({ strict: false }) as Filters
  const navigate = useNavigate()
  const change = useCallback(
    (patch: Readonly<Record<string, string | undefined>>) => {
      const search = (before: Filters) =>
        Object.fromEntries(
          Object.entries({ ...before, ...patch }).filter(([, value]) => value !== undefined && value !== ''),
        )
      void navigate({ to: '.', search: search as never, replace: true })
    },
    [navigate],
  )
  return [filters, change]
}
