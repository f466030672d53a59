/**
 * The trade bill of a day: a ZIP of CSV files in GB 18030, headings and totals in lines that begin with `#`
 * (https://opendocs.alipay.com/open/02fp6f, from memory).
 */

import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { BillLine } from '#payment/method.ts'
import { filesIn } from './zip.ts'

const linesMax = 1_000_000

const amount = (text: string): bigint => {
  if (/^-?\d{1,12}(\.\d{1,5})?$/.test(text)) return nanoOf(text)
  throw new Problem('upstream_error', {
    message: `The bill of Alipay has an amount that is none: "${text.slice(0, 20)}".`,
  })
}

const cellsOf = (line: string): readonly string[] => line.split(',').map((cell) => cell.trim())

/** Lines of the detail file. @throws Problem `upstream_error` where its form is not the one that is known. */
export const readDetail = (text: string): readonly BillLine[] => {
  const lines = text.split(/\r?\n/, linesMax).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const [heading = '', ...rest] = lines
  const names = cellsOf(heading)
  const column = (name: string): number => {
    const at = names.findIndex((one) => one.startsWith(name))
    if (at < 0) throw new Problem('upstream_error', { message: `The bill of Alipay has no column ${name}.` })
    return at
  }
  const at = {
    transaction: column('支付宝交易号'),
    order: column('商户订单号'),
    type: column('业务类型'),
    total: column('订单金额'),
    received: column('商家实收'),
    refund: column('退款批次号'),
    fee: column('服务费'),
  }
  return rest.map((line) => {
    const cells = cellsOf(line)
    const cell = (index: number): string => cells[index] ?? ''
    const isRefund = cell(at.type) === '退款'
    const fee = cell(at.fee)
    return {
      kind: isRefund ? 'refund' : 'payment',
      id: isRefund ? cell(at.refund) : cell(at.order),
      transaction: cell(at.transaction),
      amountNano: amount(isRefund ? cell(at.received) : cell(at.total)),
      currency: 'CNY',
      // A fee stands as what is taken: below zero.
      feeNano: fee === '' ? null : -amount(fee),
    }
  })
}

/** The archive as it is downloaded; the file of details is the one that is not the summary. */
export const readBill = (archive: Buffer): readonly BillLine[] => {
  const decoder = new TextDecoder('gb18030')
  const details = filesIn(archive).filter(({ name }) => !decoder.decode(name).includes('汇总'))
  return details.flatMap(({ bytes }) => readDetail(decoder.decode(bytes)))
}
