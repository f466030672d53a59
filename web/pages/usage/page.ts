import { page } from '#pages/page.ts'

export const usagePage = page({
  path: '/usage',
  title: ['Usage and cost', '用量与费用'],
  icon: 'usage',
  group: 'money',
  also: 'spend cost report 花费',
  load: () => import('./usage.tsx'),
})
