/** What can be configured about who may do how much where: the blocks `plans`, `bundles`, `regions`, `guardrails` and `limits`. */

import { z } from 'zod'
import { nanoOf } from '#base/money.ts'
import { amount, count, duration, line, name, reference, size, url } from '#base/settings.ts'
import { findKinds } from './guard-find.ts'

const limit = (what: string) => count(1, 1_000_000_000).optional().describe(what)

/** A percentage such as `15%` or `12.5%`; gives basis points. */
const percent = (range: string, form: RegExp) =>
  z
    .string({ error: `must be a percentage in quotes, such as "15%"` })
    .regex(form, `must be a percentage such as "15%", ${range}, with at most 2 digits after the point`)
    .meta({ kind: 'percentage' })
    .transform((text) => Number(nanoOf(text.slice(0, -1)) / 10_000_000n))

const share = () => percent('from 0% to 100%', /^(100|\d{1,2}(\.\d{1,2})?)%$/)
const markup = () => percent('from -100% to 100000%', /^(-(100|\d{1,2}(\.\d{1,2})?)|\d{1,6}(\.\d{1,2})?)%$/)

const queue = () =>
  z
    .strictObject({
      max_waiting: count(1, 100_000).default(100).describe('Calls that wait at most; further ones are refused.'),
      max_wait: duration({ min: '10ms', max: '10m' })
        .prefault('10s')
        .describe("How long a call waits at most, and never longer than half of the client's own deadline."),
    })
    .optional()
    .describe(
      'Calls that do not fit wait here instead of being refused, in turn between keys. Absent: refused at once.',
    )

const plan = z.strictObject({
  rpm: limit('Requests a minute.'),
  rpd: limit('Requests a day.'),
  tpm: limit('Tokens a minute.'),
  tpd: limit('Tokens a day.'),
  concurrency: limit('Calls under way at once.'),
  queue: queue(),
  slice_tokens: count(256, 65_536)
    .optional()
    .describe(
      'Output tokens that the hold of a stream grows by where credit is short (default: 1024). Smaller lets more streams share a little credit, larger asks the books less often.',
    ),
  signup_credit: amount().optional().describe('USD of promotional credit for a new account.'),
  signup_credit_expires: duration({ min: '1h' }).optional().describe('When that credit ends.'),
  discount: share().optional().describe('What is taken off the price of every call.'),
  markup: markup().optional().describe('What is put on the list price of every call; below zero it is taken off.'),
  upgrade_at_paid_usd: amount().optional().describe('The plan is given to an account that has paid this much.'),
  open: z.boolean().default(false).describe('Whether customers may change to it by themselves.'),
  own_credentials_fee: share()
    .optional()
    .describe(
      'Customers may bring credentials of their own for a provider; this share of what a call would have cost is charged, as "5%". Absent: only the operator adds them.',
    ),
})

/** The block `plans`: plans by name. */
export const planSettings = z.record(name('a plan'), plan).describe('What customers subscribe to: limits and credit.')
export type PlanSettings = z.output<typeof planSettings>

/** The block `bundles`. */
export const bundleSettings = z
  .array(
    z.strictObject({
      name: name('a bundle').describe('Its name.'),
      families: z
        .array(line(64))
        .min(1)
        .max(100)
        .describe('Families of models that count together, with their branches: `kimi` is also `kimi-k2`.'),
      min_volume_usd: amount().describe(
        'It holds once the calls of the UTC month in these families came to this much, before discounts.',
      ),
      discount: share().describe('What is taken off.'),
    }),
  )
  .max(1000)
  .describe('Discounts on families of models taken together.')

const names = (what: string) => z.array(line(200)).min(1).max(1000).optional().describe(what)

/** The block `regions`. */
export const regionSettings = z
  .strictObject({
    default_allowed: z
      .union([z.literal('any'), z.array(line(64)).min(1).max(100)])
      .default('any')
      .describe(
        'Regions that calls may go to: `any`, or a list. Keys and projects may narrow it; fallback never leaves it.',
      ),
    data: z
      .array(
        z.strictObject({
          at_least: z
            .enum(['no_training', 'zero_retention'])
            .describe('The `data_policy` that a target must have; one that is not known is good enough for nothing.'),
          for: z
            .strictObject({
              keys: names('Ids or names of keys.'),
              projects: names('Ids of projects.'),
              accounts: names('Ids of accounts.'),
            })
            .prefault({})
            .describe('Whose calls it holds for: those that each list names; without lists, all.'),
        }),
      )
      .max(1000)
      .default([])
      .describe(
        'What providers must do with data, for everybody or for some. The strictest holds; no fallback and no wish of a caller leaves it.',
      ),
  })
  .describe('Where calls may go.')

/**
 * A repetition without end inside another one, or a part that is repeated from behind, can take longer than the age of the world to say no:
 * such patterns are refused, as well as it can be seen.
 */
const patternFault = (source: string): string | null => {
  if (/\\[1-9k]/.test(source)) return 'must not refer back to a group'
  if (/\([^()]*[+*}][^()]*\)[+*{]/.test(source)) return 'must not repeat a group in which something is repeated already'
  try {
    return new RegExp(source, 'gu').test('') ? 'must not match the empty text' : null
  } catch {
    return 'is no regular expression of JavaScript'
  }
}

const pattern = line(500).superRefine((source, context) => {
  const fault = patternFault(source)
  if (fault !== null) context.addIssue(fault)
})

const guardrail = z
  .strictObject({
    when: z.enum(['request', 'reply', 'both']).default('request').describe('What is looked at.'),
    action: z
      .enum(['block', 'redact', 'note'])
      .default('block')
      .describe('What happens: the call is refused, what was found is taken out, or it is only noted on the record.'),
    find: z.array(z.enum(findKinds)).min(1).optional().describe('Kinds of data that are looked for.'),
    patterns: z.array(pattern).min(1).max(50).optional().describe('Regular expressions (JavaScript, `u`) of your own.'),
    prompt_max: size({ min: '1b' }).optional().describe('The most text that a request may have, media not counted.'),
    models_allowed: names('The only models that may be named, `models[]` included.'),
    parameters_allowed: names('The only top-level members that a request may have beside model and content.'),
    parameters_denied: names('Top-level members that a request may not have.'),
    webhook: z
      .strictObject({
        url: url(['https', 'http']).describe(
          'Where each request is posted to; it answers `{"action": "pass"|"block"}`.',
        ),
        secret: reference().describe('A reference to the key that signs, as for `recipients`.'),
        timeout: duration({ max: '10s' }).prefault('2s').describe('How long its answer is waited for.'),
        on_failure: z.enum(['block', 'pass']).default('block').describe('What holds when it gives no answer.'),
        allow_private: z.boolean().default(false).describe('It may be on the own machine or network.'),
      })
      .optional()
      .describe('A service of yours that is asked.'),
    for: z
      .strictObject({
        keys: names('Ids or names of keys.'),
        projects: names('Ids of projects.'),
        plans: names('Names of plans.'),
        models: names('Names of models as callers write them.'),
      })
      .prefault({})
      .describe('Whose calls it holds for: those that each list names; without lists, all.'),
  })
  .superRefine((guard, context) => {
    const looks = guard.find !== undefined || guard.patterns !== undefined
    const checks = [
      guard.prompt_max,
      guard.models_allowed,
      guard.parameters_allowed,
      guard.parameters_denied,
      guard.webhook,
    ]
    const isChecked = checks.some((check) => check !== undefined)
    if (!looks && !isChecked)
      context.addIssue('checks nothing: give find, patterns, prompt_max, an allow-list or webhook')
    if (guard.action === 'redact' && !looks) context.addIssue('can only redact what find or patterns name')
    if (guard.action === 'redact' && isChecked)
      context.addIssue('takes out what find and patterns name: write what refuses a call as a guardrail of its own')
    if (guard.when !== 'request' && !looks) context.addIssue('can look at replies only by find or patterns')
    if (guard.when === 'reply' && isChecked) context.addIssue('checks requests: write when: request')
  })

/** The block `guardrails`: by name, in the order in which they are asked. */
export const guardSettings = z
  .record(name('a guardrail'), guardrail)
  .describe('What may not pass, and what is taken out.')
export type GuardSettings = z.output<typeof guardSettings>

const limitOfMany = z
  .strictObject({
    per: z
      .enum(['all', 'account', 'project', 'key'])
      .default('all')
      .describe('Whose calls count together: all that it holds for, or those of each account, project or key.'),
    rpm: limit('Requests a minute.'),
    rpd: limit('Requests a day.'),
    tpm: limit('Tokens a minute.'),
    tpd: limit('Tokens a day.'),
    concurrency: limit('Calls under way at once.'),
    queue: queue(),
    for: z
      .strictObject({
        keys: names('Ids or names of keys.'),
        projects: names('Ids of projects.'),
        accounts: names('Ids of accounts.'),
        plans: names('Names of plans.'),
        models: names('Ids of models, or names as callers write them.'),
      })
      .prefault({})
      .describe('Whose calls it holds for: those that each list names; without lists, all.'),
  })
  .superRefine((entry, context) => {
    if ([entry.rpm, entry.rpd, entry.tpm, entry.tpd, entry.concurrency].every((one) => one === undefined))
      context.addIssue('limits nothing: give rpm, rpd, tpm, tpd or concurrency')
  })

/** The block `limits`: by name. */
export const limitSettings = z
  .record(name('a limit'), limitOfMany)
  .describe('Limits beside those of keys and plans: of models, projects, accounts, or everybody together.')
