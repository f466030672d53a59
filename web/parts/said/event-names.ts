/** What kinds of events are called. */

import type { EventName } from '#admin/contract.ts'
import type { Word } from '#parts/words.ts'
import { words } from '#parts/words.ts'

export const eventNames: Readonly<Record<EventName, Word>> = words({
  balance_low: ['Balance low', '余额不足'],
  budget_threshold: ['Budget threshold', '预算阈值'],
  certificate_expiry: ['Certificate ends', '证书到期'],
  credit_expiring: ['Credit ends', '额度到期'],
  credential_dead: ['Credential refused', '凭据被拒'],
  credential_expiry: ['Key ends', '密钥到期'],
  credential_resting: ['Credential limited', '凭据限流'],
  document_issued: ['Document issued', '单据开具'],
  drift: ['Drift', '指标漂移'],
  error_rate: ['Error rate', '错误率'],
  gate: ['Gate', '关口'],
  invoice_overdue: ['Invoice overdue', '发票逾期'],
  overhead_p99: ['Own time', '自身耗时'],
  payment_disputed: ['Payment disputed', '付款争议'],
  payment_mismatch: ['Payment does not fit', '付款不符'],
  payment_stuck: ['Payment stuck', '付款受阻'],
  pause: ['Migration paused', '迁移暂停'],
  promote: ['Migration goes on', '迁移推进'],
  provider_down: ['Provider away', '供应商不可用'],
  provider_up: ['Provider back', '供应商恢复'],
  reconcile_difference: ['Bills differ', '对账差异'],
  refund_requested: ['Refund asked for', '申请退款'],
  rollback: ['Migration rolled back', '迁移回滚'],
  spend_unusual: ['Unusual spend', '异常花费'],
  target_down: ['Target away', '目标不可用'],
  target_up: ['Target back', '目标恢复'],
  tokens_unusual: ['Unusual tokens', '异常 token'],
  upstream_balance_low: ['Provider credit low', '供应商余额不足'],
})
