/** Orders of all accounts, what has to be done about them, and the books against the methods. One call, two with an order open. */

import { useState } from 'react'
import type { Input, Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { FapiaoQueue } from '#pages/fapiao/queue.tsx'
import { AccountLink } from '#parts/account-link.tsx'
import { Button } from '#parts/button.tsx'
import { ChosenList } from '#parts/chosen-list.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { PageHead } from '#parts/layout.tsx'
import { OrderBadge, orderStates } from '#parts/order-state.tsx'
import { RowLink } from '#parts/row-link.tsx'
import { methodNames, nameOf } from '#parts/said/names.ts'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { Tabs } from '#parts/tabs.tsx'
import { orderStateWords } from '#parts/texts.ts'
import { AllDocuments } from './documents.tsx'
import { OrderSheet } from './order-sheet.tsx'
import { Reconcile } from './reconcile.tsx'
import { texts } from './texts.ts'

type Order = Output<'payments list'>['data'][number]

const pageRows = 50
/** Not a state of orders: a payer waits for an answer. */
const asksBack = 'refund-requested'

const Orders = ({ rows, open }: { readonly rows: readonly Order[]; readonly open: (id: string) => void }) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const columns: readonly Column<Order>[] = [
    {
      id: 'time',
      title: say('time'),
      cell: ({ id, created }) => <RowLink text={format.time(created)} does={say('open')} onOpen={() => open(id)} />,
      sort: ({ created }) => created,
    },
    { id: 'account', title: say('account'), from: 'middle', cell: (order) => <AccountLink of={order} /> },
    { id: 'method', title: say('method'), from: 'broad', cell: ({ method }) => word(nameOf(methodNames, method)) },
    {
      id: 'state',
      title: say('state'),
      cell: (order) => <OrderBadge state={order.state} asksBack={order.refund_requested} />,
    },
    {
      id: 'pay',
      title: say('pay'),
      align: 'number',
      cell: ({ pay, currency }) => format.amount(pay, currency),
    },
    {
      id: 'credit',
      title: say('credit'),
      align: 'number',
      from: 'middle',
      cell: ({ usd }) => format.amount(usd, 'USD'),
    },
  ]
  return <DataTable name={say('title')} columns={columns} rows={rows} keyOf={({ id }) => id} />
}

const AllOrders = () => {
  const say = useWords(texts)
  const sayState = useWords(orderStateWords)
  const [filters, change] = useFilters()
  const state = orderStates.find((one) => one === filters['state'])
  const asked: Input<'payments list'> = {
    limit: pageRows,
    first: 'newest',
    state,
    after: filters['after'],
    ...(filters['state'] === asksBack ? { refund_requested: true } : {}),
  }
  const query = useRead('payments list', asked, { keepsOld: true })
  const opened = filters['order']
  return (
    <div className="stack">
      <ChosenList
        choice={{
          field: 'state',
          label: say('state'),
          every: say('every'),
          options: [
            { value: asksBack, text: say('refundRequested') },
            ...orderStates.map((value) => ({ value, text: sayState(value) })),
          ],
        }}
        query={query}
        none={{ title: say('none'), why: say('noneWhy'), command: 'drover payments list' }}
      >
        {(rows) => <Orders rows={rows} open={(id) => change({ order: id })} />}
      </ChosenList>
      {opened === undefined ? null : <OrderSheet id={opened} onClose={() => change({ order: undefined })} />}
    </div>
  )
}

const tabs = ['orders', 'documents', 'fapiao'] as const
/** What another tab does not know. */
const anew = { state: undefined, kind: undefined, after: undefined, order: undefined }

export const Page = () => {
  const say = useWords(texts)
  const may = rights(useSession())
  const [filters, change] = useFilters()
  const [isComparing, setComparing] = useState(false)
  return (
    <>
      <PageHead
        title={say('title')}
        actions={may.changesMoney ? <Button onClick={() => setComparing(true)}>{say('reconcile')}</Button> : null}
      >
        {say('lead')}
      </PageHead>
      <Tabs
        label={say('title')}
        chosen={tabs.find((one) => one === filters['tab']) ?? 'orders'}
        onChoose={(tab) => change({ ...anew, tab: tab === 'orders' ? undefined : tab })}
        tabs={[
          { id: 'orders', label: say('orders'), content: () => <AllOrders /> },
          { id: 'documents', label: say('documents'), content: () => <AllDocuments /> },
          { id: 'fapiao', label: say('fapiao'), content: () => <FapiaoQueue /> },
        ]}
      />
      {isComparing ? <Reconcile onClose={() => setComparing(false)} /> : null}
    </>
  )
}
