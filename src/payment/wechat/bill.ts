/**
 * The trade bill of a day: CSV with headings, cells behind a backtick, amounts in yuan, totals at the end
 * (https://pay.weixin.qq.com/doc/v3/merchant/4012525095 and its neighbours; columns from memory).
 */

import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { BillLine } from '#payment/method.ts'

const linesMax = 1_000_000

const cellsOf = (line: string): readonly string[] => line.split(',').map((cell) => cell.trim().replace(/^`/, ''))

const amount = (text: string): bigint => {
  if (/^-?\d{1,12}(\.\d{1,5})?$/.test(text)) return nanoOf(text)
  throw new Problem('upstream_error', {
    message: `The bill of WeChat Pay has an amount that is none: "${text.slice(0, 20)}".`,
  })
}

/** Lines of a bill. @throws Problem `upstream_error` where its form is not the one that is known: nothing is left out in silence. */
export const readBill = (text: string): readonly BillLine[] => {
  const [heading = '', ...rest] = text.replace(/^\uFEFF/, '').split(/\r?\n/, linesMax)
  const names = cellsOf(heading)
  const column = (name: string): number => {
    const at = names.indexOf(name)
    if (at < 0) throw new Problem('upstream_error', { message: `The bill of WeChat Pay has no column ${name}.` })
    return at
  }
  const at = {
    transaction: column('微信订单号'),
    order: column('商户订单号'),
    state: column('交易状态'),
    currency: column('货币种类'),
    refundId: column('商户退款单号'),
    refund: column('退款金额'),
    fee: column('手续费'),
    total: column('订单金额'),
  }
  const found: BillLine[] = []
  for (const line of rest) {
    // The first line without a backtick begins the totals.
    if (!line.startsWith('`')) break
    const cells = cellsOf(line)
    const cell = (index: number): string => cells[index] ?? ''
    const isRefund = cell(at.state) === 'REFUND'
    found.push({
      kind: isRefund ? 'refund' : 'payment',
      id: isRefund ? cell(at.refundId) : cell(at.order),
      transaction: cell(at.transaction),
      amountNano: isRefund ? -amount(cell(at.refund)) : amount(cell(at.total)),
      currency: cell(at.currency),
      feeNano: amount(cell(at.fee)),
    })
  }
  return found
}
