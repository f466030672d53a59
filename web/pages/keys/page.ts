import { page } from '#pages/page.ts'

export const keysPage = page({
  path: '/keys',
  title: ['API keys', 'API 密钥'],
  icon: 'keys',
  group: 'use',
  also: 'token secret 令牌',
  load: () => import('./keys.tsx'),
})
