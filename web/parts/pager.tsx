/** The foot of a list that is read by pages: back to the first, on to the next; where it lies is kept in the address. */

import { Button } from './button.tsx'
import { useFilters } from './filters.ts'
import { useWords } from './language.tsx'
import { pagerTexts } from './texts.ts'

/** `at` is the filter that says where the page begins; nothing is shown of a list that is all on one page. */
export const Pager = ({ at, next }: { readonly at: 'after' | 'before'; readonly next: string | null }) => {
  const say = useWords(pagerTexts)
  const [filters, change] = useFilters()
  const isFirst = filters[at] === undefined
  if (next === null && isFirst) return null
  return (
    <div className="table-foot">
      {isFirst ? (
        <span />
      ) : (
        <Button small onClick={() => change({ [at]: undefined })}>
          {say('newest')}
        </Button>
      )}
      {next === null ? null : (
        <Button small onClick={() => change({ [at]: next })}>
          {say('older')}
        </Button>
      )}
    </div>
  )
}
