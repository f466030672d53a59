import { page } from '#pages/page.ts'

export const overviewPage = page({
  path: '/',
  title: ['Overview', '概览'],
  icon: 'overview',
  group: 'use',
  also: 'home dashboard 首页',
  load: () => import('./overview.tsx'),
})
