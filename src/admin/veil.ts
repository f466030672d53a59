/** What customers are not shown of their own rows: what the operator pays, and adds. */

import { isObject } from '#base/json-type.ts'
import type { Operation } from './operation.ts'

type Veil = (output: Readonly<Record<string, unknown>>) => unknown

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const withoutAttemptCosts = (call: unknown): unknown =>
  isObject(call)
    ? {
        ...call,
        attempts: list(call['attempts']).map((one) => (isObject(one) ? { ...one, cost_nano_usd: null } : one)),
      }
    : call

const withoutMargin = (tally: unknown): unknown =>
  isObject(tally)
    ? { ...tally, upstream_cost_nano_usd: '0', upstream_unpriced: 0, margin_nano_usd: '0', margin_percent: null }
    : tally

/** Rates as they are charged; where the operator adds to a price, its parts would tell how much. */
const withoutMarkups = (price: unknown): unknown => {
  if (!isObject(price)) return price
  const rules = list(price['rules'])
  const shown = rules.filter((rule) => isObject(rule) && rule['kind'] === 'discount')
  const isWhole = shown.length === rules.length
  return { ...price, rules: shown, base_nano_usd: null, ...(isWhole ? {} : { lines: null, sum: null }) }
}

const withoutUpstreamCells = (line: unknown): unknown =>
  isObject(line) ? { ...line, x_UpstreamCost: null, x_UpstreamUnpricedAttempts: null, x_Margin: null } : line

const withoutTargets = (model: unknown): unknown => (isObject(model) ? { ...model, targets: [] } : model)

const veils: Readonly<Record<string, Veil>> = {
  'logs list': (output) => ({ ...output, data: list(output['data']).map(withoutAttemptCosts) }),
  'calls show': withoutAttemptCosts,
  'explain list': (output) => ({
    ...output,
    call: withoutAttemptCosts(output['call']),
    price: withoutMarkups(output['price']),
  }),
  'usage list': (output) => ({
    ...output,
    data: list(output['data']).map(withoutMargin),
    total: withoutMargin(output['total']),
  }),
  'usage export': (output) => ({ ...output, data: list(output['data']).map(withoutUpstreamCells) }),
  'models list': (output) => ({ ...output, data: list(output['data']).map(withoutTargets) }),
  'models show': withoutTargets,
}

/** The output as somebody of another organisation than the operator's may see it. */
export const veiled = ({ noun, verb }: Pick<Operation, 'noun' | 'verb'>, output: unknown): unknown => {
  const veil = veils[`${noun} ${verb}`]
  return veil === undefined || !isObject(output) ? output : veil(output)
}
