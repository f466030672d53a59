/** Refusals of the relay that those who run it, and payers, meet. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const operator = words({
  file_refused: [
    'The file is refused, nothing was changed: {faults}[more?; … and {more} more]',
    '文件未被接受，未作任何更改：{faults}[more?；另有 {more} 处]',
  ],
  fault_in: ['[line?line {line}: ][path?{path}: ]{what:fault}', '[line?第 {line} 行：][path?{path}：]{what:fault}'],
  change_refused: ['{what}: {why} Nothing was changed.', '{what}：{why}未作任何更改。'],
  too_many_changes: [
    'The file asks for {count} changes, and at most {most} are made at once, since calls wait for them. Apply it in parts: what is made already is no change any more.',
    '文件包含 {count} 项更改，一次最多 {most} 项，因为期间调用会等待。请分批应用：已完成的不再算作更改。',
  ],
  provider_not_applied: [
    "No provider '{name}' was applied. Those of drover.yaml are removed there.",
    '没有已应用的供应商“{name}”。drover.yaml 中的请在该文件中移除。',
  ],
  model_not_applied: [
    "No model '{name}' was applied. Those of drover.yaml are removed there.",
    '没有已应用的模型“{name}”。drover.yaml 中的请在该文件中移除。',
  ],
  applied_named: [
    "'{name}' is named by what was applied: {users}. Apply these without it first, or remove them.",
    '“{name}”正被已应用的 {users} 使用。请先应用不含它的版本，或将其移除。',
  ],
  no_provider_for_key: [
    "There is no provider '{name}' that takes a key. [meant?Did you mean '{meant}'? ][known?There are: {known}.][!known?There is none.]",
    '没有可用密钥的供应商“{name}”。[meant?是否指“{meant}”？][known?现有：{known}。][!known?目前没有。]',
  ],
  own_fees_kept: [
    "Your credentials for {providers} are charged {before}; the plan '{plan}' [fee?charges {fee}. Remove them, change the plan, and add them again.][!fee?has no credentials of your own. Remove them, then change the plan.]",
    '您在 {providers} 的凭据按 {before} 收费；套餐“{plan}”[fee?收费 {fee}。请移除凭据、更换套餐，再重新添加。][!fee?不含自有凭据。请先移除凭据，再更换套餐。]',
  ],
  signup_given: [
    "The credit of {id} has been given. 'drover credits revoke {lot}' takes back what is left.",
    '{id} 的额度已发放。“drover credits revoke {lot}”可收回剩余部分。',
  ],
  signup_gives_none: [
    "The plan of {id} gives no sign-up credit. 'drover credits grant' gives any.",
    '{id} 的套餐没有注册赠送。可用“drover credits grant”另行授予。',
  ],
  limit_of_postpaid: [
    'A credit limit belongs to a postpaid account, and {account} is {billing}.',
    '信用额度仅适用于后付费账户，而 {account} 为 {billing}。',
  ],
  limit_below_owed: [
    'Account {account} owes {owed} USD and holds {held} USD for calls under way: its limit cannot be less than {needed} USD now. Suspend it to let no new calls begin.',
    '账户 {account} 欠 {owed} 美元，并为进行中的调用预留 {held} 美元：信用额度目前不能低于 {needed} 美元。如需停止新调用，请暂停账户。',
  ],
  yuan_over: [
    '{amount} yuan are more than the {available} that may be invoiced: what was paid in yuan and used, less what was asked for before. Gifts and credit that is left do not count.',
    '{amount} 元超出可开票金额 {available} 元：可开票金额为以人民币支付且已使用的部分，减去此前已申请的部分。赠送与未用额度不计。',
  ],
  titles_enough: [
    'An account has at most {most} titles: remove one first.',
    '每个账户最多 {most} 个抬头，请先移除一个。',
  ],
  fapiao_number_used: [
    'The number {number} is that of the request {request}: look whether it is the right one.',
    '发票号码 {number} 已用于申请 {request}，请核对是否正确。',
  ],
  method_not_on: [
    "The payment method '{name:method}' is not on. [on?These are: {on}][!on?None is: see 'payments' in drover.yaml].",
    '支付方式“{name:method}”未启用。[on?已启用：{on}][!on?尚未启用任何方式，见 drover.yaml 的 payments]。',
  ],
  method_takes: ["'{method:method}' takes as {what}: {choices}.", '“{method:method}”的 {what} 可选：{choices}。'],
  terms_unaccepted: [
    "The terms of sale of version '{version}' ({url}) are not accepted by this account. Show them to the payer, then order with 'accept_terms': '{version}'.",
    '此账户尚未接受版本“{version}”的销售条款（{url}）。请先向付款人展示并接受条款，再下单。',
  ],
  no_model_named: [
    "There is no model '{name}'.[near? Did you mean {near}?] 'drover models list' shows those that there are.",
    '没有模型“{name}”。[near?是否指 {near}？]“drover models list”列出现有的。',
  ],
  price_free_amounts: [
    'A price that is free has no amounts: leave them out, or leave --free out.',
    '免费的价格没有金额：请去掉金额，或取消免费。',
  ],
  price_no_amount: [
    'Say at least one amount, such as --input 0.60 --output 2.50, or --free.',
    '请至少填写一项金额，或设为免费。',
  ],
  price_all_zero: [
    'Every amount is 0. Write --free where calls are to cost nothing on purpose.',
    '所有金额均为 0。若有意免费，请设为免费。',
  ],
  price_slip: [
    'More than 1,000 {currency} is a slip of the point more often than a price. Repeat with --yes where it is meant.',
    '超过 1,000 {currency} 往往是小数点有误。若确实如此，请用命令行的 --yes 重试。',
  ],
  price_one_scope: [
    'A price is for an account or for a plan, not for both.',
    '价格只能用于账户或套餐之一，不能同时用于两者。',
  ],
  price_ends_first: ['It ends before it begins.', '结束时间早于开始时间。'],
  price_in_file: [
    "The price of '{model}' stands in drover.yaml, which counts more. Change it there, or take it out there first.",
    '“{model}”的价格在 drover.yaml 中设置（优先）。请在该文件中更改，或先从中去掉。',
  ],
  price_applied: [
    "The price of '{model}' stands in the file that it was applied from, which counts more. Change it there, or take it out there first.",
    '“{model}”的价格在应用它的文件中设置（优先）。请在该文件中更改，或先从中去掉。',
  ],
  list_for_all: ['A list price is the same for everybody.', '目录价对所有人相同。'],
  no_vendor: ["There is no vendor '{name}'.", '没有厂商“{name}”。'],
  no_price_entry: [
    "There is no price entry '{id}' that stands. 'drover prices history' lists them with their ids.",
    '没有有效的价格条目“{id}”。“drover prices history”列出各条目及其 ID。',
  ],
  change_impossible: [
    "'{change}' is not possible while the migration is {phase:phase}: {mend:fault}.",
    '迁移处于“{phase:phase}”时不能执行“{change}”：{mend:fault}。',
  ],
  not_started: [
    "The migration is not started: {why}. [is_plan?'drover migrate plan' shows the whole plan.][!is_plan?'drover migrate preflight' looks again; --skip-preflight REASON starts without it.]",
    '迁移未启动：{why} [is_plan?“drover migrate plan”可查看完整计划。][!is_plan?“drover migrate preflight”可重新检查；“--skip-preflight 原因”可跳过检查启动。]',
  ],
  no_step_so_heavy: ['No step has a weight of {percent} % or more.', '没有权重达到 {percent}% 的步骤。'],
  no_start_date: [
    "'{text}' is no date with a time and a zone. Write 2026-12-01T06:00Z, or 2026-12-01T14:00+08:00.",
    '“{text}”不是带时间与时区的日期。请写成 2026-12-01T06:00Z 或 2026-12-01T14:00+08:00。',
  ],
  start_past: ['{at:moment} is past. Leave --at out to start now.', '{at:moment} 已过。去掉 --at 即立即启动。'],
  start_too_far: ['{at:moment} is more than 90 days ahead.', '{at:moment} 距今超过 90 天。'],
  not_promoted: [
    "Migration \"{name}\" is not promoted: {why}. 'drover migrate rollback {name}' goes back; after a pause that is explained, 'resume' begins the evidence anew.",
    '迁移“{name}”未推进：{why}。“drover migrate rollback {name}”可回退；若暂停已有解释，“resume”会重新收集证据。',
  ],
  promoted_meanwhile: [
    'Migration "{name}" sends {percent} % to the candidate by now: somebody else, or its gate, was faster. Look with \'drover migrate status {name}\', then promote again to go further.',
    '迁移“{name}”现已将 {percent}% 发往候选：他人或关口已先行推进。请先用“drover migrate status {name}”查看，再决定是否继续推进。',
  ],
  no_passkeys_here: ['There are no passkeys here: {why:fault}.', '此处不能使用通行密钥：{why:fault}。'],
})

export const operatorRefusalWords: SaidWords<SaidTables['operatorRefusal'], typeof operator> = operator
