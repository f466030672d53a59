/** Invoices, statements and credit notes of all accounts. One call. */

import { useRead } from '#actions/queries.ts'
import { ChosenList } from '#parts/chosen-list.tsx'
import { DocumentTable } from '#parts/document-table.tsx'
import { useFilters } from '#parts/filters.ts'
import { useWords } from '#parts/language.tsx'
import { documentKindWords } from '#parts/texts.ts'
import { texts } from './texts.ts'

const pageRows = 50
const kinds = Object.keys(documentKindWords) as readonly (keyof typeof documentKindWords)[]

export const AllDocuments = () => {
  const say = useWords(texts)
  const sayKind = useWords(documentKindWords)
  const [filters] = useFilters()
  const kind = kinds.find((one) => one === filters['kind'])
  const query = useRead(
    'invoices list',
    { limit: pageRows, first: 'newest', kind, after: filters['after'] },
    { keepsOld: true },
  )
  return (
    <div className="stack">
      <ChosenList
        choice={{
          field: 'kind',
          label: say('kind'),
          every: say('everyKind'),
          options: kinds.map((value) => ({ value, text: sayKind(value) })),
        }}
        query={query}
        none={{ title: say('noDocuments'), why: say('noDocumentsWhy'), command: 'drover invoices list' }}
      >
        {(rows) => <DocumentTable rows={rows} ofAll />}
      </ChosenList>
    </div>
  )
}
