import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const trailPage = page({
  path: '/trail',
  title: ['Trail', '操作记录'],
  icon: 'trail',
  group: 'system',
  also: 'audit log who changed 审计',
  isFor: (session) => session.operator && rights(session).readsTrail,
  load: () => import('./trail.tsx'),
})
