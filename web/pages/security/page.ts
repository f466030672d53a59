import { page } from '#pages/page.ts'

export const securityPage = page({
  path: '/security',
  title: ['Security', '安全'],
  icon: 'security',
  group: 'account',
  also: 'password passkey totp session sign-in 密码 通行密钥 会话 登录',
  isFor: ({ person }) => person !== null,
  load: () => import('./security.tsx'),
})
