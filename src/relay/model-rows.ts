/** The tables of models that the hot path looks names up in: made from what the operator declares and what the catalog knows. */

import { nearestOf } from '#base/nearest.ts'
import type { Currency, PriceRates, PriceRow } from '#base/price-row.ts'
import type { Retirement as Gone } from '#catalog/lookup.ts'
import { familyNamed, liveNames, namedAt, resolve } from '#catalog/lookup.ts'
import type { Catalog, CatalogModel } from '#catalog/model.ts'
import type { PriceBook } from '#catalog/price-book.ts'
import { withRates } from '#catalog/price-book.ts'
import type { ModelTable, Retirement } from '#policy/choose.ts'
import type { ModelRow, RouteSettings, Target } from '#policy/model-table.ts'
import type { DataPolicy } from '#policy/region.ts'
import type { TargetScope } from '#policy/scope.ts'

type Price = { readonly currency: Currency; readonly rates: PriceRates } | 'free' | null

export type DeclaredTarget = {
  readonly provider: string
  readonly model: string
  readonly weight: number
  readonly tier: number
  readonly params: 'shim' | 'strict'
  readonly cost: Price
  /** Absent = the provider's. */
  readonly region?: string | null
  readonly dataPolicy?: DataPolicy | null
  /** Which calls may go there; absent or `null` = all. */
  readonly scope?: TargetScope | null
}

/** A model as `drover.yaml` declares it, or as it was applied. */
export type DeclaredModel = {
  /** Absent: drover.yaml. */
  readonly origin?: 'yaml' | 'store'
  readonly id: string
  readonly aliases: readonly string[]
  readonly targets: readonly DeclaredTarget[]
  readonly route: RouteSettings
  readonly price: Price
  /** Models that are asked when no target of this one answers. */
  readonly fallbacks?: readonly string[]
}

/** A provider as far as a table of models cares. */
export type KnownProvider = {
  readonly name: string
  readonly vendor: string
  readonly region: string | null
  readonly dataPolicy?: DataPolicy | null
  readonly price: 'free' | null
  readonly currency?: Currency | null
}

export type TableInput = {
  readonly catalog: Catalog
  readonly providers: readonly KnownProvider[]
  readonly declared: readonly DeclaredModel[]
  /** For models that nobody declared. */
  readonly route: RouteSettings
  readonly nowMs: number
  /** The operator's own rows and rates. */
  readonly book: PriceBook
}

/** The name of the provider that answers test keys. */
export const sandboxProvider = 'sandbox'

const nearestMax = 12

type Origin = DeclaredModel['origin']

/** Where prices say that they are from, of models that are declared. */
export const declaredSource = (origin: Origin): string => (origin === 'store' ? 'drover apply' : 'drover.yaml')

type OwnPrice = { readonly model: string; readonly vendor: string; readonly origin: Origin }

const priceRow = (price: Exclude<Price, null | 'free'>, { model, vendor, origin }: OwnPrice): PriceRow => ({
  model,
  vendor,
  currency: price.currency,
  fromMs: null,
  untilMs: null,
  contextOverTokens: null,
  serviceTier: 'default',
  windows: null,
  rates: price.rates,
  source: declaredSource(origin),
  read: '',
})

const facts = (known: CatalogModel | null) => ({
  contextTokens: known?.contextTokens ?? null,
  outputTokensMax: known?.outputTokensMax ?? null,
  inputModalities: known?.inputModalities ?? ['text'],
  outputModalities: known?.outputModalities ?? ['text'],
  createdMs: known?.releasedMs ?? null,
})

/** What the operator says of a provider's model holds under its own name as well: that of a migration's candidate above all. */
const declaredCosts = (
  models: readonly DeclaredModel[],
): ReadonlyMap<string, { readonly cost: Price; readonly origin: Origin }> => {
  const costs = new Map<string, { readonly cost: Price; readonly origin: Origin }>()
  for (const { origin, targets } of models)
    for (const { provider, model, cost } of targets) {
      const name = `${provider}/${model}`
      if (cost !== null && !costs.has(name)) costs.set(name, { cost, origin })
    }
  return costs
}

/** Tables by the same reading of catalog and providers: everything that follows asks these. */
const reader = ({ catalog, providers, declared: models, route, book }: TableInput) => {
  const byName = new Map(providers.map((provider) => [provider.name, provider]))
  const costs = declaredCosts(models)
  const knownAt = (provider: string, model: string): CatalogModel | null => {
    const vendor = byName.get(provider)?.vendor
    return vendor === undefined ? null : (namedAt(catalog, vendor, model)?.model ?? null)
  }
  /** The vendor's list, the operator's corrections of it before what is shipped, in the currency that the provider bills in. */
  const listRows = (provider: string, model: string): readonly PriceRow[] => {
    const known = byName.get(provider)
    const id = knownAt(provider, model)?.id ?? model
    const rows = [
      ...(book.list.get(`${known?.vendor ?? provider}/${id}`) ?? []),
      ...withRates(knownAt(provider, model)?.priceRows ?? [], book.fxRates),
    ]
    const billed = rows.filter((row) => row.currency === (known?.currency ?? 'USD'))
    return billed.length > 0 ? billed : rows
  }
  const ownRow = (price: Exclude<Price, null | 'free'>, own: OwnPrice): readonly PriceRow[] =>
    withRates([priceRow(price, own)], book.fxRates)
  const costRows = ({ provider, model, cost }: DeclaredTarget, origin: Origin): readonly PriceRow[] => {
    if (cost === null) return listRows(provider, model)
    return cost === 'free' ? [] : ownRow(cost, { model, vendor: byName.get(provider)?.vendor ?? provider, origin })
  }
  const targetOf = (declared: DeclaredTarget, origin: Origin): Target => {
    const { provider, model, weight, tier, params } = declared
    const known = knownAt(provider, model)
    const reasons = known?.capabilities['reasoning']
    return {
      provider,
      model,
      weight,
      tier,
      params,
      region: declared.region ?? byName.get(provider)?.region ?? null,
      ...(declared.scope === undefined ? {} : { scope: declared.scope }),
      dataPolicy: declared.dataPolicy ?? byName.get(provider)?.dataPolicy ?? null,
      ...(reasons === undefined ? {} : { reasons }),
      contextTokens: known?.contextTokens ?? null,
      outputTokensMax: known?.outputTokensMax ?? null,
      costRows: costRows(declared, origin),
    }
  }
  const priceOf = (
    { id, price, origin }: Pick<DeclaredModel, 'id' | 'price' | 'origin'>,
    first: DeclaredTarget | undefined,
  ): ModelRow['priceRows'] => {
    if (price === 'free') return 'free'
    if (price !== null) return ownRow(price, { model: id, vendor: 'operator', origin })
    const sale = book.sale.get(id) ?? []
    if (first === undefined) return sale
    if (sale.length === 0 && byName.get(first.provider)?.price === 'free') return 'free'
    return [...sale, ...listRows(first.provider, first.model)]
  }
  /** What prices of single accounts and rules go by. The family is that of what is sold, whoever serves it. */
  const pricedAs = (id: string, first: DeclaredTarget | undefined) => {
    const known = first === undefined ? null : knownAt(first.provider, first.model)
    const own = book.own.get(id)
    return {
      family: known?.family ?? familyNamed(catalog, first === undefined ? [id] : [id, first.model]),
      vendor: first === undefined ? null : (known?.vendor ?? byName.get(first.provider)?.vendor ?? first.provider),
      ...(known === null ? {} : { officialRows: known.priceRows }),
      ...(own === undefined ? {} : { ownPrices: own }),
    }
  }
  const single = (id: string, provider: string, model: string): ModelRow => {
    const { cost, origin } = costs.get(`${provider}/${model}`) ?? { cost: null, origin: undefined }
    const declared: DeclaredTarget = { provider, model, weight: 1, tier: 1, params: 'shim', cost }
    const known = knownAt(provider, model)
    return {
      id,
      aliases: [],
      targets: [targetOf(declared, origin)],
      route,
      priceRows: priceOf({ id, price: null }, declared),
      origin: 'direct',
      ...facts(known),
      ...pricedAs(id, declared),
      ownedBy: known?.vendor ?? byName.get(provider)?.vendor ?? provider,
    }
  }
  return { byName, knownAt, targetOf, priceOf, pricedAs, single }
}

const declaredRow = (model: DeclaredModel, read: ReturnType<typeof reader>): ModelRow => {
  const first = model.targets[0]
  const known = first === undefined ? null : read.knownAt(first.provider, first.model)
  return {
    id: model.id,
    aliases: model.aliases,
    targets: model.targets.map((target) => read.targetOf(target, model.origin)),
    route: model.route,
    fallbacks: model.fallbacks ?? [],
    priceRows: read.priceOf(model, first),
    origin: model.origin ?? 'yaml',
    ...facts(known),
    ...read.pricedAs(model.id, first),
    ownedBy: known?.vendor ?? first?.provider ?? 'operator',
  }
}

const noticeOf = (redirect: Gone | null, sendAs: string): Pick<ModelRow, 'notice'> =>
  redirect === null ? {} : { notice: `retired ${redirect.retiredOn}; ${sendAs} answers` }

type Reading = { readonly input: TableInput; readonly read: ReturnType<typeof reader> }

/**
 * The row of `provider/model`: what the provider's vendor knows goes under the id that it wants, what it does not know
 * as it was written. `null` = retired there, or no such provider.
 */
const directRow = (name: string, model: string, { input, read }: Reading): ModelRow | null => {
  const provider = read.byName.get(name)
  if (provider === undefined) return null
  const found = resolve(input.catalog, { name: model, atMs: input.nowMs, vendors: [provider.vendor] })
  if (found.kind === 'retired') return null
  const id = `${name}/${model}`
  // Who names the provider asks for that very model: its own server may still have what the vendor's has not.
  const sendAs = found.kind === 'unknown' || found.redirect !== null ? model : found.sendAs
  return read.single(id, name, sendAs)
}

/**
 * Hosts call models of others `maker/model`. Where a provider has the maker's name, and the model, its own is meant.
 * `null` = the host's name is nobody else's.
 */
const ownersRow = (name: string, host: KnownProvider, { input, read }: Reading): ModelRow | null => {
  const [owner = '', ...rest] = name.split('/')
  const model = rest.join('/')
  const known = rest.length > 0 && owner !== host.name && read.knownAt(owner, model) !== null
  return known ? directRow(owner, model, { input, read }) : null
}

/** What the catalog adds for one provider: every living name of its vendor, under the id that the vendor wants. */
const catalogRows = (
  input: TableInput,
  provider: KnownProvider,
  read: ReturnType<typeof reader>,
): Map<string, ModelRow> => {
  const { catalog, nowMs } = input
  const rows = new Map<string, ModelRow>()
  const bySent = new Map<string, ModelRow>()
  for (const name of liveNames(catalog, provider.vendor, nowMs)) {
    const owners = ownersRow(name, provider, { input, read })
    if (owners !== null) {
      rows.set(name, owners)
      continue
    }
    const found = resolve(catalog, { name, atMs: nowMs, vendors: [provider.vendor] })
    if (found.kind !== 'found') continue
    const { model, sendAs, redirect } = found
    const known = bySent.get(sendAs)
    if (known !== undefined && redirect === null) {
      rows.set(name, known)
      continue
    }
    const row: ModelRow = {
      ...read.single(redirect === null ? sendAs : name, provider.name, sendAs),
      aliases: redirect === null && sendAs === model.id ? model.aliases : [],
      origin: 'catalog',
      ...noticeOf(redirect, sendAs),
    }
    if (redirect === null) bySent.set(sendAs, row)
    rows.set(name, row)
  }
  return rows
}

const putAbsent = (into: Map<string, ModelRow>, rows: ReadonlyMap<string, ModelRow>): void => {
  for (const [name, row] of rows) if (!into.has(name)) into.set(name, row)
}

const declaredNames = (rows: readonly ModelRow[]): Map<string, ModelRow> => {
  const byName = new Map<string, ModelRow>()
  for (const row of rows) for (const alias of row.aliases) byName.set(alias, row)
  for (const row of rows) byName.set(row.id, row)
  return byName
}

/** A vendor that makes models before one that hosts those of others, so that a name means its maker's model. */
const makersFirst = ({ catalog, providers }: TableInput): readonly KnownProvider[] => {
  const hosts = (provider: KnownProvider): boolean => catalog.byVendor.get(provider.vendor)?.host === true
  return [...providers.filter((one) => !hosts(one)), ...providers.filter(hosts)]
}

const retiredOf =
  ({ catalog, providers, nowMs }: TableInput) =>
  (name: string): Retirement | null => {
    const slash = name.indexOf('/')
    const provider = slash < 0 ? undefined : providers.find((one) => one.name === name.slice(0, slash))
    const found =
      provider === undefined
        ? resolve(catalog, { name, atMs: nowMs, vendors: null })
        : resolve(catalog, { name: name.slice(slash + 1), atMs: nowMs, vendors: [provider.vendor] })
    return found.kind === 'retired' ? { successor: found.retirement.successor, date: found.retirement.retiredOn } : null
  }

/** What live keys may call. Names of the operator win over names of the catalog. */
export const liveTable = (input: TableInput): ModelTable => {
  const read = reader(input)
  const byName = declaredNames(input.declared.map((model) => declaredRow(model, read)))
  for (const provider of makersFirst(input)) putAbsent(byName, catalogRows(input, provider, read))
  return {
    byName,
    providers: new Set(input.providers.map((provider) => provider.name)),
    directRow: (name, model) => directRow(name, model, { input, read }),
    retired: retiredOf(input),
    nearest: (name) => nearestOf(name, [...byName.keys()], nearestMax),
  }
}

const inSandbox = (row: ModelRow): ModelRow => ({
  ...row,
  targets: [
    { provider: sandboxProvider, model: row.id, weight: 1, tier: 1, params: 'shim', region: null, costRows: [] },
  ],
})

/**
 * What test keys may call: all that live keys may, and every name of the catalog, configured or not; all of it is
 * answered by the sandbox.
 */
export const testTable = (input: TableInput): ModelTable => {
  const configured = new Set(input.providers.map((provider) => provider.vendor))
  const others = input.catalog.vendors
    .filter((vendor) => !configured.has(vendor.name))
    .map((vendor): KnownProvider => ({ name: vendor.name, vendor: vendor.name, region: null, price: null }))
  const everything: TableInput = { ...input, providers: [...input.providers, ...others] }
  const live = liveTable(everything)
  const moved = new Map([...new Set(live.byName.values())].map((row) => [row, inSandbox(row)]))
  const byName = new Map([...live.byName].map(([name, row]) => [name, moved.get(row) ?? inSandbox(row)]))
  return {
    ...live,
    byName,
    directRow: (provider, model) => {
      const row = live.directRow(provider, model)
      return row === null ? null : inSandbox(row)
    },
  }
}
