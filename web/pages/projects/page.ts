import { page } from '#pages/page.ts'

export const projectsPage = page({
  path: '/projects',
  title: ['Projects', '项目'],
  icon: 'projects',
  group: 'account',
  also: 'region archive 区域 归档',
  load: () => import('./projects.tsx'),
})
