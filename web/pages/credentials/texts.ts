import { words } from '#parts/words.ts'

export const texts = words({
  title: ['Own credentials', '自有凭证'],
  lead: [
    'Calls of this account to a provider are made with its own key there, for a relay fee. What is given is encrypted and never shown.',
    '此账户调用该供应商时使用其自有密钥，仅收取中继费。凭证加密保存，不会再显示。',
  ],
  add: ['Add a credential', '添加凭证'],
  addTitle: ['Add a credential', '添加凭证'],
  provider: ['Provider', '供应商'],
  key: ['Key of the provider', '供应商密钥'],
  keyHelp: [
    'As the provider gave it. One that is there for this provider is replaced.',
    '供应商提供的原文。若已有该供应商的凭证则替换。',
  ],
  fee: ['Relay fee', '中继费'],
  feeHelp: ['Of what a call would have cost, such as 5%. Empty: 0%.', '占调用原价的百分比，例如 5%。留空为 0%。'],
  feeOwn: ['Your plan charges {fee} of what a call would have cost.', '您的套餐收取调用原价的 {fee}。'],
  closed: [
    'Your plan has none. Change the plan in Settings to one that has, or ask the operator.',
    '您的套餐不支持。请在“设置”中更换套餐，或联系运维者。',
  ],
  ending: ['Ends with', '末尾'],
  added: ['Added', '添加时间'],
  now: ['Calls to {provider} use it from now on.', '今后调用 {provider} 时使用此凭证。'],
  remove: ['Remove…', '移除…'],
  removeOf: ['Remove the credential for {provider}', '移除 {provider} 的凭证'],
  removeTitle: ['Remove the credential for {provider}', '移除 {provider} 的凭证'],
  removeWhy: [
    'It is forgotten at once. The next call is made with the key of the operator, at the full price.',
    '凭证立即清除。下一次调用使用运维者的密钥，按原价计费。',
  ],
  removeDo: ['Remove credential', '移除凭证'],
  empty: ['No credentials of its own', '没有自有凭证'],
  emptyWhy: ['Calls are made with the keys of the operator. On the server:', '调用使用运维者的密钥。在服务器上：'],
})
