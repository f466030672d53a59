/** Models as callers find them: ids, aliases, targets, prices. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { nearestOf } from '#base/nearest.ts'
import type { PriceRow } from '#base/price-row.ts'
import { Problem } from '#base/problem.ts'
import type { Share } from '#observe/availability.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { ratesNow } from '#relay/account-price.ts'
import { modelStates, stateOfModel } from './model-state.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { compareModel, side } from './price-compare.ts'
import { listText, table } from './render.ts'

const amount = z.string().nullable()

const priceView = z.object({
  currency: z.enum(['USD', 'CNY']),
  input: amount.describe('Per million tokens.'),
  cached_input: amount,
  output: amount,
  per_call: amount,
  from: z.string().nullable().describe('RFC 3339, UTC; null = since ever, or not told.'),
  source: z.string().describe('Where the price is from; customers are not told.'),
})

const modelView = z.object({
  id: z.string(),
  aliases: z.array(z.string()),
  origin: z.enum(['yaml', 'store', 'catalog', 'direct']).describe('Where it is declared.'),
  owned_by: z.string(),
  targets: z.array(
    z.object({
      provider: z.string(),
      model: z.string(),
      weight: z.number(),
      tier: z.int(),
      params: z.enum(['shim', 'strict']),
      region: z.string().nullable(),
    }),
  ),
  price: z
    .union([z.literal('free'), priceView])
    .nullable()
    .describe('What callers pay now: to the operator as its row says, to customers as it is charged; null = unpriced.'),
  official: z
    .object({
      usd: side.nullable().describe('null = the vendor asks in yuan alone.'),
      cny: side.nullable(),
      saving_percent: side.describe('What is asked here is below it by so much; below zero is dearer.'),
      source: z.string().nullable(),
      read: z.string().nullable().describe('The day on which it was read.'),
    })
    .nullable()
    .describe('What the vendor asks, per million tokens; null = not known.'),
  state: z
    .enum(modelStates)
    .describe(
      'Whether it answers: by its targets and by its calls of the last ten minutes, as this server sees them now.',
    ),
  context_tokens: z.int().nullable(),
  output_tokens_max: z.int().nullable(),
  input_modalities: z.array(z.string()),
  output_modalities: z.array(z.string()),
})

type ModelView = z.input<typeof modelView>

const decimal = (nano: bigint | null): string | null => (nano === null ? null : decimalOf(nano))

const holdsAt = (row: PriceRow, nowMs: number): boolean =>
  row.contextOverTokens === null &&
  row.serviceTier === 'default' &&
  row.windows === null &&
  (row.fromMs === null || row.fromMs <= nowMs) &&
  (row.untilMs === null || row.untilMs > nowMs)

const priceOf = (model: ModelRow, nowMs: number): ModelView['price'] => {
  if (model.priceRows === 'free') return 'free'
  const row = model.priceRows.find((one) => holdsAt(one, nowMs))
  if (row === undefined) return null
  return {
    currency: row.currency,
    input: decimal(row.rates.input),
    cached_input: decimal(row.rates.cachedInput),
    output: decimal(row.rates.output),
    per_call: decimal(row.rates.perCall),
    from: row.fromMs === null ? null : rfc3339(row.fromMs),
    source: row.source,
  }
}

/** To customers: in dollars, as it is charged. What it is made of would tell what the operator pays, and adds. */
const chargedPriceOf = (model: ModelRow, nowMs: number): ModelView['price'] => {
  const rates = ratesNow(model, { atMs: nowMs, inputTokens: 0 })
  if (model.priceRows === 'free' || rates === null) return model.priceRows === 'free' ? 'free' : null
  return {
    currency: 'USD',
    input: decimal(rates.input),
    cached_input: decimal(rates.cachedInput),
    output: decimal(rates.output),
    per_call: decimal(rates.perCall),
    from: null,
    source: 'this server',
  }
}

type Asked = {
  readonly nowMs: number
  readonly isCustomer: boolean
  readonly routes: OperationContext['ports']['routing']['routes']
  readonly recent: (model: string) => Share | null
}

const officialOf = (model: ModelRow, atMs: number): ModelView['official'] => {
  const { official_usd: usd, official_cny: cny, ...rest } = compareModel(model, { atMs, fxRates: [] })
  if (usd === null && cny === null) return null
  return { usd, cny, saving_percent: rest.saving_percent, source: rest.source, read: rest.read }
}

const viewOfModel = (model: ModelRow, { nowMs, isCustomer, routes, recent }: Asked): ModelView => ({
  id: model.id,
  aliases: [...model.aliases],
  origin: model.origin,
  owned_by: model.ownedBy,
  targets: model.targets.map((target) => ({
    provider: target.provider,
    model: target.model,
    weight: target.weight,
    tier: target.tier,
    params: target.params,
    region: target.region,
  })),
  price: isCustomer ? chargedPriceOf(model, nowMs) : priceOf(model, nowMs),
  official: officialOf(model, nowMs),
  state: stateOfModel(routes(model.id)?.[0] ?? { targets: [] }, recent(model.id)),
  context_tokens: model.contextTokens,
  output_tokens_max: model.outputTokensMax,
  input_modalities: [...model.inputModalities],
  output_modalities: [...model.outputModalities],
})

const priceText = (price: ModelView['price']): string => {
  if (price === null) return 'unpriced'
  if (price === 'free') return 'free'
  const unit = price.currency === 'USD' ? '$' : '¥'
  return `${unit}${price.input ?? '?'} in, ${unit}${price.output ?? '?'} out`
}

const askedBy = ({ actor, clock, ports }: OperationContext): Asked => ({
  routes: ports.routing.routes,
  recent: (model) => ports.availability?.recent(model) ?? null,
  nowMs: clock.nowMs(),
  isCustomer: actor.tenant !== undefined,
})

const list = operation({
  noun: 'models',
  verb: 'list',
  summary: 'The models that callers can use, with targets and prices.',
  method: 'GET',
  path: '/models',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(modelView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'ALIASES', 'TARGETS', 'PRICE PER MILLION TOKENS', 'CONTEXT', 'FROM'],
      data.map((model) => [
        model.id,
        listText(model.aliases),
        listText(model.targets.map((target) => `${target.provider}/${target.model}`)),
        priceText(model.price),
        model.context_tokens,
        model.origin,
      ]),
    ),
  run: async (_input, context) => ({
    data: context.ports.models().map((model) => viewOfModel(model, askedBy(context))),
  }),
})

const show = operation({
  noun: 'models',
  verb: 'show',
  summary: 'One model by its id or an alias.',
  method: 'GET',
  path: '/models/{id+}',
  scope: 'read',
  input: z.strictObject({ id: z.string().min(1).max(200).describe('The id or an alias.') }),
  output: modelView,
  flags: [{ field: 'id', describe: 'The id or an alias.', positional: true }],
  run: async ({ id }, context) => {
    const models = context.ports.models()
    const found = models.find((model) => model.id === id) ?? models.find((model) => model.aliases.includes(id))
    if (found !== undefined) return viewOfModel(found, askedBy(context))
    const near = nearestOf(
      id,
      models.flatMap((model) => [model.id, ...model.aliases]),
      3,
    )
    const hint = near.length === 0 ? '' : ` The nearest are ${near.join(', ')}.`
    throw new Problem('not_found', { message: `There is no model '${id}'.${hint}`, param: 'id' })
  },
})

export const modelOperations = [list, show] as const
