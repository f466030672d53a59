import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const webhooksPage = page({
  path: '/webhooks',
  title: ['Notifications', '通知'],
  icon: 'webhooks',
  group: 'system',
  also: 'webhooks mail slack deliveries replay 投递 重发 邮件',
  isFor: (session) => rights(session).operates,
  load: () => import('./webhooks.tsx'),
})
