/** One order: what it is, what has happened to it, what can be done about it. */

import { useState } from 'react'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { AccountLink } from '#parts/account-link.tsx'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { Facts, mono } from '#parts/layout.tsx'
import { Named } from '#parts/named.tsx'
import { OrderBadge } from '#parts/order-state.tsx'
import { reasonText } from '#parts/said/book-words.ts'
import { methodNames, nameOf } from '#parts/said/names.ts'
import { storyWord } from '#parts/said/order-story.ts'
import { useRefusal } from '#parts/said/use-refusal.ts'
import { Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Shown } from './order-forms.tsx'
import { ConfirmTransfer, RefundOrder, RefuseRefund, ResolveOrder, SettleRefund } from './order-forms.tsx'
import { texts } from './texts.ts'

type Event = Shown['events'][number]
type Refund = Shown['refunds'][number]
const isUnderWay = ({ state }: Refund): boolean => state === 'pending' || state === 'sent'

type Over = 'confirm' | 'refund' | 'refuse' | 'resolve'

const refundable: readonly Shown['state'][] = [
  'credited',
  'partially_refunded',
  'refund_pending',
  'paid',
  'paid_late',
  'mismatch',
]

const Actions = ({ order, open }: { readonly order: Shown; readonly open: (over: Over) => void }) => {
  const say = useWords(texts)
  const toast = useToast()
  const refusal = useRefusal()
  const stale = ['payments show', 'payments list'] as const
  const approve = useChange('payments approve', stale)
  const refresh = useChange('payments refresh', stale)
  const decide = (reject: boolean): void =>
    approve.mutate(
      { order: order.id, reject },
      {
        onSuccess: () => toast(say(reject ? 'rejected' : 'approved')),
        onError: (error) => void refusal(error).then(toast),
      },
    )
  const { state, by_hand: isByHand, confirmed_by: confirmedBy, refund_request: request } = order
  const waits = state === 'created' || state === 'pending'
  const isRefundable = refundable.includes(state)
  return (
    <div className="row">
      {isByHand && waits && confirmedBy === null ? (
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
      {!isByHand && waits ? (
        <Button
          icon="refresh"
          busy={refresh.isPending}
          onClick={() => refresh.mutate({ order: order.id }, { onError: (error) => void refusal(error).then(toast) })}
        >
          {say('refresh')}
        </Button>
      ) : null}
      {isRefundable ? (
        <Button {...(request === null ? {} : { kind: 'first' })} onClick={() => open('refund')}>
          {say('refund')}
        </Button>
      ) : null}
      {request === null ? null : <Button onClick={() => open('refuse')}>{say('refuse')}</Button>}
      {state === 'mismatch' || state === 'paid_late' || state === 'paid' ? (
        <Button onClick={() => open('resolve')}>{say('resolve')}</Button>
      ) : null}
    </div>
  )
}

type StoryProps = { readonly order: Shown; readonly settle: ((refund: Refund) => void) | null }

const Story = ({ order, settle }: StoryProps) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const events: readonly Column<Event>[] = [
    { id: 'time', title: say('time'), cell: ({ time }) => format.time(time) },
    { id: 'event', title: say('event'), cell: ({ kind }) => <span title={kind}>{word(storyWord(kind))}</span> },
    {
      id: 'detail',
      title: say('detail'),
      wrap: true,
      cell: ({ detail }) => reasonText(detail ?? '', format.language, order.names),
    },
  ]
  const refunds: readonly Column<Refund>[] = [
    { id: 'time', title: say('time'), cell: ({ created }) => format.time(created) },
    { id: 'state', title: say('state'), cell: ({ state }) => say(`refund_${state}`) },
    {
      id: 'amount',
      title: say('refundedSum'),
      align: 'number',
      cell: ({ amount }) => format.amount(amount, order.currency),
    },
    { id: 'reason', title: say('reason'), wrap: true, cell: ({ reason }) => reason },
    ...(settle === null || !order.refunds.some(isUnderWay)
      ? []
      : [
          {
            id: 'settle',
            title: '',
            cell: (refund: Refund) =>
              isUnderWay(refund) ? (
                <Button small onClick={() => settle(refund)}>
                  {say('settle')}
                </Button>
              ) : null,
          },
        ]),
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
  const word = useWord()
  const format = useFormat()
  const may = rights(useSession())
  const [over, setOver] = useState<Over | null>(null)
  const [settled, setSettled] = useState<Refund | null>(null)
  const close = (): void => setOver(null)
  return (
    <div className="stack">
      {order.refund_request === null ? null : (
        <div className="note warn">
          <div className="grow">
            <p className="note-title">{say('asksBack', { time: format.moment(order.refund_request.time) })}</p>
            <p className="break">{order.refund_request.reason}</p>
          </div>
        </div>
      )}
      <Facts
        facts={[
          [say('state'), <OrderBadge key="state" state={order.state} />],
          [say('account'), <AccountLink key="account" of={order} />],
          [
            say('method'),
            [...new Set([order.method, order.way].map((one) => word(nameOf(methodNames, one))))].join(' · '),
          ],
          [say('pay'), format.amount(order.pay, order.currency)],
          [say('credit'), format.amount(order.usd, 'USD')],
          order.paid === null ? null : [say('came'), format.amount(order.paid, order.paid_currency ?? order.currency)],
          Number(order.refunded) === 0 ? null : [say('refundedSum'), format.amount(order.refunded, order.currency)],
          order.transaction === null ? null : [say('reference'), mono(order.transaction)],
          order.confirmed_by === null
            ? null
            : [say('confirmedBy'), <Named key="confirmed" id={order.confirmed_by} names={order.names} />],
          order.approved_by === null || order.approved_by === order.confirmed_by
            ? null
            : [say('approvedBy'), <Named key="approved" id={order.approved_by} names={order.names} />],
          order.note === null ? null : [say('note'), order.note],
        ]}
      />
      {may.changesMoney ? <Actions order={order} open={setOver} /> : null}
      <Story order={order} settle={may.changesMoney && order.by_hand ? setSettled : null} />
      {over === 'confirm' ? <ConfirmTransfer order={order} onClose={close} /> : null}
      {over === 'refund' ? <RefundOrder order={order} onClose={close} /> : null}
      {over === 'refuse' ? <RefuseRefund order={order} onClose={close} /> : null}
      {settled === null ? null : <SettleRefund refund={settled} onClose={() => setSettled(null)} />}
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
