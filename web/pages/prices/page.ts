import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const pricesPage = page({
  path: '/prices',
  title: ['Price book', '价目表'],
  icon: 'prices',
  group: 'sell',
  also: 'price history diff sale list 价格 历史 差异',
  isFor: (session) => rights(session).operates,
  load: () => import('./prices.tsx'),
})
