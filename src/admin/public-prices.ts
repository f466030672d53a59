/**
 * What models cost here, for anybody who asks, where the operator turned it on: official price, ours, the saving, in dollars and yuan.
 * Nothing in it is a customer's, and nothing says what the operator pays.
 */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import { rfc3339 } from '#base/clock.ts'
import { fxRateAt } from '#base/fx-rate.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { Answer, Inbound } from '#http/inbound.ts'
import type { PageEndpoint } from '#http/page.ts'
import { page, pageHeaders } from '#http/page.ts'
import { covers } from '#ledger/lot.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { rowForAccount } from '#relay/account-price.ts'
import { apiPrefix } from './api.ts'
import type { AdminPorts } from './operation.ts'
import { compareModel } from './price-compare.ts'
import type { Language, PublicPrices } from './public-page.ts'
import { languageOf, pricePage } from './public-page.ts'

/** What is shown, and whether. */
export type PublicSettings = {
  readonly pricing: boolean
  readonly status: boolean
  readonly models: readonly string[] | null
}

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
    .map((row) => compareModel(row, { atMs, prices }))
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

const hidden = (): Problem =>
  new Problem('not_found', {
    message:
      "This server shows no prices to the public. Its operator turns them on by 'public: { pricing: true }' in drover.yaml; with a key, GET /v1/models shows its own.",
  })

type Kept = { readonly atMs: number; readonly json: Buffer; readonly html: Readonly<Record<Language, Buffer>> }

const cacheControl = `public, max-age=${keptMs / 1000}`

/** The two endpoints; each answer is made once a minute at most, however many ask. */
export const publicPrices = ({
  ports,
  settings,
  clock,
}: {
  readonly ports: Pick<AdminPorts, 'models' | 'prices'>
  /** As they are now: the file is watched. */
  readonly settings: () => PublicSettings
  readonly clock: Clock
}): readonly Endpoint<PageEndpoint>[] => {
  let kept: (Kept & { readonly of: PublicSettings; readonly snapshot: unknown }) | null = null
  const now = (): Kept => {
    const of = settings()
    if (!of.pricing) throw hidden()
    const atMs = clock.nowMs()
    const snapshot = ports.prices.snapshot()
    const isFresh = kept !== null && Math.abs(atMs - kept.atMs) < keptMs && kept.of === of && kept.snapshot === snapshot
    if (kept !== null && isFresh) return kept
    const prices = pricesNow(ports, of.models, atMs)
    const html = { en: Buffer.from(pricePage(prices, 'en')), zh: Buffer.from(pricePage(prices, 'zh')) }
    kept = { atMs, of, snapshot, json: Buffer.from(JSON.stringify(prices)), html }
    return kept
  }
  const asJson = (): Answer => ({
    status: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': cacheControl,
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
    },
    body: now().json,
  })
  const asHtml = ({ headers }: Inbound): Answer => {
    const language = languageOf(headers['accept-language'])
    return {
      status: 200,
      headers: {
        ...pageHeaders('text/html; charset=utf-8'),
        'cache-control': cacheControl,
        'content-language': language === 'zh' ? 'zh-CN' : 'en',
        vary: 'accept-language',
      },
      body: now().html[language],
    }
  }
  return [
    { ...page('/pricing', asHtml), unlisted: true },
    { ...page(`${apiPrefix}/public/prices`, asJson), unlisted: true },
  ]
}
