/** One order: what it is, what has happened to it, what can be done about it. */

import { useState } from 'react'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Facts, mono } from '#parts/layout.tsx'
import { Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Shown } from './order.ts'
import { toneOf } from './order.ts'
import { ConfirmTransfer, RefundOrder, ResolveOrder } from './order-forms.tsx'
import { texts } from './texts.ts'

type Event = Shown['events'][number]
type Refund = Shown['refunds'][number]
type Over = 'confirm' | 'refund' | 'resolve'

const Actions = ({ order, open }: { readonly order: Shown; readonly open: (over: Over) => void }) => {
  const say = useWords(texts)
  const toast = useToast()
  const stale = ['payments show', 'payments list'] as const
  const approve = useChange('payments approve', stale)
  const refresh = useChange('payments refresh', stale)
  const decide = (reject: boolean): void =>
    approve.mutate(
      { order: order.id, reject },
      {
        onSuccess: () => toast(say(reject ? 'rejected' : 'approved')),
        onError: (error) => toast(error.message),
      },
    )
  const { state, method, confirmed_by: confirmedBy } = order
  const waits = state === 'created' || state === 'pending'
  const isManual = method === 'manual'
  return (
    <div className="row">
      {isManual && waits && confirmedBy === null ? (
        <Button kind="first" onClick={() => open('confirm')}>
          {say('confirm')}
        </Button>
      ) : null}
      {confirmedBy !== null && waits ? (
        <>
          <Button kind="first" busy={approve.isPending} onClick={() => decide(false)}>
            {say('approve')}
          </Button>
          <Button busy={approve.isPending} onClick={() => decide(true)}>
            {say('reject')}
          </Button>
        </>
      ) : null}
      {!isManual && waits ? (
        <Button
          icon="refresh"
          busy={refresh.isPending}
          onClick={() => refresh.mutate({ order: order.id }, { onError: (error) => toast(error.message) })}
        >
          {say('refresh')}
        </Button>
      ) : null}
      {state === 'credited' || state === 'partially_refunded' || state === 'paid_late' || state === 'mismatch' ? (
        <Button onClick={() => open('refund')}>{say('refund')}</Button>
      ) : null}
      {state === 'mismatch' || state === 'paid_late' ? (
        <Button onClick={() => open('resolve')}>{say('resolve')}</Button>
      ) : null}
    </div>
  )
}

const Story = ({ order }: { readonly order: Shown }) => {
  const say = useWords(texts)
  const format = useFormat()
  const events: readonly Column<Event>[] = [
    { id: 'time', title: say('time'), cell: ({ time }) => format.time(time) },
    { id: 'event', title: say('event'), cell: ({ kind }) => mono(kind) },
    { id: 'detail', title: say('detail'), wrap: true, cell: ({ detail }) => detail ?? '' },
  ]
  const refunds: readonly Column<Refund>[] = [
    { id: 'time', title: say('time'), cell: ({ created }) => format.time(created) },
    { id: 'state', title: say('state'), cell: ({ state }) => state },
    {
      id: 'amount',
      title: say('refundedSum'),
      align: 'number',
      cell: ({ amount }) => format.amount(amount, order.currency),
    },
    { id: 'reason', title: say('reason'), wrap: true, cell: ({ reason }) => reason },
  ]
  return (
    <>
      <h3>{say('story')}</h3>
      <div className="card">
        <DataTable
          name={say('story')}
          columns={events}
          rows={order.events}
          keyOf={({ time, kind, state }) => `${time} ${kind} ${state}`}
        />
      </div>
      {order.refunds.length === 0 ? null : (
        <>
          <h3>{say('refunds')}</h3>
          <div className="card">
            <DataTable name={say('refunds')} columns={refunds} rows={order.refunds} keyOf={({ id }) => id} />
          </div>
        </>
      )}
    </>
  )
}

const Inside = ({ order }: { readonly order: Shown }) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const [over, setOver] = useState<Over | null>(null)
  const close = (): void => setOver(null)
  return (
    <div className="stack">
      <Facts
        facts={[
          [
            say('state'),
            <Badge key="state" tone={toneOf(order.state)}>
              {say(order.state)}
            </Badge>,
          ],
          [say('account'), mono(order.account)],
          [say('method'), `${order.method} · ${order.way}`],
          [say('pay'), format.amount(order.pay, order.currency)],
          [say('credit'), format.amount(order.usd, 'USD')],
          order.paid === null ? null : [say('came'), format.amount(order.paid, order.paid_currency ?? order.currency)],
          Number(order.refunded) === 0 ? null : [say('refundedSum'), format.amount(order.refunded, order.currency)],
          order.transaction === null ? null : [say('reference'), mono(order.transaction)],
          order.confirmed_by === null ? null : [say('confirmedBy'), mono(order.confirmed_by)],
          order.approved_by === null ? null : [say('approvedBy'), mono(order.approved_by)],
          order.note === null ? null : [say('note'), order.note],
        ]}
      />
      {may.changesMoney ? <Actions order={order} open={setOver} /> : null}
      <Story order={order} />
      {over === 'confirm' ? <ConfirmTransfer order={order} onClose={close} /> : null}
      {over === 'refund' ? <RefundOrder order={order} onClose={close} /> : null}
      {over === 'resolve' ? <ResolveOrder order={order} onClose={close} /> : null}
    </div>
  )
}

export const OrderSheet = ({ id, onClose }: { readonly id: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const query = useRead('payments show', { order: id })
  return (
    <Dialog title={`${say('order')} ${id}`} look="sheet" onClose={onClose}>
      <Loaded query={query}>{(order) => <Inside order={order} />}</Loaded>
    </Dialog>
  )
}
