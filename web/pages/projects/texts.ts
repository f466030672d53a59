import { words } from '#parts/words.ts'

export const texts = words({
  title: ['Projects', '项目'],
  lead: [
    'Keys, budgets and records belong to a project, so that spend is told apart.',
    '密钥、预算与记录归属于项目，从而区分各项支出。',
  ],
  create: ['Create project', '创建项目'],
  createTitle: ['Create a project', '创建项目'],
  name: ['Name', '名称'],
  nameHelp: ['Nobody else in this organisation may use it.', '在本组织内不可重复。'],
  regions: ['Regions', '区域'],
  regionsHelp: [
    'Where its calls may go, separated by commas, such as eu, us. Empty: anywhere.',
    '其调用可前往的区域，以逗号分隔，例如 eu, us。留空表示不限。',
  ],
  anywhere: ['Anywhere', '不限'],
  state: ['State', '状态'],
  open: ['Open', '使用中'],
  archived: ['Archived', '已归档'],
  created: ['Created', '创建时间'],
  usage: ['Usage', '用量'],
  actions: ['Actions for {name}', '{name} 的操作'],
  rename: ['Rename…', '重命名…'],
  renameTitle: ['Rename {name}', '重命名 {name}'],
  save: ['Save', '保存'],
  archive: ['Archive…', '归档…'],
  archiveTitle: ['Archive {name}', '归档 {name}'],
  archiveWhy: [
    'Its keys end at once and cannot be brought back. Its usage and records stay. This cannot be undone.',
    '其密钥立即失效且无法恢复；用量与记录保留。此操作无法撤销。',
  ],
  archiveDo: ['Archive project', '归档项目'],
  archivedNow: [
    '{name} is archived; one key ended.|{name} is archived; {count} keys ended.',
    '{name} 已归档；{count} 个密钥失效。',
  ],
  shown: ['Show', '显示'],
  current: ['Open projects', '使用中的项目'],
  every: ['All projects', '全部项目'],
  empty: ['No projects', '没有项目'],
  emptyWhy: ['Create one here, or on the server:', '可在此创建，或在服务器上执行：'],
})
