import { page } from '#pages/page.ts'

export const quickstartPage = page({
  path: '/quickstart',
  title: ['Quickstart', '快速开始'],
  icon: 'quickstart',
  group: 'use',
  also: 'curl python node sdk claude code codex 接入',
  load: () => import('./quickstart.tsx'),
})
