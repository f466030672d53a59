/** Refusals that people meet in the console: by code, in English. Money: credit, orders, budgets, documents. Each code is worded in the console as well. */

export const moneyRefusals = {
  credit_limit_postpaid: ({ billing }: { billing: string }) =>
    `A credit limit belongs to a postpaid account, and this one is ${billing}.`,
  owner_closes: () => 'Only an owner closes the account of an organisation.',
  closed_no_plan: () => 'This account is closed: it has no plan to change.',
  no_card: ({ account }: { account: string }) =>
    `Account ${account} has left no card. 'drover payments create --method stripe --keep-card' asks the payer for one.`,
  month_max_low: () => "'month_max' must be at least what one charge buys: set 'usd' and 'month_max'.",
  key_of_other_account: ({ handle, account }: { handle: string; account: string }) =>
    `Key '${handle}' is not of account ${account}.`,
  budget_of_one: () =>
    'A budget is of one project, one member or one key: name one of them. Set another one for the other.',
  no_budget: ({ id }: { id: string }) => `There is no budget ${id}. 'drover budgets list' shows those that there are.`,
  expires_past: () => "'expires' lies in the past.",
  no_batch: ({ handle }: { handle: string }) =>
    `There is no batch '${handle}'. 'drover codes list' shows those that there are.`,
  code_guessing: () => 'Too many codes that there are not were tried for this account. Try again later.',
  no_account: ({ handle }: { handle: string }) =>
    `There is no account '${handle}'. 'drover accounts list' shows those that there are.`,
  no_books: ({ account }: { account: string }) => `Account ${account} has no books.`,
  paid_of_bundle: ({ kind }: { kind: string }) => `'paid' belongs to a bundle: of ${kind} credit it is known.`,
  no_fapiao_request: ({ id }: { id: string }) =>
    `There is no request '${id}'. 'drover fapiao list' shows those that there are.`,
  no_title: ({ handle }: { handle: string }) =>
    `The account has no title '${handle}'. 'drover fapiao titles' shows those that it has.`,
  invoiceable_changed: () => 'What may be invoiced has changed just now: ask again.',
  fapiao_state: ({ id, state, from }: { id: string; state: string; from: string }) =>
    `The request ${id} is ${state}, and only one that is ${from} can be changed so.`,
  fapiao_no_file: ({ id }: { id: string }) => `The request ${id} has no file (yet).`,
  no_document: ({ handle }: { handle: string }) =>
    `There is no document '${handle}'. 'drover invoices list' shows those that there are.`,
  order_not_credited: ({ order }: { order: string }) => `Order ${order} was not credited: it has no invoice.`,
  order_postpaid: ({ order }: { order: string }) =>
    `Order ${order} is of a postpaid account: it pays the invoices that 'drover invoices due' shows, and has none of its own.`,
  no_refund: ({ id }: { id: string }) => `There is no refund ${id}.`,
  refund_by_method: ({ method }: { method: string }) => `${method} says itself what becomes of its refunds.`,
  no_order_listed: ({ id }: { id: string }) =>
    `There is no order '${id}'. 'drover payments list' shows those that there are.`,
  no_order: ({ id }: { id: string }) => `There is no order ${id}.`,
  plan_exists: ({ name }: { name: string }) =>
    `There is already a plan named '${name}'. 'drover plans set ${name}' changes it.`,
  plan_declared: ({ name }: { name: string }) =>
    `Plan '${name}' is declared in drover.yaml (managed by file): change it there.`,
  table_no_json: () => 'The table is not JSON. Give the file as its project publishes it.',
  table_unknown: () =>
    "The file is no table that is known: genai-prices' data.json, models.dev's api.json, LiteLLM's model_prices_and_context_window.json, or a file of Portkey's pricing.",
  no_proposals: () =>
    "There are no proposals. Read tables with 'drover prices import --file FILE', at least two of them.",
  proposal_doubtful: () =>
    "Models that are named are taken although their tables differ or they change twofold: look at 'drover prices diff', then repeat with --yes.",
  no_proposal: ({ model }: { model: string }) =>
    `No table proposes a price for '${model}'. Write vendor/model as 'drover prices diff' does.`,
  no_seller: () => 'Nothing says who sells: set "seller: { name, address }" in drover.yaml, then documents are issued.',
  month_before_account: ({ account, month }: { account: string; month: string }) =>
    `Account '${account}' was made after ${month}: there is nothing to state.`,
  month_not_over: ({ month }: { month: string }) => `${month} is not over: its statement is issued afterwards.`,
  special_for_companies: () =>
    'A special fapiao is for companies that pay VAT: choose a title of a company, or an ordinary one.',
  whole_fen: () => "'amount' must be yuan in whole fen.",
  no_answer_in_time: ({ host }: { host: string }) => `${host} did not answer in time.`,
  order_moving: ({ id }: { id: string }) => `Order ${id} is moved by others just now. Try again.`,
  mismatch_unvalued: ({ order }: { order: string }) =>
    `What came for order ${order} cannot be valued at its rate. Refund it: 'drover payments refund ${order}'.`,
  nothing_to_resolve: ({ id, state }: { id: string; state: string }) =>
    `Order ${id} is ${state}: nothing is to be resolved.`,
  orders_waiting: ({ count }: { count: number }) =>
    `${count} orders of this account wait to be paid already. Pay or close one ('drover payments close'), or wait until they expire.`,
  order_key_reused: ({ order }: { order: string }) =>
    `This key has opened order ${order} for another amount or method. Use a new key for a new order.`,
  no_credit_price: ({ currency }: { currency: string }) =>
    `Nothing says what a dollar of credit costs in ${currency}. Set "settlement: { ${currency}: [{ rate, from }] }" in drover.yaml.`,
  no_market_rate: ({ currency }: { currency: string }) =>
    `There is no market rate of ${currency} for today. Set "fx: { ${currency}: [{ rate, from }] }" in drover.yaml.`,
  order_too_large: ({ usd, most, currency }: { usd: string; most: string; currency: string }) =>
    `${usd} USD of credit cost more than one order can: ${most} ${currency}.`,
  no_bills: ({ name }: { name: string }) => `'${name}' has no bills to compare with.`,
  refund_between: ({ most, order }: { most: string; order: string }) =>
    `Between 0.01 and ${most} can go back of order ${order}. Fees are not paid back.`,
  refund_key_reused: ({ id, amount }: { id: string; amount: string }) =>
    `This key has asked for refund ${id} of ${amount}, for another amount or reason. Use a new key for a new refund.`,
  refund_again: ({ id, order, amount, state }: { id: string; order: string; amount: string; state: string }) =>
    `Refund ${id} of order ${order} is of ${amount} for the same reason, and is ${state}. If another one is meant, send it with an Idempotency-Key of its own, or say why.`,
  method_off: ({ name }: { name: string }) => `'${name}' is not on.`,
  method_between: ({ name, least, most }: { name: string; least: string; most: string }) =>
    `By '${name}' from ${least} to ${most} USD of credit can be bought at once.`,
  paid_by_method: ({ order, method }: { order: string; method: string }) =>
    `Order ${order} is paid by ${method}, which says itself what was paid: 'drover payments refresh ${order}' asks it.`,
  second_person: ({ order, by }: { order: string; by: string }) =>
    `The transfer of order ${order} was confirmed by ${by} and waits for another person: 'drover payments approve ${order}'.`,
  transfer_used: ({ reference, order }: { reference: string; order: string }) =>
    `The transfer ${reference} has paid order ${order} already.`,
  nothing_to_confirm: ({ id, state }: { id: string; state: string }) =>
    `Order ${id} is ${state}: nothing is to be confirmed.`,
  nothing_to_close: ({ id, state }: { id: string; state: string }) =>
    `Order ${id} is ${state}: it was paid, and is not closed any more. 'drover payments refund ${id}' pays it back.`,
  nothing_to_approve: ({ id }: { id: string }) => `Order ${id} has no transfer that waits for approval.`,
  another_approves: ({ actor }: { actor: string }) =>
    `${actor} has confirmed this transfer: above the limit another person must approve it, with a key of their own.`,
  batch_exists: ({ name }: { name: string }) => `There is already a batch named "${name}".`,
  payment_used: ({ payment, order }: { payment: string; order: string }) =>
    `The payment ${payment} has paid order ${order} already.`,
  credit_nothing: () => 'Credit is more than nothing.',
  credit_too_large: ({ usd, most }: { usd: string; most: string }) =>
    `${usd} USD are more than can be given at once: ${most} USD.`,
  paid_over_credit: () => 'What was paid for credit is not more than the credit.',
  account_takes_no_credit: ({ account }: { account: string }) => `Account ${account} is closed: it takes no credit.`,
  account_closed_for_good: ({ account }: { account: string }) => `Account ${account} is closed, for good.`,
  no_lot: ({ id }: { id: string }) => `There is no lot ${id}. 'drover credits list' shows those that there are.`,
  lot_of_order: ({ id, order }: { id: string; order: string }) =>
    `Lot ${id} was bought by order ${order}: 'drover payments refund ${order}' takes it back and pays it back.`,
  correction_of_nothing: () => 'A correction is not of nothing.',
  code_unknown: () => 'There is no such code. Check it character by character: it looks like DRV-XXXX-XXXX-XXXX-XXXX.',
  code_redeemed: () => 'This code has been redeemed. Each works once.',
  code_expired: () => 'This code can be redeemed no more: its time is over.',
  code_voided: () => 'This code can be redeemed no more: it was withdrawn.',
  code_once: () => 'This account has redeemed a code of this batch, and each account may redeem one.',
  order_gives_nothing_back: ({ order, state }: { order: string; state: string }) =>
    `Order ${order} is ${state}: no money of it can go back.`,
  order_gave_all_back: ({ order }: { order: string }) =>
    `All that order ${order} can give back has gone back, or is on its way.`,
  refund_asked_already: ({ order }: { order: string }) =>
    `A refund of order ${order} is asked for already: it waits for a person.`,
  refund_not_asked: ({ order }: { order: string }) => `No refund of order ${order} is asked for.`,
  refund_all_back: ({ order }: { order: string }) =>
    `Order ${order} cannot be refunded: all of it has gone back, or is on its way.`,
  refund_in_state: ({ order, state }: { order: string; state: string }) =>
    `Order ${order} cannot be refunded: it is ${state}.`,
  plan_of_operator: ({ name, open }: { name: string; open: readonly string[] }) =>
    `The plan '${name}' is given by the operator. ${open.length === 0 ? 'There is none to choose.' : `You may choose ${open.join(', ')}.`}`,
  no_plan: ({ name, plans }: { name: string; plans: readonly string[] }) =>
    `There is no plan '${name}'. ${plans.length === 0 ? "Make one with 'drover plans create', or declare it in drover.yaml." : `Plans here: ${plans.join(', ')}.`}`,
  no_terms: () => 'No terms are asked for: nothing is to be accepted.',
  other_terms: ({ version, given }: { version: string; given: string }) =>
    `The terms in force are of version '${version}', not '${given}': show these to the payer.`,
  no_own_credentials: () => 'Your plan has no credentials of your own. Change to one that has, or ask the operator.',
  fee_of_plan: ({ fee }: { fee: string }) => `The relay fee is your plan's, ${fee}: leave it out.`,
} as const
