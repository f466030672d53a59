/** What training costs: tokens that were trained, times epochs, by the price of the item `training_token`. */

import { noRules } from '#base/price-rule.ts'
import { Problem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import type { Charge } from '#ledger/charge.ts'
import { chargeOf, saleOf } from '#ledger/charge.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { rowsOfCost } from '#relay/settle.ts'
import type { Upstream } from '#relay/snapshot.ts'

/** The item of a price row: each token of each epoch. */
export const trainingItem = 'training_token'
/** OpenAI chooses by itself between 1 and 25 where a job does not say (its cookbook on data preparation, from memory). */
const epochsMax = 25

export const trainingUsage = (tokens: number): Usage =>
  usageOf({ input: 0, output: 0, items: { [trainingItem]: tokens } })

/** What so many trained tokens cost a caller; `null` = the model has no price for training. */
export const trainingCharge = (row: ModelRow, tokens: number, atMs: number): Charge | null => {
  const charge = saleOf(trainingUsage(tokens), row.priceRows, { atMs, rules: row.rules ?? noRules })
  return charge === null || charge.unpricedItems.length > 0 ? null : charge
}

/** What they cost the operator; `null` = unknown. */
export const trainingCost = (
  upstream: Upstream,
  target: Target,
  { tokens, atMs }: { tokens: number; atMs: number },
) => {
  const charge = chargeOf(trainingUsage(tokens), rowsOfCost(upstream, target), atMs)
  return charge === null || charge.unpricedItems.length > 0 ? null : charge.costNanoUsd
}

const inside = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined

/** The epochs that a job asks for, wherever its method says them; the most that a provider chooses where it says none. */
export const epochsOf = (body: Readonly<Record<string, unknown>>): number => {
  const method = body['method']
  const kind = inside(method, 'type')
  const places = [body, typeof kind === 'string' ? inside(method, kind) : undefined]
  for (const place of places) {
    const epochs = inside(inside(place, 'hyperparameters'), 'n_epochs')
    if (typeof epochs === 'number' && Number.isInteger(epochs) && epochs > 0) return epochs
  }
  return epochsMax
}

export const unpricedTraining = (name: string): Problem =>
  new Problem('price_unknown', {
    message:
      `Training of model '${name.slice(0, 100)}' has no price here, and this account or key pays by price. ` +
      `Operators: set ${trainingItem} among the items of the model's price (drover.yaml, or drover prices set --items ${trainingItem}=AMOUNT), in USD a token.`,
    param: 'model',
  })
