import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const playgroundPage = page({
  path: '/playground',
  title: ['Playground', '试验场'],
  icon: 'playground',
  group: 'use',
  also: 'chat try compare 对话 比较',
  isFor: (session) => rights(session).changesKeys,
  load: () => import('./playground.tsx'),
})
