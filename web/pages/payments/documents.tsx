/** Invoices, statements and credit notes of all accounts. One call. */

import { useRead } from '#actions/queries.ts'
import { DocumentTable, documentKindWords } from '#parts/document-table.tsx'
import { useFilters } from '#parts/filters.ts'
import { useWords } from '#parts/language.tsx'
import { Card } from '#parts/layout.tsx'
import { Pager } from '#parts/pager.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import { texts } from './texts.ts'

const pageRows = 50
const kinds = Object.keys(documentKindWords) as readonly (keyof typeof documentKindWords)[]

export const AllDocuments = () => {
  const say = useWords(texts)
  const sayKind = useWords(documentKindWords)
  const [filters, change] = useFilters()
  const kind = kinds.find((one) => one === filters['kind'])
  const query = useRead(
    'invoices list',
    { limit: pageRows, first: 'newest', kind, after: filters['after'] },
    { keepsOld: true },
  )
  return (
    <div className="stack">
      <div className="filters">
        <select
          className="select"
          aria-label={say('kind')}
          value={kind ?? ''}
          onChange={(event) => change({ kind: event.target.value, after: undefined })}
        >
          <option value="">{say('everyKind')}</option>
          {kinds.map((one) => (
            <option value={one} key={one}>
              {sayKind(one)}
            </option>
          ))}
        </select>
      </div>
      <Card>
        <Loaded query={query}>
          {({ data, next }) => (
            <>
              {data.length === 0 ? (
                <Empty title={say('noDocuments')} command="drover invoices list">
                  {say('noDocumentsWhy')}
                </Empty>
              ) : (
                <DocumentTable rows={data} ofAll />
              )}
              <Pager at="after" next={next} />
            </>
          )}
        </Loaded>
      </Card>
    </div>
  )
}
