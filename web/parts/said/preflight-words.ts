/** What the checks before a start find, and what to do about it. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const answers = words({
  check_key: [
    'Check the key of provider “{provider}”, and the account behind it.',
    '请检查供应商“{provider}”的密钥及其账户。',
  ],
  check_credit: [
    'Check the credit and the limits of the account at provider “{provider}”, then start again.',
    '请检查供应商“{provider}”账户的余额与限额，然后重新启动。',
  ],
  check_model: [
    'Check the name of the model in the route, as the provider calls it.',
    '请检查路由中的模型名称是否为供应商所用的名称。',
  ],
  look_closer: [
    '‘drover doctor’ and ‘drover probe’ look closer at provider “{provider}”.',
    '可用 drover doctor 与 drover probe 进一步检查供应商“{provider}”。',
  ],
  broke_off: ['the answer broke off before its end', '回答中途断开'],
  was_empty: ['the answer was empty', '回答为空'],
  completion_failed: [
    '[is_streamed?streamed ]completion {number} of {of} at {target} failed: {problem}',
    '{target} 的第 {number}/{of} 次[is_streamed?流式]补全失败：{problem}',
  ],
  not_asked_at: ['{target} could not be asked: {problem}', '无法请求 {target}：{problem}'],
  completions: ['{count} successive completions ({times})', '连续 {count} 次补全成功（{times}）'],
})

const probes = words({
  probes_passed: [
    '{passed} of {ran} probes passed in {calls} calls[repaired?, repaired by the relay: {repaired}][left_out?, {left_out} were not run ({why_left_out})]',
    '{ran} 项探测通过 {passed} 项，共 {calls} 次调用[repaired?，由中继修正：{repaired}][left_out?，{left_out} 项未运行（{why_left_out}）]',
  ],
  probe: ['{id} ({why})', '{id}（{why}）'],
  no_probe_ran: ['no probe could be run: {why}.', '无法运行任何探测：{why}。'],
  raise_limits: [
    'Raise preflight.max_cost_usd or max_calls, or say conformance: off.',
    '请提高 preflight.max_cost_usd 或 max_calls，或写 conformance: off。',
  ],
  would_notice: ['{passed}; clients would notice {failed}.', '{passed}；客户端会察觉：{failed}。'],
  probe_shows: [
    '{mend} ‘drover probe’ shows the exchanges; ‘preflight: { conformance: report }’ starts all the same.',
    '{mend} drover probe 可查看往来内容；preflight: { conformance: report } 可照常启动。',
  ],
  provider_missing: ['there is no provider “{provider}”.', '没有供应商“{provider}”。'],
  no_probes: [
    'there are no probes for the protocol of its provider; the completions have gone through',
    '该供应商的协议没有对应的探测；补全已成功',
  ],
  not_probed: ['it could not be probed: {problem}', '无法探测：{problem}'],
  probe_or_raise: [
    'Look with ‘drover probe’, or raise preflight.max_cost_usd.',
    '请用 drover probe 查看，或提高 preflight.max_cost_usd。',
  ],
})

const account = words({
  credit_untold: ['provider “{provider}” does not say what is left there', '供应商“{provider}”不提供余额'],
  credit_gone: ['{amounts} are left at provider “{provider}”.', '供应商“{provider}”仅剩 {amounts}。'],
  top_up: ['Top the account up, then start again.', '请充值后重新启动。'],
  credit_left: ['{amounts} are left', '剩余 {amounts}'],
  callers_ask_it: ['callers ask it themselves, with a key of their own', '调用方用自己的密钥直接调用'],
  takes_no_key: ['its provider takes no key', '该供应商不使用密钥'],
  needs_no_key: ['its provider needs no key', '该供应商无需密钥'],
  has_no_key: ['provider “{provider}” has no credential.', '供应商“{provider}”没有凭据。'],
  set_key: ['Set its api_key in drover.yaml.', '请在 drover.yaml 中设置其 api_key。'],
  no_free_call: [
    'its provider has no free call that a key could be tried with; the completions have used it',
    '该供应商没有可用于试密钥的免费调用；补全已使用过它',
  ],
  keys_refused: ['provider “{provider}” refuses {keys}.', '供应商“{provider}”拒绝了 {keys}。'],
  replace_key: [
    'Replace it or take it out of drover.yaml: calls that get it would fail.',
    '请更换或从 drover.yaml 中移除：使用它的调用会失败。',
  ],
  keys_taken: ['keys that are taken: {count}', '{count} 个密钥可用'],
  requests_a_minute: ['{limit} requests a minute', '每分钟 {limit} 次请求'],
  tokens_a_minute: ['{limit} tokens a minute', '每分钟 {limit} 个 token'],
  limit_short: [
    '{limit} of a key, and the busiest minute of its traffic had {busiest}: [percent?it is enough for {percent} % of the traffic.][!percent?not even the first step fits.]',
    '密钥限额为{limit}，而最繁忙的一分钟达到 {busiest}：[percent?仅够 {percent}% 的流量。][!percent?连第一步也不够。]',
  ],
  raise_quota: [
    'Have the limit raised, or give the provider more keys (api_keys), before the weight reaches it.',
    '请在占比达到之前提升限额，或为供应商增加密钥（api_keys）。',
  ],
  tells_no_limits: ['its answers tell no limits', '其应答不含限额信息'],
  busiest_unknown: ['nothing is known of the busiest minute', '最繁忙的一分钟未知'],
})

const others = words({
  way_back: [
    'a decision is kept after {kept_ms:duration} and in force {in_force_ms:duration} later[others_ms?, on the other nodes within {others_ms:duration}][most_ms?; it should be {most_ms:duration}.]',
    '决策在 {kept_ms:duration}后写入，再过 {in_force_ms:duration}生效[others_ms?，其他节点在 {others_ms:duration}内][most_ms?；应不超过 {most_ms:duration}。]',
  ],
  look_at_store: ['Look at the store and at the load of this machine.', '请检查存储与本机负载。'],
  not_looked_at: ['it could not be looked at: {problem}', '无法检查：{problem}'],
  try_again: ['Try again.', '请重试。'],
})

export const preflightWords = { ...answers, ...probes, ...account, ...others } satisfies SaidWords<
  SaidTables['preflight'],
  typeof answers & typeof probes & typeof account & typeof others
>
