import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const marginsPage = page({
  path: '/margins',
  title: ['Margins', '毛利'],
  icon: 'usage',
  group: 'sell',
  also: 'profit cost revenue 利润 成本 收入',
  isFor: (session) => rights(session).operates,
  load: () => import('./margins.tsx'),
})
