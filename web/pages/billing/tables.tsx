/** Lots, orders, documents and the books of an account. */

import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { DocumentTable } from '#parts/document-table.tsx'
import { decimalOfNano } from '#parts/format.ts'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { mono } from '#parts/layout.tsx'
import { OrderBadge } from '#parts/order-state.tsx'
import { RowLink } from '#parts/row-link.tsx'
import { bookWord, reasonText, transactionWords } from '#parts/said/book-words.ts'
import { methodNames, nameOf } from '#parts/said/names.ts'
import { Empty } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Billing } from './account-billing.ts'
import { texts } from './texts.ts'

type Props = { readonly billing: Billing }
type Lot = Billing['lots'][number]
type Order = Billing['orders'][number]
type Transaction = Billing['ledger'][number]
type Line = { readonly transaction: Transaction; readonly entry: Transaction['entries'][number]; readonly id: string }

export const Lots = ({ billing }: Props) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const columns: readonly Column<Lot>[] = [
    { id: 'kind', title: say('kind'), cell: ({ kind }) => say(kind), sort: ({ kind }) => kind },
    {
      id: 'left',
      title: say('left'),
      align: 'number',
      cell: (lot) => (
        <Link to="/usage" search={{ account: billing.account.id } as never} title={say('charges')}>
          {format.money(lot.remaining_nano_usd)}
        </Link>
      ),
      sort: (lot) => BigInt(lot.remaining_nano_usd),
    },
    {
      id: 'granted',
      title: say('granted'),
      align: 'number',
      from: 'middle',
      cell: (lot) => (
        <Link to="/billing" search={{ account: billing.account.id, tab: 'ledger' } as never} title={say('ledger')}>
          {format.money(lot.granted_nano_usd)}
        </Link>
      ),
    },
    {
      id: 'expires',
      title: say('expires'),
      cell: ({ expires }) => format.day(expires),
      sort: ({ expires }) => expires,
    },
    {
      id: 'models',
      title: say('models'),
      from: 'broad',
      wrap: true,
      cell: ({ models }) => models?.join(', ') ?? say('every'),
    },
    { id: 'method', title: say('cameBy'), from: 'broad', cell: ({ method }) => word(nameOf(methodNames, method)) },
    {
      id: 'created',
      title: say('created'),
      from: 'middle',
      cell: ({ created }) => format.day(created),
      sort: ({ created }) => created,
    },
  ]
  if (billing.lots.length === 0)
    return (
      <Empty title={say('noLots')} command={`drover credits grant --account ${billing.account.name} --usd 10.00`}>
        {say('noLotsWhy')}
      </Empty>
    )
  return <DataTable name={say('lots')} columns={columns} rows={billing.lots} keyOf={({ lot }) => lot} />
}

export const Orders = ({ billing, follow }: Props & { readonly follow: (id: string) => void }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const columns: readonly Column<Order>[] = [
    {
      id: 'created',
      title: say('created'),
      cell: ({ id, created }) => (
        <RowLink text={format.time(created)} does={say('open', { id })} onOpen={() => follow(id)} />
      ),
      sort: ({ created }) => created,
    },
    {
      id: 'state',
      title: say('state'),
      cell: (order) => <OrderBadge state={order.state} asksBack={order.refund_requested} />,
      sort: ({ state }) => state,
    },
    { id: 'method', title: say('method'), from: 'middle', cell: ({ method }) => word(nameOf(methodNames, method)) },
    { id: 'price', title: say('price'), align: 'number', cell: ({ pay, currency }) => format.amount(pay, currency) },
    { id: 'usd', title: say('credit'), align: 'number', from: 'middle', cell: ({ usd }) => format.amount(usd, 'USD') },
  ]
  if (billing.orders.length === 0)
    return (
      <Empty
        title={say('noOrders')}
        command={`drover payments create --account ${billing.account.name} --usd 100 --method manual`}
      />
    )
  return (
    <DataTable
      name={say('orders')}
      columns={columns}
      rows={billing.orders}
      keyOf={({ id }) => id}
      first={{ id: 'created', desc: true }}
    />
  )
}

export const Documents = ({ billing }: Props) => {
  const say = useWords(texts)
  if (billing.documents.length === 0)
    return (
      <Empty title={say('noDocuments')} command={`drover invoices list --account ${billing.account.name}`}>
        {say('noDocumentsWhy')}
      </Empty>
    )
  return <DocumentTable rows={billing.documents} />
}

/** A book by its name, with what it is called in the books as its title. */
const Book = ({ book }: { readonly book: string }): ReactNode => {
  const word = useWord()
  const found = bookWord(book)
  if (found === null) return mono(book)
  return (
    <span title={book}>
      {word(found.word)}
      {found.of === null ? null : <span className="soft"> {word(nameOf(methodNames, found.of))}</span>}
    </span>
  )
}

/** `order ord_…`, as the books name what was paid for. */
const orderForm = /^order (ord_\w+)$/

export const Ledger = ({ billing, follow }: Props & { readonly follow: (id: string) => void }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const rows: readonly Line[] = billing.ledger.flatMap((transaction) =>
    transaction.entries.map((entry, index) => ({ transaction, entry, id: `${transaction.id}-${index}` })),
  )
  const columns: readonly Column<Line>[] = [
    {
      id: 'time',
      title: say('time'),
      cell: ({ transaction }) => format.moment(transaction.time),
      sort: ({ transaction }) => transaction.time,
    },
    {
      id: 'what',
      title: say('what'),
      cell: ({ transaction: { kind } }) => word(transactionWords[kind] ?? [kind, kind]),
    },
    { id: 'from', title: say('from'), from: 'middle', cell: ({ entry }) => <Book book={entry.from} /> },
    { id: 'to', title: say('to'), from: 'middle', cell: ({ entry }) => <Book book={entry.to} /> },
    {
      id: 'amount',
      title: say('credit'),
      align: 'number',
      cell: ({ entry }) =>
        entry.currency === 'USD'
          ? format.money(entry.amount_nano)
          : format.amount(decimalOfNano(entry.amount_nano), entry.currency),
    },
    {
      id: 'reason',
      title: say('reason'),
      from: 'broad',
      wrap: true,
      cell: ({ transaction: { reason } }) => {
        const order = orderForm.exec(reason ?? '')?.[1]
        const text = reasonText(reason ?? '', format.language)
        if (order === undefined) return text
        return <RowLink text={text} does={say('open', { id: order })} onOpen={() => follow(order)} />
      },
    },
  ]
  if (rows.length === 0)
    return (
      <Empty title={say('noLedger')} command={`drover ledger list --account ${billing.account.name}`}>
        {say('charges')}
      </Empty>
    )
  return (
    <div className="stack tight">
      <DataTable name={say('ledger')} columns={columns} rows={rows} keyOf={({ id }) => id} />
      <p className="soft">{say('charges')}</p>
    </div>
  )
}
