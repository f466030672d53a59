import type { Word } from '#parts/words.ts'
import { words } from '#parts/words.ts'

export const texts = words({
  title: ['Nodes and health', '节点与健康'],
  lead: [
    'Whether this server takes traffic, and the nodes that share its store.',
    '此服务器是否接受流量，以及共享存储的各节点。',
  ],
  ready: ['Ready', '就绪'],
  notReady: ['Not ready', '未就绪'],
  check: ['Check', '检查'],
  state: ['State', '状态'],
  good: ['Good', '正常'],
  bad: ['Failing', '失败'],
  detail: ['Detail', '详情'],
  warnings: ['Warnings', '警告'],
  health: ['Readiness of this server', '此服务器的就绪状态'],
  nodes: ['Nodes', '节点'],
  node: ['Node', '节点'],
  alive: ['Alive', '在线'],
  gone: ['Gone', '离线'],
  url: ['Address', '地址'],
  version: ['Version', '版本'],
  started: ['Started', '启动时间'],
  heard: ['Last heard', '最近心跳'],
  file: ['Digest of drover.yaml', 'drover.yaml 摘要'],
  differs: ['differs', '不一致'],
  forget: ['Forget…', '移除…'],
  forgetTitle: ['Forget node {id}', '移除节点 {id}'],
  forgetWhy: [
    'What it was lent is its accounts’ again. What it reports later is booked as a loss. Only for a node that does not come back.',
    '借给该节点的额度将归还账户；其之后的上报计为损失。仅用于不会恢复的节点。',
  ],
  forgetDo: ['Forget node', '移除节点'],
  forgotten: ['Node {id} is forgotten.', '节点 {id} 已移除。'],
  alone: ['This server is alone', '单服务器'],
  aloneWhy: [
    'With Postgres as the store several nodes share the work. Move to it while nothing runs:',
    '以 Postgres 为存储时可由多个节点分担。请在停机时迁移：',
  ],
})

/** What readiness looks at. */
export const healthChecks: Readonly<Record<string, Word>> = words({
  store: ['Store', '存储'],
  staying: ['Stays up', '持续运行'],
  changes: ['Hears changes', '接收更改'],
  redis: ['Redis', 'Redis'],
})
