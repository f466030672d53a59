/** Books, and what is posted to them. */

import type { Word } from '#parts/words.ts'
import { words } from '#parts/words.ts'

/** Of a customer: `account:acc_…:promo`. */
const customerBooks: Readonly<Record<string, Word>> = words({
  paid: ['Paid credit', '付费额度'],
  promo: ['Promotional credit', '赠送额度'],
  bundle: ['Bundle credit', '套餐包额度'],
  owed: ['Owed', '欠款'],
  shortfall: ['Shortfall', '透支'],
})

/** Of the operator: `operator:revenue`, `operator:cash:stripe`. */
const operatorBooks: Readonly<Record<string, Word>> = words({
  revenue: ['Revenue', '收入'],
  breakage: ['Credit that ended', '过期额度'],
  loss: ['Loss', '损失'],
  'upstream-cost': ['Provider cost', '供应商成本'],
  adjustments: ['Corrections', '更正'],
  'promo-cost': ['Cost of promotions', '赠送成本'],
  cash: ['Cash', '现金'],
  exchange: ['Exchange', '汇兑'],
  'settlement-discount': ['Settlement discount', '结算折让'],
  'payment-fees': ['Payment fees', '支付手续费'],
  'dispute-fees': ['Dispute fees', '争议手续费'],
  refunds: ['Refunds', '退款'],
  payable: ['Owed to the provider', '应付供应商'],
})

/** What a book is, and of which method or provider; `null` where it has no word here. */
export const bookWord = (book: string): { readonly word: Word; readonly of: string | null } | null => {
  const [side = '', one = '', other] = book.split(':')
  const word = side === 'account' ? customerBooks[other ?? ''] : operatorBooks[one]
  if (word === undefined) return null
  return { word, of: side === 'account' ? null : (other ?? null) }
}

export const transactionWords: Readonly<Record<string, Word>> = words({
  grant: ['Granted', '发放'],
  adjust: ['Corrected', '更正'],
  expire: ['Ended', '到期'],
  settle: ['Charged', '扣费'],
  cost: ['Cost', '成本'],
})

/** Reasons that the relay writes by itself; what a person wrote stands as it is. */
const reasonForms: readonly (readonly [form: RegExp, chinese: string])[] = [
  [/^order (ord_\w+)$/, '订单 $1'],
  [/^bonus of order (ord_\w+)$/, '订单 $1 的赠送'],
  [/^dispute (\S+) won$/, '争议 $1 胜诉'],
  [/^dispute (\S+)$/, '争议 $1'],
  [/^made at (\S+)$/, '在 $1 发起'],
  [/^calls rated at other prices$/, '按其他价格重新计价'],
  [/^paid when the order had ended$/, '订单结束后才付款'],
  [/^(.*), by (\S+)$/s, '$1，由 $2 确认'],
]

/** Who did something, by name: `key:key_…` and the like within a text. */
const withNames = (text: string, names: Readonly<Record<string, string>>): string =>
  text.replace(/\b(?:key|person):(\w+)/g, (whole, id: string) => names[id] ?? whole)

/** A reason in the language of the person; who is named in it by an id has their name. */
export const reasonText = (reason: string, language: string, names: Readonly<Record<string, string>> = {}): string => {
  const found = language === 'en' ? undefined : reasonForms.find(([form]) => form.test(reason))
  return withNames(found === undefined ? reason : reason.replace(found[0], found[1]), names)
}
