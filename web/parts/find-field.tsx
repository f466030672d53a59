/** A box that narrows what a page shows to what has the words in it; the words are kept in the address. */

import { useFilters } from './filters.ts'

export const FindField = ({ label }: { readonly label: string }) => {
  const [filters, change] = useFilters()
  return (
    <input
      className="input"
      type="search"
      aria-label={label}
      placeholder={label}
      value={filters['find'] ?? ''}
      onChange={(event) => change({ find: event.target.value })}
    />
  )
}
