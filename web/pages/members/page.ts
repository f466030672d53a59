import { page } from '#pages/page.ts'

export const membersPage = page({
  path: '/members',
  title: ['Members', '成员'],
  icon: 'customers',
  group: 'account',
  also: 'people invite roles team 邀请 角色 团队',
  load: () => import('./members.tsx'),
})
