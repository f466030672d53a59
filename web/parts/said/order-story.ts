/** What has happened to an order. */

import type { Word } from '#parts/words.ts'
import { words } from '#parts/words.ts'

const stories: Readonly<Record<string, Word>> = words({
  created: ['Ordered', '已下单'],
  begun: ['Sent to the method', '已发往支付方式'],
  notice: ['Notice of the method', '支付方式通知'],
  confirmed: ['Transfer confirmed', '已确认到账'],
  approved: ['Agreed by a second person', '已复核'],
  rejected: ['Not agreed', '复核未通过'],
  paid: ['Paid', '已付款'],
  paid_late: ['Paid too late', '逾期付款'],
  credited: ['Credited', '已入账'],
  mismatch: ['Does not fit', '金额不符'],
  second_payment: ['Paid a second time', '重复付款'],
  ended: ['Ended', '已结束'],
  close_asked: ['To be closed', '申请关闭'],
  resolved: ['Resolved', '已处理'],
  card_kept: ['Card kept', '已保存银行卡'],
  refund_requested: ['Refund asked for', '申请退款'],
  refund_refused: ['Refund refused', '拒绝退款'],
  refund_asked: ['Refund sent', '已发起退款'],
  refunded: ['Refunded', '已退款'],
  refund_failed: ['Refund failed', '退款失败'],
  refund_returned: ['Refund came back', '退款被退回'],
  refunded_outside: ['Refunded at the method', '已在支付方退款'],
  disputed: ['Disputed', '争议'],
  dispute_won: ['Dispute won', '争议胜诉'],
  dispute_lost: ['Dispute lost', '争议败诉'],
  dispute_fee: ['Dispute fee', '争议手续费'],
  dispute_fee_returned: ['Dispute fee returned', '争议手续费退回'],
})

/** In words; one of another version may be named otherwise. */
export const storyWord = (kind: string): Word => stories[kind] ?? [kind.replaceAll('_', ' '), kind.replaceAll('_', ' ')]
