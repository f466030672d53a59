/** A table of prices read into proposals: rows under the names that the catalog has for vendors and models. */

import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { namedAt } from '#catalog/lookup.ts'
import type { Catalog } from '#catalog/model.ts'
import type { PriceProposal } from '#catalog/port.ts'

/** What a reader finds: prices of one model under the table's own names, and the calls that they are for. */
export type ReadPrice = {
  readonly vendor: string
  /** The id, and further ids of the same model. */
  readonly names: readonly string[]
  readonly serviceTier?: string
  readonly contextOverTokens?: number
  readonly rates: PriceRates
}

export type TableReading = {
  readonly prices: readonly ReadPrice[]
  /** What could not be read, in words. */
  readonly skipped: readonly string[]
}

export type ReadRequest = {
  readonly json: unknown
  /** The day of the table: prices that begin later are not in force yet. */
  readonly read: string
  /** For tables of one vendor that do not name it. */
  readonly vendor: string | null
}

export type PriceSource = {
  readonly name: string
  readonly title: string
  readonly url: string
  /** Whether a document looks like this table. */
  readonly recognises: (json: unknown) => boolean
  readonly read: (request: ReadRequest) => TableReading
}

/** What tables call vendors that have another name here. */
const vendorNames: Readonly<Record<string, string>> = {
  moonshotai: 'moonshot',
  'moonshotai-cn': 'moonshot',
  google: 'gemini',
  'vertex_ai-language-models': 'gemini',
  'x-ai': 'xai',
  zhipuai: 'zhipu',
  'z-ai': 'zhipu',
  zai: 'zhipu',
  'fireworks-ai': 'fireworks',
  fireworks_ai: 'fireworks',
  togetherai: 'together',
  together_ai: 'together',
  voyage: 'voyageai',
  dashscope: 'alibaba',
  'text-completion-openai': 'openai',
}

export type Imported = {
  readonly proposals: readonly PriceProposal[]
  readonly skipped: readonly string[]
  /** Models of known vendors that the catalog does not have. */
  readonly unknown: readonly string[]
}

const bare = (name: string, vendor: string): string =>
  name.startsWith(`${vendor}/`) ? name.slice(vendor.length + 1) : name

/** The catalog's own model behind any of a table's names. */
const modelFor = (catalog: Catalog, { vendor, names }: ReadPrice): { vendor: string; model: string } | null => {
  const own = vendorNames[vendor] ?? vendor
  for (const name of names) {
    const model = namedAt(catalog, own, bare(name, vendor))?.model
    if (model !== undefined) return { vendor: own, model: model.id }
  }
  return null
}

const rowOf = (price: ReadPrice, model: string, vendor: string): Omit<PriceRow, 'source' | 'read'> => ({
  model,
  vendor,
  currency: 'USD',
  fromMs: null,
  untilMs: null,
  contextOverTokens: price.contextOverTokens ?? null,
  serviceTier: price.serviceTier ?? 'default',
  windows: null,
  rates: price.rates,
})

/** Proposals of a table for the models of the catalog; of two rows for the same calls the first counts. */
export const proposalsOf = (source: PriceSource, request: ReadRequest, catalog: Catalog): Imported => {
  const { prices, skipped } = source.read(request)
  const seen = new Set<string>()
  const unknown = new Set<string>()
  const proposals: PriceProposal[] = []
  for (const price of prices) {
    const known = modelFor(catalog, price)
    if (known === null) {
      if (catalog.byVendor.has(vendorNames[price.vendor] ?? price.vendor))
        unknown.add(`${price.vendor}/${price.names[0] ?? ''}`)
      continue
    }
    const slot = JSON.stringify([known, price.serviceTier ?? null, price.contextOverTokens ?? null])
    if (seen.has(slot)) continue
    seen.add(slot)
    const row = { ...rowOf(price, known.model, known.vendor), source: source.url, read: request.read }
    proposals.push({ source: source.name, read: request.read, row })
  }
  return { proposals, skipped, unknown: [...unknown] }
}
