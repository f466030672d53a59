import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const requestsPage = page({
  path: '/requests',
  title: ['Requests', '请求'],
  icon: 'requests',
  group: 'use',
  also: 'calls logs 日志 调用',
  isFor: (session) => rights(session).readsCalls,
  load: () => import('./requests.tsx'),
})
