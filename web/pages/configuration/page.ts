import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const configurationPage = page({
  path: '/configuration',
  title: ['Configuration', '配置'],
  icon: 'settings',
  group: 'system',
  also: 'yaml apply export diff plans accounts keys 声明 差异',
  isFor: (session) => rights(session).changesAll,
  load: () => import('./configuration.tsx'),
})
