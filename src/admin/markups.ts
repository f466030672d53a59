/** Markups and discounts as rows, and rates of exchange: what is put on list prices, for whom, from which day on. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf, nanoOf } from '#base/money.ts'
import type { PriceRule } from '#base/price-rule.ts'
import { percentText } from '#base/price-rule.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { PriceEntry } from '#catalog/port.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import { operation } from './operation.ts'
import { planNamed } from './plans.ts'
import { modelNamed } from './price-text.ts'
import { addEntries, whenField } from './prices.ts'
import { table } from './render.ts'
import { unknownKinds, warningsView } from './unknown-models.ts'

const ruleView = z.object({
  id: z.string().nullable().describe('null = it stands in drover.yaml.'),
  name: z.string(),
  kind: z.enum(['markup', 'discount']),
  percent: z.string(),
  account: z.string().nullable(),
  plan: z.string().nullable(),
  model: z.string().nullable(),
  families: z.array(z.string()).nullable(),
  vendor: z.string().nullable(),
  min_volume_usd: z.string().nullable(),
  from: z.string().nullable(),
  until: z.string().nullable(),
})

const instant = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms))

const viewOfRule = (id: string | null, rule: PriceRule): z.input<typeof ruleView> => ({
  id,
  name: rule.name,
  kind: rule.kind,
  percent: percentText(rule.basisPoints),
  account: rule.scope.account,
  plan: rule.scope.plan,
  model: rule.scope.model,
  families: rule.scope.families === null ? null : [...rule.scope.families],
  vendor: rule.scope.vendor,
  min_volume_usd: rule.volumeMinNanoUsd === null ? null : decimalOf(rule.volumeMinNanoUsd),
  from: instant(rule.fromMs),
  until: instant(rule.untilMs),
})

const basisPointsOf = (percent: string): number => Number(nanoOf(percent) / 10_000_000n)

const list = operation({
  noun: 'markups',
  verb: 'list',
  summary: 'Markups and discounts that stand: of plans and bundles in drover.yaml, and those that were set.',
  method: 'GET',
  path: '/markups',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(ruleView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'NAME', 'KIND', 'PERCENT', 'FOR', 'FROM VOLUME', 'FROM', 'UNTIL'],
      data.map((one) => [
        one.id ?? 'drover.yaml',
        one.name,
        one.kind,
        one.percent,
        [one.account, one.plan, one.model, one.families?.join('+'), one.vendor]
          .filter((part) => part != null)
          .join(' ') || 'everybody',
        one.min_volume_usd,
        one.from,
        one.until,
      ]),
    ),
  run: async (_input, { ports }) => {
    const entries = await ports.store.priceEntries()
    const stored = entries.flatMap(({ id, body, withdrawnMs }) =>
      body.kind === 'rule' && withdrawnMs === null ? [{ id, rule: body.rule }] : [],
    )
    const known = new Set(stored.map(({ rule }) => JSON.stringify([rule.name, rule.fromMs])))
    const given = ports.prices.book().rules.filter((rule) => !known.has(JSON.stringify([rule.name, rule.fromMs])))
    return {
      data: [...given.map((rule) => viewOfRule(null, rule)), ...stored.map(({ id, rule }) => viewOfRule(id, rule))],
    }
  },
})

const set = operation({
  noun: 'markups',
  verb: 'set',
  summary: 'Put a markup on list prices, or a discount on what comes of them. Take it back with `prices withdraw`.',
  method: 'POST',
  path: '/markups',
  scope: 'write',
  input: z.strictObject({
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[^\p{Cc}]*$/u, 'must not hold control characters')
      .describe('Named on receipts.'),
    kind: z
      .enum(['markup', 'discount'])
      .default('markup')
      .describe('A markup is put on the price; a discount is taken off what comes of it.'),
    percent: z
      .string()
      .regex(/^-?\d{1,6}(\.\d{1,2})?$/, 'must be a percentage such as "12.5", with at most 2 digits after the point')
      .describe('How much. A markup may be below zero.'),
    account: handleField().optional().describe('Only for this account: id or name.'),
    plan: z.string().min(1).max(64).optional().describe('Only for accounts of this plan.'),
    model: z.string().min(1).max(200).optional().describe('Only for this id.'),
    family: z.array(z.string().min(1).max(64)).max(100).optional().describe('Only for these families of models.'),
    vendor: z.string().min(1).max(64).optional().describe('Only for models of this vendor.'),
    min_volume_usd: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "100"')
      .optional()
      .describe('Only once the account’s calls to the families came to this much in the UTC month.'),
    from: whenField().optional().describe('From when on, in UTC. Absent: from now on.'),
    until: whenField().optional().describe('Until when.'),
  }),
  output: ruleView.extend({ warnings: warningsView() }),
  flags: [],
  render: (view) => `${view.id}: ${view.kind} ${view.name} ${view.percent}\n`,
  run: async (input, context) => {
    const basisPoints = basisPointsOf(input.percent)
    const [low, high] = input.kind === 'markup' ? [-10_000, 10_000_000] : [0, 10_000]
    if (basisPoints < low || basisPoints > high)
      throw new Problem('invalid_request_error', {
        message: `A ${input.kind} is from ${low / 100} to ${high / 100} percent.`,
        param: 'percent',
      })
    if (input.min_volume_usd !== undefined && input.family === undefined)
      throw new Problem('invalid_request_error', {
        message: 'A volume is counted by families: name them with --family.',
        param: 'family',
      })
    const untilMs = input.until === undefined ? null : Date.parse(input.until)
    const fromMs = input.from === undefined ? context.clock.nowMs() : Date.parse(input.from)
    if (untilMs !== null && untilMs <= fromMs)
      throw new Problem('invalid_request_error', { ...saying('price_ends_first'), param: 'until' })
    const account = input.account === undefined ? null : (await accountNamed(input.account, context)).id
    const rule: PriceRule = {
      name: input.name,
      kind: input.kind,
      basisPoints,
      scope: {
        account,
        plan: input.plan === undefined ? null : planNamed(input.plan, context.ports).name,
        model: input.model === undefined ? null : modelNamed(input.model, context).id,
        families: input.family ?? null,
        vendor: input.vendor ?? null,
      },
      volumeMinNanoUsd: input.min_volume_usd === undefined ? null : nanoOf(input.min_volume_usd),
      fromMs,
      untilMs,
    }
    const change = { operation: 'markups.set' as const, object: input.name, after: input, note: null }
    const [entry] = await addEntries([{ kind: 'rule', rule }], change, context)
    const { families, vendor } = rule.scope
    const warnings = [...unknownKinds({ families: families ?? [], vendor }, context)]
    return { ...viewOfRule(entry?.id ?? null, rule), warnings }
  },
})

const fxView = z.object({
  id: z.string().nullable(),
  currency: z.string(),
  per_usd: z.string(),
  from: z.string(),
  source: z.string(),
  origin: z.enum(['shipped', 'yaml', 'store']),
})

const viewOfFx = (entry: PriceEntry): z.input<typeof fxView>[] =>
  entry.body.kind === 'fx'
    ? [
        {
          id: entry.id,
          currency: entry.body.rate.currency,
          per_usd: decimalOf(entry.body.rate.perUsdNano),
          from: rfc3339(entry.body.rate.fromMs).slice(0, 10),
          source: entry.body.rate.source,
          origin: 'store',
        },
      ]
    : []

const fxList = operation({
  noun: 'fx',
  verb: 'list',
  summary: 'Rates of exchange by day: shipped ones, those of drover.yaml, and those that were set.',
  method: 'GET',
  path: '/fx',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(fxView) }),
  flags: [],
  run: async (_input, { ports }) => {
    const stored = (await ports.store.priceEntries())
      .filter(({ withdrawnMs }) => withdrawnMs === null)
      .flatMap(viewOfFx)
    const kept = new Set(stored.map(({ currency, from, per_usd }) => `${currency} ${from} ${per_usd}`))
    const others = ports.prices.book().fxRates.flatMap((rate) => {
      const view = {
        id: null,
        currency: rate.currency,
        per_usd: decimalOf(rate.perUsdNano),
        from: rfc3339(rate.fromMs).slice(0, 10),
        source: rate.source,
        origin: (rate.rank ?? 0) === 0 ? ('shipped' as const) : ('yaml' as const),
      }
      return view.origin === 'yaml' && kept.has(`${view.currency} ${view.from} ${view.per_usd}`) ? [] : [view]
    })
    return { data: [...others, ...stored] }
  },
  render: ({ data }) =>
    table(
      ['FROM', 'CURRENCY', 'FOR A DOLLAR', 'ORIGIN', 'ID', 'SOURCE'],
      data.map((one) => [one.from, one.currency, one.per_usd, one.origin, one.id, one.source]),
    ),
})

const fxSet = operation({
  noun: 'fx',
  verb: 'set',
  summary: 'Set what a dollar costs in a currency from a day on. Shipped rates are then no longer asked.',
  method: 'POST',
  path: '/fx',
  scope: 'write',
  input: z.strictObject({
    currency: z.enum(['CNY']).default('CNY').describe('The currency.'),
    per_usd: z
      .string()
      .regex(/^\d{1,6}(\.\d{1,9})?$/, 'must be a decimal such as "7.10"')
      .describe('How much of it a dollar costs.'),
    from: whenField().optional().describe('The first day, in UTC. Absent: today.'),
    source: z.string().min(1).max(200).default('set by hand').describe('Where it was read.'),
  }),
  output: fxView,
  flags: [],
  render: (view) => `${view.id}: ${view.per_usd} ${view.currency} for a dollar from ${view.from}\n`,
  run: async ({ currency, per_usd, from, source }, context) => {
    const perUsdNano = nanoOf(per_usd)
    if (perUsdNano < nanoOf('0.5') || perUsdNano > nanoOf('50'))
      throw new Problem('invalid_request_error', {
        message: `${per_usd} yuan for a dollar is a slip: a rate is between 0.5 and 50. Write how many yuan a dollar costs.`,
        param: 'per_usd',
      })
    const today = new Date(context.clock.nowMs()).toISOString().slice(0, 10)
    const fromMs = Date.parse((from ?? today).slice(0, 10))
    const rate = { currency, perUsdNano, fromMs, source, read: today }
    const change = {
      operation: 'fx.set' as const,
      object: currency,
      after: { per_usd, from: from ?? today, source },
      note: null,
    }
    const entries = await addEntries([{ kind: 'fx', rate }], change, context)
    const [view] = entries.flatMap(viewOfFx)
    if (view === undefined) throw new Problem('internal_error', { message: 'The rate was written and cannot be read.' })
    return view
  },
})

export const markupOperations = [list, set, fxList, fxSet] as const
