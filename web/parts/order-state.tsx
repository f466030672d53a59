/** What an order for credit has come to, in a word; what waits for a person is loud. */

import type { Output } from '#actions/contract.ts'
import { useWords } from './language.tsx'
import type { Tone } from './layout.tsx'
import { Badge } from './layout.tsx'
import { words } from './words.ts'

export type OrderState = Output<'payments list'>['data'][number]['state']

export const orderStateWords = words({
  created: ['Ordered', '已下单'],
  pending: ['Waits for the payer', '等待付款'],
  paid: ['Paid', '已付款'],
  credited: ['Credited', '已入账'],
  closed: ['Closed', '已关闭'],
  expired_unpaid: ['Ended unpaid', '过期未付'],
  paid_late: ['Paid too late', '逾期付款'],
  mismatch: ['Does not fit', '金额不符'],
  refund_pending: ['Refund under way', '退款中'],
  partially_refunded: ['Refunded in part', '部分退款'],
  refunded: ['Refunded', '已退款'],
  disputed: ['Disputed', '争议'],
}) satisfies Readonly<Record<OrderState, readonly [string, string]>>

export const orderStates = Object.keys(orderStateWords) as readonly OrderState[]

const toneOf = (state: OrderState): Tone | undefined => {
  if (state === 'mismatch' || state === 'paid_late' || state === 'disputed') return 'bad'
  if (state === 'paid' || state === 'refund_pending' || state === 'pending') return 'warn'
  return state === 'credited' ? 'good' : undefined
}

export const OrderBadge = ({ state }: { readonly state: OrderState }) => {
  const say = useWords(orderStateWords)
  return <Badge tone={toneOf(state)}>{say(state)}</Badge>
}
