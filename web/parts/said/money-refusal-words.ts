/** Refusals of the relay. Money: credit, orders, budgets, documents. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const money = words({
  credit_limit_postpaid: [
    'A credit limit belongs to a postpaid account, and this one is {billing}.',
    '信用额度仅适用于后付费账户，而此账户为 {billing}。',
  ],
  owner_closes: ['Only an owner closes the account of an organisation.', '只有所有者可以关闭组织的账户。'],
  closed_no_plan: ['This account is closed: it has no plan to change.', '此账户已关闭，没有可更改的套餐。'],
  no_card: [
    "Account {account} has left no card. 'drover payments create --method stripe --keep-card' asks the payer for one.",
    '账户 {account} 未留存银行卡。“drover payments create --method stripe --keep-card”可请付款人留存。',
  ],
  month_max_low: [
    "'month_max' must be at least what one charge buys: set 'usd' and 'month_max'.",
    '“month_max”不能低于一次扣款购买的金额：请设置“usd”与“month_max”。',
  ],
  key_of_other_account: ["Key '{handle}' is not of account {account}.", '密钥“{handle}”不属于账户 {account}。'],
  budget_of_one: [
    'A budget is of one project, one member or one key: name one of them. Set another one for the other.',
    '一个预算只能属于一个项目、一个成员或一个密钥：请只选其一，其他的另设预算。',
  ],
  no_budget: [
    "There is no budget {id}. 'drover budgets list' shows those that there are.",
    '没有预算 {id}。“drover budgets list”列出现有的。',
  ],
  expires_past: ["'expires' lies in the past.", '到期时间（expires）已过。'],
  no_batch: [
    "There is no batch '{handle}'. 'drover codes list' shows those that there are.",
    '没有批次“{handle}”。“drover codes list”列出现有的。',
  ],
  code_guessing: [
    'Too many codes that there are not were tried for this account. Try again later.',
    '此账户尝试了太多不存在的兑换码，请稍后再试。',
  ],
  no_account: [
    "There is no account '{handle}'. 'drover accounts list' shows those that there are.",
    '没有账户“{handle}”。“drover accounts list”列出现有的。',
  ],
  no_books: ['Account {account} has no books.', '账户 {account} 没有账簿。'],
  paid_of_bundle: [
    "'paid' belongs to a bundle: of {kind} credit it is known.",
    '“paid”仅用于捆绑额度：{kind} 额度的付款已知。',
  ],
  no_fapiao_request: [
    "There is no request '{id}'. 'drover fapiao list' shows those that there are.",
    '没有申请“{id}”。“drover fapiao list”列出现有的。',
  ],
  no_title: [
    "The account has no title '{handle}'. 'drover fapiao titles' shows those that it has.",
    '此账户没有抬头“{handle}”。“drover fapiao titles”列出现有的。',
  ],
  invoiceable_changed: [
    'What may be invoiced has changed just now: ask again.',
    '可开票金额刚刚发生变化，请重新申请。',
  ],
  fapiao_state: [
    'The request {id} is {state:fapiao}, and only one that is {from:fapiao} can be changed so.',
    '申请 {id} 的状态为 {state:fapiao}，只有状态为 {from:fapiao} 的才能这样更改。',
  ],
  fapiao_no_file: ['The request {id} has no file (yet).', '申请 {id} 还没有文件。'],
  no_document: [
    "There is no document '{handle}'. 'drover invoices list' shows those that there are.",
    '没有单据“{handle}”。“drover invoices list”列出现有的。',
  ],
  order_not_credited: ['Order {order} was not credited: it has no invoice.', '订单 {order} 未入账，没有账单。'],
  order_postpaid: [
    "Order {order} is of a postpaid account: it pays the invoices that 'drover invoices due' shows, and has none of its own.",
    '订单 {order} 属于后付费账户：它支付“drover invoices due”列出的账单，自身没有账单。',
  ],
  no_refund: ['There is no refund {id}.', '没有退款 {id}。'],
  refund_by_method: [
    '{method:method} says itself what becomes of its refunds.',
    '{method:method} 会自行告知退款结果。',
  ],
  no_order_listed: [
    "There is no order '{id}'. 'drover payments list' shows those that there are.",
    '没有订单“{id}”。“drover payments list”列出现有的。',
  ],
  no_order: ['There is no order {id}.', '没有订单 {id}。'],
  plan_exists: [
    "There is already a plan named '{name}'. 'drover plans set {name}' changes it.",
    '已有名为“{name}”的套餐。“drover plans set {name}”可更改它。',
  ],
  plan_declared: [
    "Plan '{name}' is declared in drover.yaml (managed by file): change it there.",
    '套餐“{name}”在 drover.yaml 中声明（由文件管理），请在文件中更改。',
  ],
  table_no_json: [
    'The table is not JSON. Give the file as its project publishes it.',
    '价目表不是 JSON，请提供其项目发布的原始文件。',
  ],
  table_unknown: [
    "The file is no table that is known: genai-prices' data.json, models.dev's api.json, LiteLLM's model_prices_and_context_window.json, or a file of Portkey's pricing.",
    '无法识别此价目表：支持 genai-prices 的 data.json、models.dev 的 api.json、LiteLLM 的 model_prices_and_context_window.json，或 Portkey 的价格文件。',
  ],
  no_proposals: [
    "There are no proposals. Read tables with 'drover prices import --file FILE', at least two of them.",
    '没有建议价格。请用“drover prices import --file FILE”读入至少两份价目表。',
  ],
  proposal_doubtful: [
    "Models that are named are taken although their tables differ or they change twofold: look at 'drover prices diff', then repeat with --yes.",
    '指明的模型即使价目表不一致或变动达两倍也会采用：请先查看“drover prices diff”，再以 --yes 重试。',
  ],
  no_proposal: [
    "No table proposes a price for '{model}'. Write vendor/model as 'drover prices diff' does.",
    '没有价目表给出“{model}”的价格。请按“drover prices diff”的写法填写 供应商/模型。',
  ],
  no_seller: [
    'Nothing says who sells: set "seller: { name, address }" in drover.yaml, then documents are issued.',
    '尚未说明卖方：请在 drover.yaml 中设置“seller: { name, address }”，之后即可开具单据。',
  ],
  month_before_account: [
    "Account '{account}' was made after {month}: there is nothing to state.",
    '账户 {account} 在 {month} 之后才创建，没有可出具的对账单。',
  ],
  month_not_over: [
    '{month} is not over: its statement is issued afterwards.',
    '{month} 尚未结束，对账单在月末之后出具。',
  ],
  special_for_companies: [
    'A special fapiao is for companies that pay VAT: choose a title of a company, or an ordinary one.',
    '专用发票仅限缴纳增值税的企业：请选择企业抬头，或开具普通发票。',
  ],
  whole_fen: ["'amount' must be yuan in whole fen.", '金额必须为人民币，精确到分。'],
  no_answer_in_time: ['{host} did not answer in time.', '{host} 未及时应答。'],
  order_moving: ['Order {id} is moved by others just now. Try again.', '订单 {id} 正被他人处理，请重试。'],
  mismatch_unvalued: [
    "What came for order {order} cannot be valued at its rate. Refund it: 'drover payments refund {order}'.",
    '订单 {order} 收到的款项无法按其汇率计价。请退款：“drover payments refund {order}”。',
  ],
  nothing_to_resolve: [
    'Order {id} is {state:order}: nothing is to be resolved.',
    '订单 {id} 的状态为 {state:order}，没有待处理的差异。',
  ],
  orders_waiting: [
    "{count} orders of this account wait to be paid already. Pay or close one ('drover payments close'), or wait until they expire.",
    '此账户已有 {count} 个待付款订单。请付款或关闭其一（“drover payments close”），或等待其过期。',
  ],
  order_key_reused: [
    'This key has opened order {order} for another amount or method. Use a new key for a new order.',
    '此幂等键已用于另一金额或方式的订单 {order}，新订单请换用新的。',
  ],
  no_credit_price: [
    'Nothing says what a dollar of credit costs in {currency}. Set "settlement: { {currency}: [{ rate, from }] }" in drover.yaml.',
    '未设置 {currency} 的额度价格。请在 drover.yaml 中设置“settlement: { {currency}: [{ rate, from }] }”。',
  ],
  no_market_rate: [
    'There is no market rate of {currency} for today. Set "fx: { {currency}: [{ rate, from }] }" in drover.yaml.',
    '今日没有 {currency} 的市场汇率。请在 drover.yaml 中设置“fx: { {currency}: [{ rate, from }] }”。',
  ],
  order_too_large: [
    '{usd} USD of credit cost more than one order can: {most} {currency}.',
    '{usd} 美元的额度超出单个订单的上限：{most} {currency}。',
  ],
  no_bills: ["'{name}' has no bills to compare with.", '“{name}”没有可核对的账单。'],
  refund_between: [
    'Between 0.01 and {most} can go back of order {order}. Fees are not paid back.',
    '订单 {order} 可退 0.01 至 {most}。手续费不退。',
  ],
  refund_key_reused: [
    'This key has asked for refund {id} of {amount}, for another amount or reason. Use a new key for a new refund.',
    '此幂等键已用于退款 {id}（{amount}），金额或原因不同，新退款请换用新的。',
  ],
  refund_again: [
    'Refund {id} of order {order} is of {amount} for the same reason, and is {state}. If another one is meant, send it with an Idempotency-Key of its own, or say why.',
    '订单 {order} 的退款 {id}（{amount}）原因相同，状态为 {state}。若另有一笔，请使用自己的幂等键，或说明原因。',
  ],
  method_off: ["'{name:method}' is not on.", '“{name:method}”未启用。'],
  method_between: [
    "By '{name:method}' from {least} to {most} USD of credit can be bought at once.",
    '通过“{name:method}”一次可购买 {least} 至 {most} 美元的额度。',
  ],
  paid_by_method: [
    "Order {order} is paid by {method:method}, which says itself what was paid: 'drover payments refresh {order}' asks it.",
    '订单 {order} 通过 {method:method} 支付，付款结果由其告知：“drover payments refresh {order}”可查询。',
  ],
  second_person: [
    "The transfer of order {order} was confirmed by {by:who} and waits for another person: 'drover payments approve {order}'.",
    '订单 {order} 的转账已由 {by:who} 确认，等待另一人批准：“drover payments approve {order}”。',
  ],
  transfer_used: ['The transfer {reference} has paid order {order} already.', '转账 {reference} 已用于订单 {order}。'],
  nothing_to_close: [
    "Order {id} is {state:order}: it was paid, and is not closed any more. 'drover payments refund {id}' pays it back.",
    '订单 {id} 的状态为 {state:order}：已付款，不能再关闭。“drover payments refund {id}”可退款。',
  ],
  nothing_to_confirm: [
    'Order {id} is {state:order}: nothing is to be confirmed.',
    '订单 {id} 的状态为 {state:order}，没有待确认的内容。',
  ],
  nothing_to_approve: ['Order {id} has no transfer that waits for approval.', '订单 {id} 没有待批准的转账。'],
  another_approves: [
    '{actor:who} has confirmed this transfer: above the limit another person must approve it, with a key of their own.',
    '{actor:who} 已确认此转账：超过限额时须由另一人以其自己的密钥批准。',
  ],
  batch_exists: ['There is already a batch named "{name}".', '已有名为“{name}”的批次。'],
  payment_used: ['The payment {payment} has paid order {order} already.', '付款 {payment} 已用于订单 {order}。'],
  credit_nothing: ['Credit is more than nothing.', '额度必须大于零。'],
  credit_too_large: [
    '{usd} USD are more than can be given at once: {most} USD.',
    '{usd} 美元超出单次可授予的上限：{most} 美元。',
  ],
  paid_over_credit: ['What was paid for credit is not more than the credit.', '已付金额不能高于额度。'],
  account_takes_no_credit: ['Account {account} is closed: it takes no credit.', '账户 {account} 已关闭，不能再入账。'],
  account_closed_for_good: ['Account {account} is closed, for good.', '账户 {account} 已永久关闭。'],
  no_lot: [
    "There is no lot {id}. 'drover credits list' shows those that there are.",
    '没有额度批次 {id}。“drover credits list”列出现有的。',
  ],
  lot_of_order: [
    "Lot {id} was bought by order {order}: 'drover payments refund {order}' takes it back and pays it back.",
    '额度批次 {id} 由订单 {order} 购买：“drover payments refund {order}”可收回并退款。',
  ],
  correction_of_nothing: ['A correction is not of nothing.', '更正金额不能为零。'],
  code_unknown: [
    'There is no such code. Check it character by character: it looks like DRV-XXXX-XXXX-XXXX-XXXX.',
    '没有此兑换码。请逐字核对，格式为 DRV-XXXX-XXXX-XXXX-XXXX。',
  ],
  code_redeemed: ['This code has been redeemed. Each works once.', '此兑换码已被使用，每个只能用一次。'],
  code_expired: ['This code can be redeemed no more: its time is over.', '此兑换码已过期。'],
  code_voided: ['This code can be redeemed no more: it was withdrawn.', '此兑换码已被撤回。'],
  code_once: [
    'This account has redeemed a code of this batch, and each account may redeem one.',
    '此账户已兑换过该批次的兑换码，每个账户只能兑换一个。',
  ],
  order_gives_nothing_back: [
    'Order {order} is {state:order}: no money of it can go back.',
    '订单 {order} 的状态为“{state:order}”，不能退款。',
  ],
  order_gave_all_back: [
    'All that order {order} can give back has gone back, or is on its way.',
    '订单 {order} 的可退金额已全部退还或正在退还。',
  ],
  refund_asked_already: [
    'A refund of order {order} is asked for already: it waits for a person.',
    '订单 {order} 的退款已在申请中，等待人工处理。',
  ],
  refund_not_asked: ['No refund of order {order} is asked for.', '订单 {order} 没有退款申请。'],
  refund_all_back: [
    'Order {order} cannot be refunded: all of it has gone back, or is on its way.',
    '订单 {order} 不能退款：已全部退还或正在退还。',
  ],
  refund_in_state: [
    'Order {order} cannot be refunded: it is {state:order}.',
    '订单 {order} 不能退款：状态为“{state:order}”。',
  ],
  plan_of_operator: [
    "The plan '{name}' is given by the operator. [open?You may choose {open}.][!open?There is none to choose.]",
    '套餐“{name}”由运维者分配。[open?您可选择：{open}。][!open?没有可自选的套餐。]',
  ],
  no_plan: [
    "There is no plan '{name}'. [plans?Plans here: {plans}.][!plans?Make one with 'drover plans create', or declare it in drover.yaml.]",
    '没有套餐“{name}”。[plans?现有套餐：{plans}。][!plans?请用“drover plans create”新建，或在 drover.yaml 中声明。]',
  ],
  no_terms: ['No terms are asked for: nothing is to be accepted.', '没有需要接受的条款。'],
  other_terms: [
    "The terms in force are of version '{version}', not '{given}': show these to the payer.",
    '现行条款为版本“{version}”，而非“{given}”：请向付款人展示现行版本。',
  ],
  no_own_credentials: [
    'Your plan has no credentials of your own. Change to one that has, or ask the operator.',
    '您的套餐不含自有凭据。请更换套餐，或联系运维者。',
  ],
  fee_of_plan: ["The relay fee is your plan's, {fee}: leave it out.", '中继费由您的套餐决定（{fee}），请勿填写。'],
})

export const moneyRefusalWords: SaidWords<SaidTables['moneyRefusal'], typeof money> = money
