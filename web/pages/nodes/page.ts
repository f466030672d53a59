import { page } from '#pages/page.ts'

export const nodesPage = page({
  path: '/nodes',
  title: ['Nodes and health', '节点与健康'],
  icon: 'nodes',
  group: 'system',
  also: 'cluster readiness 集群',
  isFor: ({ operator }) => operator,
  load: () => import('./nodes.tsx'),
})
