import { page } from '#pages/page.ts'

export const customersPage = page({
  path: '/customers',
  title: ['Customers and plans', '客户与套餐'],
  icon: 'customers',
  group: 'sell',
  also: 'accounts plans credit 账户',
  isFor: ({ operator }) => operator,
  load: () => import('./customers.tsx'),
})
