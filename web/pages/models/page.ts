import { page } from '#pages/page.ts'

export const modelsPage = page({
  path: '/models',
  title: ['Models and prices', '模型与价格'],
  icon: 'models',
  group: 'use',
  also: 'price pricing 价格',
  load: () => import('./models.tsx'),
})
