/** What an account pays for a model: its own rows before its plan's before everybody's, with the markup and the discount it gets. */

import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { mapRates, priceAt } from '#base/price-row.ts'
import { discountFactor, feeFactor, markupFactor, noRules, rulesFor } from '#base/price-rule.ts'
import { rateBy, usdFactor } from '#ledger/charge.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { Snapshot } from './snapshot.ts'

const ownRows = ({ ownPrices }: ModelRow, account: string, plan: string | null): readonly PriceRow[] => [
  ...(ownPrices?.get(`account:${account}`) ?? []),
  ...(plan === null ? [] : (ownPrices?.get(`plan:${plan}`) ?? [])),
]

/** The row as one account's call finds it at its arrival. A row that nothing is special about is given back as it is. */
export const rowForAccount = (
  row: ModelRow,
  { accounts, pricing }: Pick<Snapshot, 'accounts' | 'pricing'>,
  { account, atMs }: { readonly account: string; readonly atMs: number },
): ModelRow => {
  const plan = accounts.get(account)?.plan ?? null
  const own = ownRows(row, account, plan)
  const { rules, volumes } = pricing
  const subject = { account, plan, model: row.id, family: row.family ?? null, vendor: row.vendor ?? null }
  const applied = rulesFor(rules, subject, { atMs, volumeOf: (families) => volumes.of(account, families, atMs) })
  if (own.length === 0 && applied.markup === null && applied.discount === null) return row
  return {
    ...row,
    priceRows: row.priceRows === 'free' ? 'free' : [...own, ...row.priceRows],
    rules: applied,
  }
}

/** The rates in dollars with the markup, the relay fee and the discount of the row, each rounded by itself: for showing and comparing. */
export const ratesNow = (
  row: ModelRow,
  { atMs, inputTokens }: { readonly atMs: number; readonly inputTokens: number },
): PriceRates | null => {
  if (row.priceRows === 'free') return null
  const choice = priceAt(row.priceRows, { atMs, inputTokens, serviceTier: null })
  const toUsd = choice === null ? null : usdFactor(choice.row, atMs)
  if (choice === null || toUsd === null) return null
  const rules = row.rules ?? noRules
  const factors = [toUsd, markupFactor(rules.markup), feeFactor(rules), discountFactor(rules.discount)]
  return mapRates(choice.row.rates, (nano) => rateBy(nano, factors))
}
