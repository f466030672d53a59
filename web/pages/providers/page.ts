import { page } from '#pages/page.ts'

export const providersPage = page({
  path: '/providers',
  title: ['Providers', '供应商'],
  icon: 'providers',
  group: 'traffic',
  also: 'upstream breaker latency 上游',
  isFor: ({ operator }) => operator,
  load: () => import('./providers.tsx'),
})
