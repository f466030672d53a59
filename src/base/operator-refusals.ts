/** Refusals that people who run the server, and payers, meet in the console: by code, in English. Each is worded in the console as well. */

import type { Sentence } from './sentence.ts'

export const operatorRefusals = {
  file_refused: ({ faults, more }: { faults: Sentence; more: number }) =>
    `The file is refused, nothing was changed:\n${faults.text}${more > 0 ? `\n… and ${more} more` : ''}`,
  fault_in: ({ line, path, what }: { line: number; path: string; what: string }) =>
    `${line > 0 ? `line ${line}: ` : ''}${path === '' ? '' : `${path}: `}${what}`,
  change_refused: ({ what, why }: { what: string; why: Sentence }) => `${what}: ${why.text} Nothing was changed.`,
  too_many_changes: ({ count, most }: { count: number; most: number }) =>
    `The file asks for ${count} changes, and at most ${most} are made at once, since calls wait for them. Apply it in parts: what is made already is no change any more.`,
  provider_not_applied: ({ name }: { name: string }) =>
    `No provider '${name}' was applied. Those of drover.yaml are removed there.`,
  model_not_applied: ({ name }: { name: string }) =>
    `No model '${name}' was applied. Those of drover.yaml are removed there.`,
  applied_named: ({ name, users }: { name: string; users: readonly string[] }) =>
    `'${name}' is named by what was applied: ${users.join(', ')}. Apply these without it first, or remove them.`,
  no_provider_for_key: ({ name, meant, known }: { name: string; meant: string | null; known: readonly string[] }) =>
    `There is no provider '${name}' that takes a key. ${meant === null ? '' : `Did you mean '${meant}'? `}${known.length === 0 ? 'There is none.' : `There are: ${known.join(', ')}.`}`,
  own_fees_kept: ({
    providers,
    before,
    plan,
    fee,
  }: {
    providers: readonly string[]
    before: string
    plan: string
    fee: string | null
  }) =>
    `Your credentials for ${providers.join(', ')} are charged ${before}; the plan '${plan}' ${fee === null ? 'has no credentials of your own. Remove them, then change the plan.' : `charges ${fee}. Remove them, change the plan, and add them again.`}`,
  signup_given: ({ id, lot }: { id: string; lot: string }) =>
    `The credit of ${id} has been given. 'drover credits revoke ${lot}' takes back what is left.`,
  signup_gives_none: ({ id }: { id: string }) =>
    `The plan of ${id} gives no sign-up credit. 'drover credits grant' gives any.`,
  limit_of_postpaid: ({ account, billing }: { account: string; billing: string }) =>
    `A credit limit belongs to a postpaid account, and ${account} is ${billing}.`,
  limit_below_owed: ({
    account,
    owed,
    held,
    needed,
  }: {
    account: string
    owed: string
    held: string
    needed: string
  }) =>
    `Account ${account} owes ${owed} USD and holds ${held} USD for calls under way: its limit cannot be less than ${needed} USD now. Suspend it to let no new calls begin.`,
  yuan_over: ({ amount, available }: { amount: string; available: string }) =>
    `${amount} yuan are more than the ${available} that may be invoiced: what was paid in yuan and used, less what was asked for before. Gifts and credit that is left do not count.`,
  titles_enough: ({ most }: { most: number }) => `An account has at most ${most} titles: remove one first.`,
  fapiao_number_used: ({ number, request }: { number: string; request: string }) =>
    `The number ${number} is that of the request ${request}: look whether it is the right one.`,
  method_not_on: ({ name, on }: { name: string; on: readonly string[] }) =>
    `The payment method '${name}' is not on. ${on.length === 0 ? "None is: see 'payments' in drover.yaml" : `These are: ${on.join(', ')}`}.`,
  method_takes: ({ method, what, choices }: { method: string; what: string; choices: readonly string[] }) =>
    `'${method}' takes as ${what}: ${choices.join(', ')}.`,
  terms_unaccepted: ({ version, url }: { version: string; url: string }) =>
    `The terms of sale of version '${version}' (${url}) are not accepted by this account. Show them to the payer, then order with 'accept_terms': '${version}'.`,
  no_model_named: ({ name, near }: { name: string; near: readonly string[] }) =>
    `There is no model '${name}'.${near.length === 0 ? '' : ` Did you mean ${near.join(', ')}?`} 'drover models list' shows those that there are.`,
  price_free_amounts: () => 'A price that is free has no amounts: leave them out, or leave --free out.',
  price_no_amount: () => 'Say at least one amount, such as --input 0.60 --output 2.50, or --free.',
  price_all_zero: () => 'Every amount is 0. Write --free where calls are to cost nothing on purpose.',
  price_slip: ({ currency }: { currency: string }) =>
    `More than 1,000 ${currency} is a slip of the point more often than a price. Repeat with --yes where it is meant.`,
  price_one_scope: () => 'A price is for an account or for a plan, not for both.',
  price_ends_first: () => 'It ends before it begins.',
  price_in_file: ({ model }: { model: string }) =>
    `The price of '${model}' stands in drover.yaml, which counts more. Change it there, or take it out there first.`,
  price_applied: ({ model }: { model: string }) =>
    `The price of '${model}' stands in the file that it was applied from, which counts more. Change it there, or take it out there first.`,
  list_for_all: () => 'A list price is the same for everybody.',
  no_vendor: ({ name }: { name: string }) => `There is no vendor '${name}'.`,
  no_price_entry: ({ id }: { id: string }) =>
    `There is no price entry '${id}' that stands. 'drover prices history' lists them with their ids.`,
  change_impossible: ({ change, phase, mend }: { change: string; phase: string; mend: string }) =>
    `'${change}' is not possible while the migration is ${phase}: ${mend}.`,
  not_started: ({ why, is_plan: isPlan }: { why: readonly Sentence[]; is_plan: boolean }) =>
    `The migration is not started: ${why.map(({ text }) => text).join(' ')} ${isPlan ? "'drover migrate plan' shows the whole plan." : "'drover migrate preflight' looks again; --skip-preflight REASON starts without it."}`,
  no_step_so_heavy: ({ percent }: { percent: number }) => `No step has a weight of ${percent} % or more.`,
  no_start_date: ({ text }: { text: string }) =>
    `'${text}' is no date with a time and a zone. Write 2026-12-01T06:00Z, or 2026-12-01T14:00+08:00.`,
  start_past: ({ at }: { at: string }) => `${at} is past. Leave --at out to start now.`,
  start_too_far: ({ at }: { at: string }) => `${at} is more than 90 days ahead.`,
  not_promoted: ({ name, why }: { name: string; why: Sentence }) =>
    `Migration "${name}" is not promoted: ${why.text}. 'drover migrate rollback ${name}' goes back; after a pause that is explained, 'resume' begins the evidence anew.`,
  promoted_meanwhile: ({ name, percent }: { name: string; percent: number }) =>
    `Migration "${name}" sends ${percent} % to the candidate by now: somebody else, or its gate, was faster. Look with 'drover migrate status ${name}', then promote again to go further.`,
  no_passkeys_here: ({ why }: { why: string }) => `There are no passkeys here: ${why}.`,
} as const
