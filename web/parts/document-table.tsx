/** Invoices, statements and credit notes with their files: of one account, or of all with whose each is. */

import { addressOf } from '#actions/api.ts'
import type { Output } from '#actions/contract.ts'
import { AccountLink } from './account-link.tsx'
import { useFormat, useWords } from './language.tsx'
import { mono } from './layout.tsx'
import type { Column } from './table.tsx'
import { DataTable } from './table.tsx'
import { documentKindWords } from './texts.ts'
import { words } from './words.ts'

type Document = Output<'invoices list'>['data'][number]

const texts = words({
  documents: ['Invoices and statements', '发票与账单'],
  number: ['Number', '编号'],
  account: ['Account', '账户'],
  kind: ['Kind', '类型'],
  issued: ['Issued', '开具时间'],
  total: ['Total', '总额'],
  file: ['File', '文件'],
  pdf: ['PDF of {number}', '{number} 的 PDF'],
  csv: ['CSV of {number}', '{number} 的 CSV'],
})

export const DocumentTable = ({
  rows,
  ofAll = false,
}: {
  readonly rows: readonly Document[]
  readonly ofAll?: boolean
}) => {
  const say = useWords(texts)
  const sayKind = useWords(documentKindWords)
  const format = useFormat()
  const account: Column<Document> = {
    id: 'account',
    title: say('account'),
    from: 'middle',
    cell: (row) => <AccountLink of={row} />,
  }
  const columns: readonly Column<Document>[] = [
    { id: 'number', title: say('number'), cell: ({ number }) => mono(number), sort: ({ number }) => number },
    ...(ofAll ? [account] : []),
    { id: 'kind', title: say('kind'), from: 'middle', cell: ({ kind }) => sayKind(kind) },
    {
      id: 'issued',
      title: say('issued'),
      from: 'middle',
      cell: ({ issued }) => format.day(issued),
      sort: ({ issued }) => issued,
    },
    {
      id: 'total',
      title: say('total'),
      align: 'number',
      cell: ({ total, currency }) => format.amount(total, currency),
    },
    {
      id: 'file',
      title: say('file'),
      cell: ({ id, number }) => (
        <span className="row">
          <a href={addressOf('invoices file', { document: id, format: 'pdf' })} title={say('pdf', { number })} download>
            PDF
          </a>
          <a href={addressOf('invoices file', { document: id, format: 'csv' })} title={say('csv', { number })} download>
            CSV
          </a>
        </span>
      ),
    },
  ]
  return (
    <DataTable
      name={say('documents')}
      columns={columns}
      rows={rows}
      keyOf={({ id }) => id}
      first={{ id: 'issued', desc: true }}
    />
  )
}
