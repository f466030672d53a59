import { words } from '#parts/words.ts'

export const texts = words({
  title: ['Configuration', '配置'],
  lead: [
    'Plans, accounts, projects, members, budgets and keys as one file. Change it, look at the difference, then apply it. What drover.yaml declares is changed there.',
    '将套餐、账户、项目、成员、预算与密钥写成一个文件。修改后查看差异，再应用。drover.yaml 中声明的内容请在该文件中更改。',
  ],
  file: ['The store as a file', '存储内容（YAML）'],
  fileHelp: [
    'YAML. What it does not name stays as it is; secrets and credit are not in it.',
    'YAML。未列出的内容保持不变；不含密钥与额度。',
  ],
  again: ['Read again', '重新读取'],
  preview: ['Show the difference', '查看差异'],
  difference: ['The difference', '差异'],
  none: ['Nothing would change.', '没有变化。'],
  same: ['one thing is as it is said|{count} things are as they are said', '{count} 项保持不变'],
  made: ['made', '新建'],
  changed: ['changed', '更改'],
  change: ['Change', '类型'],
  what: ['What', '对象'],
  detail: ['How', '内容'],
  apply: ['Apply…', '应用…'],
  applyTitle: ['Apply one change|Apply {count} changes', '应用 {count} 项更改'],
  applyWhy: [
    'In force at once, one after the other. Where one fails, those before it stand; apply again when it is mended.',
    '逐项立即生效。若某项失败，之前的更改保留；修正后可再次应用。',
  ],
  applyDo: ['Apply', '应用'],
  applied: ['one change is in force|{count} changes are in force', '{count} 项更改已生效'],
  keys: ['Keys that were made, shown this once', '新建的密钥，仅显示这一次'],
  stale: ['The file was changed since: look at the difference again.', '文件已修改，请重新查看差异。'],
})
