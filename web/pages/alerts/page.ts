import { page } from '#pages/page.ts'

export const alertsPage = page({
  path: '/alerts',
  title: ['Budgets and alerts', '预算与告警'],
  icon: 'alerts',
  group: 'money',
  also: 'budget threshold events 预算 阈值 事件',
  load: () => import('./alerts.tsx'),
})
