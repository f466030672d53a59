import { rights } from '#actions/session.ts'
import { page } from '#pages/page.ts'

export const rulesPage = page({
  path: '/rules',
  title: ['Limits and guardrails', '限制与护栏'],
  icon: 'rules',
  group: 'traffic',
  also: 'rate limit pii redact block 限流 脱敏 拦截',
  isFor: (session) => rights(session).operates,
  load: () => import('./rules.tsx'),
})
