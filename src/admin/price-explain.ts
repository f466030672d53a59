/** Why a model costs what it costs at an instant: the row that counts, those that do not, and an example worked out. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import type { PriceRow } from '#base/price-row.ts'
import { priceAt, priceRowHash, rowFxRate, windowHolds } from '#base/price-row.ts'
import type { AppliedRules } from '#base/price-rule.ts'
import { noRules, percentText } from '#base/price-rule.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import { chargeLines, saleOf, sumOfLines } from '#ledger/charge.ts'
import { rowForAccount } from '#relay/account-price.ts'
import { declaredSource } from '#relay/model-rows.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { modelNamed, pairsField, pairsOf, ratesText, rowView, slotText, viewOfRow, windowText } from './price-text.ts'
import { whenField } from './prices.ts'

const count = (fallback: number, what: string) => z.int().min(0).max(1_000_000_000).default(fallback).describe(what)

const explained = z.object({
  model: z.string(),
  at: z.string(),
  price: rowView.nullable().describe('The row that counts; null = unpriced.'),
  price_hash: z.string().nullable(),
  why: z.array(z.string()),
  others: z.array(rowView.extend({ why: z.string() })).describe('Every other row, and why it does not count.'),
  fx: z.object({ currency: z.string(), per_usd: z.string(), from: z.string(), source: z.string() }).nullable(),
  markup: z.object({ name: z.string(), percent: z.string() }).nullable(),
  discount: z.object({ name: z.string(), percent: z.string() }).nullable(),
  example: z.array(z.string()).describe('The arithmetic, line by line.'),
  cost_usd: z.string().nullable(),
  cost_nano_usd: z.string().nullable(),
})

type Question = { readonly atMs: number; readonly usage: Usage }

const tierOf = ({ serviceTier }: Usage): string => serviceTier ?? 'default'

const whyNot = (row: PriceRow, chosen: PriceRow, { atMs, usage }: Question): string => {
  if (row.fromMs !== null && atMs < row.fromMs) return 'it has not begun'
  if (row.untilMs !== null && atMs >= row.untilMs) return 'it has ended'
  if (row.windows !== null && !row.windows.some((window) => windowHolds(window, atMs)))
    return 'its time of day does not hold'
  if ((row.rank ?? 0) < (chosen.rank ?? 0)) return 'a price that was set stands above it'
  if (row.contextOverTokens !== null && (usage.input ?? 0) <= row.contextOverTokens)
    return `the input is not over ${row.contextOverTokens} tokens`
  if (row.serviceTier !== tierOf(usage) && row.serviceTier !== 'default') return `it is for the tier ${row.serviceTier}`
  if (row.currency !== 'USD' && chosen.currency === 'USD') return 'the price in dollars goes first'
  if (row.currency !== 'USD' && rowFxRate(row, atMs) === null) return 'no rate of exchange is known for its day'
  if ((row.contextOverTokens ?? 0) < (chosen.contextOverTokens ?? 0)) return 'the input is past the step of another row'
  if (row.windows === null && chosen.windows !== null) return 'a row for this time of day goes first'
  if ((row.revision ?? 0) < (chosen.revision ?? 0)) return 'a newer revision stands for it'
  return 'another row goes first'
}

/** Prices that a model is declared with, by their sources. */
const declaredPrices: Readonly<Record<string, string>> = {
  [declaredSource('yaml')]: 'the price in drover.yaml',
  [declaredSource('store')]: 'the price that was applied with the model',
}

const whyChosen = (row: PriceRow, tierMatched: boolean, { atMs, usage }: Question): readonly string[] => {
  const ranks = [
    'the list price',
    'a price that was set for the model',
    'a price of the plan',
    'a price of the account',
  ]
  const past = row.windows
    ?.flatMap(({ calendar }) => calendar ?? [])
    .find(({ through }) => rfc3339(atMs).slice(0, 10) > through)
  return [
    declaredPrices[row.source] ?? ranks[row.rank ?? 0] ?? ranks[0] ?? '',
    ...(row.fromMs === null ? [] : [`in force since ${rfc3339(row.fromMs)}`]),
    ...(row.contextOverTokens === null
      ? []
      : [`the input is over ${row.contextOverTokens} tokens: a cliff, the whole call is past it`]),
    ...(row.windows === null ? [] : [`its time of day holds: ${row.windows.map(windowText).join('; ')}`]),
    ...(tierMatched ? [] : [`there is no row for the tier ${tierOf(usage)}: the default one counts`]),
    ...(past === undefined
      ? []
      : [`calendar ${past.name} is known until ${past.through}: later days count as no holidays, the dearer side`]),
  ]
}

const arithmetic = (row: PriceRow, rules: AppliedRules, { usage, atMs }: Question): readonly string[] => {
  const lines = chargeLines(usage, row.rates)
  if (lines === null) return ['something was used that the row does not price: unpriced']
  const unit = row.currency
  const said = lines.map(({ item, count: used, rateNano, perMillion }) => {
    if (rateNano === null) return `${item}: ${used} x (not priced) = 0`
    const amount = BigInt(used) * rateNano
    return perMillion
      ? `${item}: ${used} tokens x ${decimalOf(rateNano)} ${unit} per million = ${amount} / 1000000 nano-${unit}`
      : `${item}: ${used} x ${decimalOf(rateNano)} ${unit} = ${amount} nano-${unit}`
  })
  const fx = rowFxRate(row, atMs)
  return [
    ...said,
    `sum: ${sumOfLines(lines)} / 1000000 nano-${unit}`,
    ...(fx === null
      ? []
      : [`in dollars: / ${decimalOf(fx.perUsdNano)} ${unit} for a dollar (from ${rfc3339(fx.fromMs).slice(0, 10)})`]),
    ...(rules.markup === null ? [] : [`markup ${rules.markup.name}: x (1 + ${percentText(rules.markup.basisPoints)})`]),
    ...(rules.discount === null
      ? []
      : [`discount ${rules.discount.name}: x (1 - ${percentText(rules.discount.basisPoints)})`]),
    'divided once, rounded half up to nano-USD',
  ]
}

const named = (rule: AppliedRules['markup']): { name: string; percent: string } | null =>
  rule === null ? null : { name: rule.name, percent: percentText(rule.basisPoints) }

type Asked = { readonly model: string; readonly account?: string | undefined }

const rowFor = async ({ model: name, account }: Asked, atMs: number, context: OperationContext) => {
  const row = modelNamed(name, context)
  if (account === undefined) return row
  const { id } = await accountNamed(account, context)
  return rowForAccount(row, context.ports.prices.snapshot(), { account: id, atMs })
}

const explain = operation({
  noun: 'prices',
  verb: 'explain',
  summary: 'Which row a model is priced by at an instant, why, which others there are, and an example worked out.',
  method: 'GET',
  path: '/prices/explain/{model+}',
  scope: 'read',
  input: z.strictObject({
    model: z.string().min(1).max(200).describe('The id that callers use.'),
    at: whenField().optional().describe('The instant, or the day, in UTC. Absent: now.'),
    account: handleField()
      .optional()
      .describe('As this account pays: its own prices, its plan’s, markups and discounts.'),
    tier: z.string().min(1).max(32).optional().describe('The tier that served the call.'),
    input: count(1_000, 'Input tokens of the example, cached ones included.'),
    cached_input: count(0, 'Of them, read from a cache.'),
    output: count(500, 'Output tokens of the example.'),
    items: pairsField(/^\d{1,9}$/)
      .optional()
      .describe('Pieces of the example, such as searches of the provider: web_search=3.'),
  }),
  output: explained,
  flags: [{ field: 'model', positional: true, describe: 'The id that callers use.' }],
  render: (view) =>
    [
      `${view.model} at ${view.at}`,
      view.price === null
        ? 'unpriced'
        : `${view.price.currency} ${ratesText(view.price.rates)} (${slotText(view.price)}, ${view.price.source}, read ${view.price.read ?? '-'}, row ${view.price_hash ?? ''})`,
      ...view.why.map((line) => `  because: ${line}`),
      ...(view.fx === null
        ? []
        : [`  fx: ${view.fx.per_usd} ${view.fx.currency} for a dollar from ${view.fx.from}, ${view.fx.source}`]),
      ...view.others.map(
        (one) =>
          `  not: ${one.currency} ${ratesText(one.rates)} (${slotText(one)}, ${one.from ?? 'ever'} to ${one.until ?? 'further notice'}, ${one.source}): ${one.why}`,
      ),
      'example:',
      ...view.example.map((line) => `  ${line}`),
      `  = ${view.cost_usd ?? 'unpriced'}${view.cost_usd === null ? '' : ` USD (${view.cost_nano_usd} nano-USD)`}`,
      '',
    ].join('\n'),
  run: async (input, context) => {
    const atMs = input.at === undefined ? context.clock.nowMs() : Date.parse(input.at)
    const row = await rowFor(input, atMs, context)
    const usage = usageOf({
      input: input.input,
      cachedInput: input.cached_input,
      output: input.output,
      serviceTier: input.tier ?? null,
      items:
        input.items === undefined
          ? null
          : Object.fromEntries([...pairsOf(input.items)].map(([item, pieces]) => [item, Number(pieces)])),
    })
    const question = { atMs, usage }
    const head = { model: row.id, at: rfc3339(atMs) }
    const nothing = { price: null, price_hash: null, others: [], fx: null, markup: null, discount: null }
    if (row.priceRows === 'free')
      return { ...head, ...nothing, why: ['it is free on purpose'], example: [], cost_usd: '0.00', cost_nano_usd: '0' }
    const rules = row.rules ?? noRules
    const choice = priceAt(row.priceRows, { atMs, inputTokens: input.input, serviceTier: input.tier ?? null })
    if (choice === null) {
      const others = row.priceRows.map((one) => ({ ...viewOfRow(one), why: whyNot(one, one, question) }))
      return {
        ...head,
        ...nothing,
        others,
        why: ['no row is in force'],
        example: [],
        cost_usd: null,
        cost_nano_usd: null,
      }
    }
    const fx = rowFxRate(choice.row, atMs)
    const charge = saleOf(usage, row.priceRows, { atMs, rules })
    return {
      ...head,
      price: viewOfRow(choice.row),
      price_hash: priceRowHash(choice.row),
      why: [...whyChosen(choice.row, choice.tierMatched, question)],
      others: row.priceRows
        .filter((one) => one !== choice.row)
        .map((one) => ({ ...viewOfRow(one), why: whyNot(one, choice.row, question) })),
      fx:
        fx === null
          ? null
          : {
              currency: fx.currency,
              per_usd: decimalOf(fx.perUsdNano),
              from: rfc3339(fx.fromMs).slice(0, 10),
              source: fx.source,
            },
      markup: named(rules.markup),
      discount: named(rules.discount),
      example: [...arithmetic(choice.row, rules, question)],
      cost_usd: charge === null ? null : decimalOf(charge.costNanoUsd),
      cost_nano_usd: charge?.costNanoUsd.toString() ?? null,
    }
  },
})

export const priceExplainOperations = [explain] as const
