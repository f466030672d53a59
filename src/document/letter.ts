/** What goes with a document by mail, in its own language. */

import type { DocumentContent } from './content.ts'

export type Letter = { readonly subject: string; readonly text: string }

const words = {
  en: {
    kinds: { invoice: 'Invoice', statement: 'Usage statement', credit_note: 'Credit note' },
    attached: (what: string, day: string, total: string): string => `${what} of ${day} over ${total} is attached.`,
    due: (due: string, day: string): string => `Please pay ${due} by ${day}.`,
    nothing: 'Nothing is to be paid.',
  },
  'zh-CN': {
    kinds: { invoice: '发票', statement: '用量账单', credit_note: '贷项通知单' },
    attached: (what: string, day: string, total: string): string => `附件为 ${day} 的${what}，金额 ${total}。`,
    due: (due: string, day: string): string => `请于 ${day} 前支付 ${due}。`,
    nothing: '无需付款。',
  },
} as const

/** Subject and text; the document itself is attached. */
export const letterOf = (number: string, content: DocumentContent): Letter => {
  const say = words[content.language]
  const what = `${say.kinds[content.kind]} ${number}`
  const { seller, buyer, currency } = content
  const due = content.dueOn === undefined ? say.nothing : say.due(`${content.due} ${currency}`, content.dueOn)
  return {
    subject: `${what} – ${seller.name}`,
    text: [
      buyer.name,
      '',
      say.attached(what, content.issued, `${content.total} ${currency}`),
      due,
      '',
      seller.name,
      seller.address,
      '',
    ].join('\n'),
  }
}
