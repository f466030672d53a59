/**
 * What models cost here, for anybody who asks, where the operator turned it on: official price, ours, the saving, in dollars and yuan.
 * Nothing in it is a customer's, and nothing says what the operator pays.
 */

import { rfc3339 } from '#base/clock.ts'
import { fxRateAt } from '#base/fx-rate.ts'
import { decimalOf } from '#base/money.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { PageEndpoint } from '#http/page.ts'
import { covers } from '#ledger/lot.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { rowForAccount } from '#relay/account-price.ts'
import { apiPrefix } from './api.ts'
import type { AdminPorts } from './operation.ts'
import { compareModel } from './price-compare.ts'
import type { PublicPrices } from './price-page.ts'
import { pricePage } from './price-page.ts'
import type { PublicPages, PublicSettings } from './public-page.ts'
import { publicEndpoints } from './public-page.ts'

/** Prices change by the minute at most: with the time of day. */
const keptMs = 60_000
const modelsMax = 2_000

/** Nobody: no account, no plan, so that only what holds for everybody counts. */
const nobody = ''

const pricesNow = (
  { models, prices }: Pick<AdminPorts, 'models' | 'prices'>,
  shown: PublicSettings['models'],
  atMs: number,
): PublicPrices => {
  const isShown = ({ id, aliases }: ModelRow): boolean => shown === null || covers(shown, [id, ...aliases])
  const rows = models()
    .filter(isShown)
    .map((row) => rowForAccount(row, prices.snapshot(), { account: nobody, atMs }))
    .map((row) => compareModel(row, { atMs, fxRates: prices.book().fxRates }))
    .filter(({ ours_usd }) => ours_usd !== null)
    .sort((one, other) => (one.model < other.model ? -1 : 1))
  const fx = fxRateAt(prices.book().fxRates, 'CNY', atMs)
  return {
    at: rfc3339(atMs),
    fx_cny_per_usd: fx === null ? null : decimalOf(fx.perUsdNano),
    unit: 'per million tokens',
    data: rows.slice(0, modelsMax),
    left_out: Math.max(0, rows.length - modelsMax),
  }
}

const hidden =
  "This server shows no prices to the public. Its operator turns them on by 'public: { pricing: true }' in drover.yaml; with a key, GET /v1/models shows its own."

/** The page `/pricing`, and the same as JSON. */
export const publicPrices = ({
  ports,
  settings,
  clock,
}: Pick<PublicPages<PublicPrices>, 'settings' | 'clock'> & {
  readonly ports: Pick<AdminPorts, 'models' | 'prices'>
}): readonly Endpoint<PageEndpoint>[] =>
  publicEndpoints({
    path: '/pricing',
    jsonPath: `${apiPrefix}/public/prices`,
    make: ({ models }, atMs) => pricesNow(ports, models, atMs),
    write: pricePage,
    hidden: ({ pricing }) => (pricing ? null : hidden),
    keptMs,
    tables: ports.prices.snapshot,
    settings,
    clock,
  })
