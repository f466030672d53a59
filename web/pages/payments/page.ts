import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const paymentsPage = page({
  path: '/orders',
  title: ['Payments', '收款'],
  icon: 'payments',
  group: 'sell',
  also: 'orders refund transfer reconcile 对账 退款 转账',
  isFor: (session) => rights(session).operates,
  load: () => import('./payments.tsx'),
})
