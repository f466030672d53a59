import type { Word } from '#parts/words.ts'
import { words } from '#parts/words.ts'

export const texts = words({
  title: ['Configuration', '配置'],
  lead: [
    'What drover.yaml says as a form, and what the store holds as a file. A difference is shown before anything is written.',
    '以表单编辑 drover.yaml，或以文件编辑存储内容。写入前先显示差异。',
  ],
  storeLead: [
    'Providers, models, plans, accounts, projects, members, budgets and keys as one file. Change it, look at the difference, then apply it. What drover.yaml declares is changed there.',
    '将供应商、模型、套餐、账户、项目、成员、预算与密钥写成一个文件。修改后查看差异，再应用。drover.yaml 中声明的内容请在该文件中更改。',
  ],
  file: ['The store as a file', '存储内容（YAML）'],
  fileHelp: [
    'YAML. What it does not name stays as it is; secrets and credit are not in it. “kept” stands for a credential that is there.',
    'YAML。未列出的内容保持不变；不含密钥与额度。“kept”表示保留现有凭据。',
  ],
  again: ['Read again', '重新读取'],
  preview: ['Show the difference', '查看差异'],
  difference: ['The difference', '差异'],
  none: ['Nothing would change.', '没有变化。'],
  keptChosen: [
    '{account} keeps the plan {plan}, which its customer chose; the file says {file}.',
    '{account} 保留套餐 {plan}：由客户自行选择；文件中为 {file}。',
  ],
  keptPaid: [
    '{account} keeps the plan {plan}, which it has reached by paying; the file says {file}.',
    '{account} 保留套餐 {plan}：因充值达到；文件中为 {file}。',
  ],
  same: ['one thing is as it is said|{count} things are as they are said', '{count} 项保持不变'],
  made: ['made', '新建'],
  changed: ['changed', '更改'],
  change: ['Change', '类型'],
  what: ['What', '对象'],
  detail: ['How', '内容'],
  apply: ['Apply…', '应用…'],
  applyTitle: ['Apply one change|Apply {count} changes', '应用 {count} 项更改'],
  applyWhy: ['In force at once, all of them or none.', '立即生效：全部应用，或全部不应用。'],
  applyDo: ['Apply', '应用'],
  applied: ['one change is in force|{count} changes are in force', '{count} 项更改已生效'],
  keys: ['Keys that were made, shown this once', '新建的密钥，仅显示这一次'],
  settings: ['Settings (drover.yaml)', '设置（drover.yaml）'],
  find: ['Find a setting', '查找设置'],
  nothingFound: ['No setting is called that', '没有匹配的设置'],
  said: ['one is set|{count} are set', '已设置 {count} 项'],
  list: ['list, with commas', '列表，以逗号分隔'],
  unset: ['Not set', '未设置'],
  asDefault: ['{fallback} (default)', '{fallback}（默认）'],
  fileAlone: [
    'It leads to a secret or a file, and is changed in drover.yaml alone.',
    '涉及密钥或文件，仅可在 drover.yaml 中更改。',
  ],
  changes: ['one change|{count} changes', '{count} 项更改'],
  discard: ['Discard', '放弃'],
  back: ['Back', '返回'],
  write: ['Write the file', '写入文件'],
  written: ['Written. It is in force for the next call.', '已写入，下一次调用起生效。'],
  restart: ['These wait for a restart: {settings}', '以下设置需重启后生效：{settings}'],
  stale: ['The file was changed since: look at the difference again.', '文件已修改，请重新查看差异。'],
})

/** Blocks of drover.yaml, as headings. */
export const blockTitles: Readonly<Record<string, Word>> = {
  server: ['Server', '服务器'],
  plans: ['Plans', '套餐'],
  limits: ['Limits', '限额'],
  signup: ['Sign-up', '注册'],
  settlement: ['Currencies', '货币'],
  payments: ['Payment methods', '支付方式'],
  seller: ['Seller', '卖方'],
  public: ['Public pages', '公开页面'],
  retention: ['Retention', '保留期限'],
  mail: ['Mail', '邮件'],
  recipients: ['Notifications: recipients', '通知接收方'],
  alerts: ['Notifications: alerts', '通知规则'],
}
