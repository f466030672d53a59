/** Words of the parts, without the parts: who drives the console from outside finds things by them. */

import { words } from './words.ts'

export const dialogTexts = words({
  close: ['Close', '关闭'],
  cancel: ['Cancel', '取消'],
  type: ['Type {what} to confirm', '输入 {what} 以确认'],
})

export const chartTexts = words({ asTable: ['Show as table', '以表格显示'], asChart: ['Show as chart', '以图表显示'] })

export const codeTexts = words({ copy: ['Copy', '复制'], copied: ['Copied', '已复制'], code: ['Code', '代码'] })

export const stateTexts = words({
  wrong: ['This could not be done', '未能完成'],
  again: ['Try again', '重试'],
  request: ['Request {id}', '请求 {id}'],
  loading: ['Loading', '正在加载'],
  unreachable: [
    'The relay cannot be reached. Check that it runs and that this browser is online, then try again.',
    '无法连接到中继。请确认它正在运行、浏览器已联网，然后重试。',
  ],
  passkey_declined: [
    'The browser gave no passkey: it was declined, took too long, or this device has none for this server. Try again, or go another way.',
    '浏览器未提供通行密钥：已取消、超时，或此设备没有本服务器的通行密钥。请重试或换用其他方式。',
  ],
  passkey_known: [
    'This device has a passkey of yours already. Use that one, or add one of another device.',
    '此设备已有您的通行密钥。请直接使用，或添加其他设备的通行密钥。',
  ],
})

export const fileTexts = words({ read: ['{size} were read.', '已读取 {size}。'] })

export const pagerTexts = words({ newest: ['Newest', '最新'], older: ['Older', '更早'] })

export const documentKindWords = words({
  invoice: ['Invoice', '发票'],
  statement: ['Statement', '月度账单'],
  credit_note: ['Credit note', '贷项通知单'],
})

export const orderStateWords = words({
  created: ['Ordered', '已下单'],
  pending: ['Waits for the payer', '等待付款'],
  paid: ['Paid', '已付款'],
  credited: ['Credited', '已入账'],
  closed: ['Closed', '已关闭'],
  expired_unpaid: ['Ended unpaid', '过期未付'],
  paid_late: ['Paid too late', '逾期付款'],
  mismatch: ['Does not fit', '金额不符'],
  refund_pending: ['Refund under way', '退款中'],
  partially_refunded: ['Refunded in part', '部分退款'],
  refunded: ['Refunded', '已退款'],
  refund_asked: ['Refund asked for', '申请退款'],
  disputed: ['Disputed', '争议'],
})
