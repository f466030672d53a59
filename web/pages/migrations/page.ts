import { page } from '#pages/page.ts'

const base = {
  title: ['Migrations', '迁移'],
  icon: 'migrations',
  group: 'traffic',
  also: 'ramp rollback canary 灰度 回滚',
  isFor: ({ operator }: { readonly operator: boolean }) => operator,
} as const

export const migrationsPage = page({ ...base, path: '/migrations', load: () => import('./migrations.tsx') })

export const migrationPage = page({
  ...base,
  path: '/migrations/$name',
  inMenu: false,
  load: () => import('./migration.tsx'),
})
