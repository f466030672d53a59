import { page } from '#pages/page.ts'

export const credentialsPage = page({
  path: '/credentials',
  title: ['Own credentials', '自有凭证'],
  icon: 'credentials',
  group: 'account',
  also: 'byok provider key 自带 供应商 密钥',
  load: () => import('./credentials.tsx'),
})
