/** What events say, and what a server says of its health. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const migrations = words({
  migration_decided: [
    'Migration “{name}” is {phase:phase}[percent?, at {percent:weight}][step? (step {step})][starts_at_ms?, to start at {starts_at_ms:moment}]: {why}.',
    '迁移“{name}”{phase:phase}[percent?，占比 {percent:weight}][step?（第 {step} 步）][starts_at_ms?，于 {starts_at_ms:moment} 启动]：{why}。',
  ],
  migration_waits: [
    'Migration “{name}” waits at step {step} ({percent:weight}): its gate is open, and somebody may promote it.',
    '迁移“{name}”停在第 {step} 步（{percent:weight}）：关口已开，可由人工推进。',
  ],
  migration_drifted: [
    'Since migration “{name}” was complete, its {figure} has risen and stays so. Nothing was moved; it can still be rolled back.',
    '迁移“{name}”完成后，{figure} 持续升高。流量未移动，仍可回滚。',
  ],
})

const money = words({
  balance_low: [
    '{account:who} has {usd:usd} left to spend: add credit, or its calls will be refused.',
    '{account:who} 仅剩 {usd:usd} 可用：请充值，否则调用将被拒绝。',
  ],
  budget_reached: [
    'The budget of {kind:subject} {subject:who}[model? for {model}] has reached {percent} %: {spent_usd:usd} of {limit_usd:usd} {period:period}.',
    '{kind:subject} {subject:who} 的预算[model?（{model}）]已用 {percent}%：{spent_usd:usd} / {limit_usd:usd}（{period:period}）。',
  ],
  credit_expiring: [
    '{usd:usd} of {kind:lot} credit of {account:who} end in {days} days ({day:day}).',
    '{account:who} 的 {usd:usd} {kind:lot}额度将在 {days} 天后到期（{day:day}）。',
  ],
  spend_unusual: [
    'Key {key:who} has spent {usd:usd} in this hour, more than {times} times what is usual for it: its requests show on what; it can be revoked.',
    '密钥 {key:who} 本小时已花费 {usd:usd}，超过平时的 {times} 倍：可在请求中查看用途，或撤销该密钥。',
  ],
  tokens_unusual: [
    'Key {key:who} uses {tokens} tokens a call in this hour; {usual} are usual for it.',
    '密钥 {key:who} 本小时每次调用 {tokens} 个 token；平时为 {usual} 个。',
  ],
  key_ends: [
    'Key “{name}” ends at {ends:moment}, [days?in {days} days][!days?in less than a day]: give its user a new one ({key}).',
    '密钥“{name}”将于 {ends:moment} 到期，[days?还有 {days} 天][!days?不足一天]：请为使用者换发新密钥（{key}）。',
  ],
  document_issued: [
    '{number} over {total} was issued to {account:who}.',
    '已向 {account:who} 开具 {number}，金额 {total}。',
  ],
  invoice_overdue: [
    '{usd:usd} of {number} of {account:who} were due on {day:day} and are not paid.',
    '{account:who} 的 {number} 有 {usd:usd} 应于 {day:day} 付清，尚未付款。',
  ],
  refund_asked: [
    'A refund of order {order} ({method:method}) is asked for: {reason}',
    '订单 {order}（{method:method}）申请退款：{reason}',
  ],
  refund_failed: [
    'Refund {refund} of order {order} at {method:method} failed: {problem}. Its credit was given back; refund another way.',
    '订单 {order} 在 {method:method} 的退款 {refund} 失败：{problem}。额度已退还账户，请以其他方式退款。',
  ],
  refund_waits: [
    'Refund {refund} of order {order} at {method:method} waits: {note}.',
    '订单 {order} 在 {method:method} 的退款 {refund} 等待处理：{note}。',
  ],
  refund_came_back: [
    'Refund {refund} of order {order} at {method:method} came back after it had left: {problem}. [is_closed?The account is closed and takes no credit: pay it out another way.][!is_closed?Its credit was given back; refund another way.]',
    '订单 {order} 在 {method:method} 的退款 {refund} 发出后被退回：{problem}。[is_closed?账户已关闭，无法入账，请以其他方式付还。][!is_closed?额度已退还账户，请以其他方式退款。]',
  ],
  refund_left_waits: [
    'Refund {refund} of order {order} at {method:method} had left and waits: {note}.',
    '订单 {order} 在 {method:method} 的退款 {refund} 已发出，等待处理：{note}。',
  ],
  paid_twice: [
    'Order {order} was paid a second time ({transaction}). Nothing was credited for it: pay it back at {method:method}.',
    '订单 {order} 被重复付款（{transaction}）。未为其入账，请在 {method:method} 退还。',
  ],
  paid_otherwise: [
    '{paid} came for order {order}: {note}. Resolve or refund it under Orders.',
    '订单 {order} 收到 {paid}：{note}。请在“订单”中处理或退款。',
  ],
  not_credited: [
    '{paid} came for order {order} and could not be credited: {note}.',
    '订单 {order} 收到 {paid}，但无法入账：{note}。',
  ],
  dispute_opened: [
    'The payer’s bank took {amount} of order {order} back: its credit is taken from the account, and what was spent is owed. Answer the dispute at {method:method}.',
    '付款银行收回了订单 {order} 的 {amount}：额度已从账户扣除，已花费部分记为欠款。请在 {method:method} 回应争议。',
  ],
  dispute_won: [
    'The dispute about order {order} is won: {amount} is credited again.',
    '订单 {order} 的争议已胜诉：{amount} 重新入账。',
  ],
  dispute_lost: [
    'The dispute about order {order} is lost: {amount} stays with the payer.',
    '订单 {order} 的争议已败诉：{amount} 归付款方。',
  ],
  card_refused: [
    'The card ending in {ending} could not be charged {usd:usd}: {problem}. [is_off?Automatic top-up is off now.][!is_off?It is tried again later.]',
    '尾号 {ending} 的银行卡未能扣款 {usd:usd}：{problem}。[is_off?自动充值现已关闭。][!is_off?稍后重试。]',
  ],
  bills_differ: [
    'The bill of {method:method} for {day:day} and our orders differ {differences} times: {ours} only ours, {theirs} only theirs, {amounts} amounts, {fees} fees.',
    '{method:method} 在 {day:day} 的账单与我方订单有 {differences} 处不符：仅我方 {ours}、仅对方 {theirs}、金额 {amounts}、手续费 {fees}。',
  ],
})

const traffic = words({
  certificate_ended: [
    'The server’s certificate ended at {ends:moment}: callers that check it are refused. Replace the file of server.tls.cert and restart.',
    '服务器证书已于 {ends:moment} 过期：会校验证书的调用方将被拒绝。请替换 server.tls.cert 的文件并重启。',
  ],
  certificate_ends: [
    'The server’s certificate ends at {ends:moment}, in {days} days: replace the file of server.tls.cert and restart.',
    '服务器证书将于 {ends:moment} 到期，还有 {days} 天：请替换 server.tls.cert 的文件并重启。',
  ],
  overhead_high: [
    'Drover’s own time is {ms} ms at the 99th percentile of the last 5 minutes (over {above_ms} ms): look at the store’s disk, the CPU and the size of bodies.',
    '最近 5 分钟 Drover 自身耗时的第 99 百分位为 {ms} 毫秒（超过 {above_ms} 毫秒）：请检查存储磁盘、CPU 与请求体大小。',
  ],
  errors_high: [
    '{percent} % of the calls of the last 5 minutes failed by no fault of the caller: see Requests.',
    '最近 5 分钟有 {percent}% 的调用失败，且非调用方原因：请查看“请求”。',
  ],
  provider_failed: [
    'Every one of {attempts} attempts at provider “{provider}” in the last minute failed: see its status page.',
    '最近一分钟对供应商“{provider}”的 {attempts} 次尝试全部失败：请查看其状态页。',
  ],
  provider_away: [
    'Provider “{provider}” is away, as {checks} checks in a row have found: [status?it answers {status}.][problem?{problem}] Other targets are asked.',
    '供应商“{provider}”不可用，连续 {checks} 次检查均未通过：[status?应答 {status}。][problem?{problem}]已改用其他目标。',
  ],
  provider_back: ['Provider “{provider}” answers again.', '供应商“{provider}”已恢复应答。'],
  provider_credit_low: [
    'Provider {provider} has {left} {currency} of prepaid credit left: top it up, or its calls will fail.',
    '供应商 {provider} 的预付余额仅剩 {left} {currency}：请充值，否则其调用将失败。',
  ],
  key_refused_by_check: [
    'Provider “{provider}” refuses a credential, as a check has found. Check the key and the account behind it.',
    '检查发现供应商“{provider}”拒绝了一个凭据。请检查该密钥及其账户。',
  ],
  key_refused: [
    'Provider “{provider}” refuses its credential {credential}[minutes?: it is not used for {minutes} minutes][!minutes?, the only one]. Check the key and the account behind it.',
    '供应商“{provider}”拒绝了凭据 {credential}[minutes?：{minutes} 分钟内不再使用][!minutes?（唯一的一个）]。请检查该密钥及其账户。',
  ],
  key_rests: [
    'Provider “{provider}” limits its credential {credential}: it rests for {seconds} s.',
    '供应商“{provider}”对凭据 {credential} 限流：暂停使用 {seconds} 秒。',
  ],
  target_failed: [
    '{target} failed again and again ({problem}): other targets are asked in its place.',
    '{target} 接连失败（{problem}）：已改用其他目标。',
  ],
  target_back: ['{target} answers again.', '{target} 已恢复应答。'],
  test_reaches: ['This is a test: Drover reaches you this way.', '这是一条测试：Drover 可通过此方式通知您。'],
})

export const eventWords = { ...migrations, ...money, ...traffic } satisfies SaidWords<
  SaidTables['event'],
  typeof migrations & typeof money & typeof traffic
>

const health = words({
  store_fails: ['{problem}', '存储出现故障：{problem}'],
  is_ending: ['this server is about to end', '本服务器即将停止'],
  changes_unheard: [
    'the store was last heard {ms} ms ago: changes may have been missed',
    '上次收到存储消息是在 {ms} 毫秒前：可能遗漏了更改',
  ],
  redis_away: [
    'Redis ({places}) has been away for {for_ms:duration} ({problem}): this node enforces its share of each limit, of {nodes}',
    'Redis（{places}）已不可用 {for_ms:duration}（{problem}）：本节点按 {nodes} 个节点均分执行各项限流',
  ],
  node_differs: [
    'the configuration file of node {node}[url? ({url})] differs from this node’s',
    '节点 {node}[url?（{url}）]的配置文件与本节点不同',
  ],
  secret_away: [
    'the secret {secret} could not be fetched since {since:moment}, the last value stays: {problem}',
    '自 {since:moment} 起无法获取密文 {secret}，沿用上次的值：{problem}',
  ],
  restart_needed: ['a restart is needed for {settings}', '以下设置需重启后生效：{settings}'],
  rule_for_nobody: [
    "{rule} is for {kind} '{name}', and there is no such thing[byId? (they go by id)]: it holds for no call by that",
    '{rule}.{kind} 中的“{name}”不存在[byId?（须写 ID）]：该项对任何调用都不生效',
  ],
  plan_gone: [
    "the plan '{plan}' is there no more, and {accounts} of the accounts have it: only their keys are limited. Declare it again, or give them another ('drover accounts set')",
    '套餐“{plan}”已不存在，仍有 {accounts} 个账户使用它：只有其密钥受限。请重新声明，或为它们更换套餐（“drover accounts set”）',
  ],
  file_has_faults: ['the configuration file has faults and is not in force', '配置文件有错误，未生效'],
})

export const healthWords: SaidWords<SaidTables['health'], typeof health> = health
