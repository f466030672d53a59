import { page } from '#pages/page.ts'

export const billingPage = page({
  path: '/billing',
  title: ['Billing', '账单'],
  icon: 'billing',
  group: 'money',
  also: 'balance credit top-up invoice 余额 充值 发票',
  load: () => import('./billing.tsx'),
})
