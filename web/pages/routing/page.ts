import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const routingPage = page({
  path: '/routing',
  title: ['Routing', '路由'],
  icon: 'routing',
  group: 'traffic',
  also: 'routes tiers targets shares fallback breaker 层级 目标 熔断 占比',
  isFor: (session) => rights(session).operates,
  load: () => import('./routing.tsx'),
})
