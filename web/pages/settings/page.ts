import { page } from '#pages/page.ts'

export const settingsPage = page({
  path: '/settings',
  title: ['Settings', '设置'],
  icon: 'settings',
  group: 'account',
  also: 'organisation plan close account 组织 套餐 关闭',
  isFor: ({ account }) => account !== null,
  load: () => import('./settings.tsx'),
})
