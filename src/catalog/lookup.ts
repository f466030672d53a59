/** Looking models up: by vendor and name, by name alone, past the end of their life, and when the name is mistyped. */

import { nearestOf } from '#base/nearest.ts'
import type { Catalog, CatalogModel, Named } from './model.ts'

/** A successor may have a successor; a longer row of them is a fault of the data. */
const successorsMax = 8

/** What the vendor's catalog says of a name, whether the model lives or not; `null` = unknown vendor or name. */
export const namedAt = (catalog: Catalog, vendor: string, name: string): Named | null =>
  catalog.byVendor.get(vendor)?.byName.get(name) ?? null

/** `kimi-k2-instruct` of `moonshotai/Kimi-K2-Instruct`: hosts put the maker before it. */
const bareName = (name: string): string => name.slice(name.lastIndexOf('/') + 1).toLowerCase()

/**
 * The family of what is called so, by the first maker that knows one of the names. What nobody knows is of the family that it is called by,
 * as an entry of the catalog is that names none: `kimi-k2-of-ours` is a branch of `kimi`.
 */
export const familyNamed = (catalog: Catalog, names: readonly [string, ...string[]]): string => {
  const makers = catalog.vendors.filter((vendor) => !vendor.host)
  const known = names
    .flatMap((name) => [name, bareName(name)])
    .flatMap((name) => makers.map(({ byName }) => byName.get(name)?.model.family))
    .find((family) => family !== undefined)
  return known ?? bareName(names[0])
}

/** Whether the vendor refuses the model at this time. */
export const isRetired = (model: CatalogModel, atMs: number): boolean =>
  model.retiresMs !== null && atMs >= model.retiresMs

/** The end of the line of successors that lives at this time, or `null`. */
const liveSuccessor = (catalog: Catalog, model: CatalogModel, atMs: number): CatalogModel | null => {
  let next: CatalogModel | null = model
  for (let step = 0; step < successorsMax && next !== null; step += 1) {
    if (!isRetired(next, atMs)) return next
    next = next.successor === null ? null : (namedAt(catalog, next.vendor, next.successor)?.model ?? null)
  }
  return null
}

/** The end of a model's life, for the answer that refuses it or the warning that goes with its successor. */
export type Retirement = {
  readonly vendor: string
  /** As the caller wrote it. */
  readonly name: string
  /** The first day on which the vendor refused it, `YYYY-MM-DD`. */
  readonly retiredOn: string
  /** A model of the same vendor that lives now. */
  readonly successor: string | null
}

export type Resolution =
  | {
      readonly kind: 'found'
      readonly model: CatalogModel
      /** The name to send upstream. */
      readonly sendAs: string
      /** Set when the name's own model is gone and its successor answers: the caller is to be warned. */
      readonly redirect: Retirement | null
    }
  | { readonly kind: 'retired'; readonly retirement: Retirement }
  | { readonly kind: 'unknown' }

export type Asked = {
  readonly name: string
  readonly atMs: number
  /** Only these vendors, hosts too. `null`: every maker; hosts of other makers' models only where no maker knows the name. */
  readonly vendors: readonly string[] | null
}

const resolved = (catalog: Catalog, named: Named, { name, atMs }: Asked): Resolution => {
  const { model, sendAs } = named
  if (!isRetired(model, atMs)) return { kind: 'found', model, sendAs, redirect: null }
  const next = liveSuccessor(catalog, model, atMs)
  const retirement = { vendor: model.vendor, name, retiredOn: model.retiresOn ?? '', successor: next?.id ?? null }
  return model.redirects && next !== null
    ? { kind: 'found', model: next, sendAs: next.id, redirect: retirement }
    : { kind: 'retired', retirement }
}

/**
 * What each vendor that knows the name makes of it, the preferred first: makers before hosts, the living before the retired.
 */
export const resolutions = (catalog: Catalog, asked: Asked): readonly Resolution[] => {
  const wanted = asked.vendors?.map((vendor) => catalog.byVendor.get(vendor)?.name ?? vendor)
  const knowing = catalog.vendors.flatMap((vendor) => {
    const named = vendor.byName.get(asked.name)
    return named === undefined || wanted?.includes(vendor.name) === false ? [] : [{ vendor, named }]
  })
  const makers = knowing.filter(({ vendor }) => !vendor.host)
  const chosen = wanted === undefined && makers.length > 0 ? makers : knowing
  const all = chosen.map(({ named }) => resolved(catalog, named, asked))
  return [...all.filter((one) => one.kind === 'found'), ...all.filter((one) => one.kind !== 'found')]
}

/** The first of `resolutions`, or `unknown`. */
export const resolve = (catalog: Catalog, asked: Asked): Resolution =>
  resolutions(catalog, asked)[0] ?? { kind: 'unknown' }

/** Every id, other id and alias that a vendor answers to at this time; redirected names are among them. */
export const liveNames = (catalog: Catalog, vendor: string, atMs: number): readonly string[] => {
  const found = catalog.byVendor.get(vendor)
  if (found === undefined) return []
  return [...found.byName]
    .filter(
      ([, { model }]) => !isRetired(model, atMs) || (model.redirects && liveSuccessor(catalog, model, atMs) !== null),
    )
    .map(([name]) => name)
}

export type Mistyped = Asked & {
  /** Further names that would do: the operator's ids, `provider/model`. */
  readonly also: readonly string[]
  readonly countMax: number
}

/** A longer name is no typing error of one that is known. */
const nameCharactersMax = 64

/** Names that live and are near to a mistyped one, nearest first. */
export const nearestIds = (catalog: Catalog, { name, atMs, vendors, also, countMax }: Mistyped): readonly string[] => {
  const asked = vendors ?? catalog.vendors.filter((vendor) => !vendor.host).map((vendor) => vendor.name)
  const names = new Set([...also, ...asked.flatMap((vendor) => liveNames(catalog, vendor, atMs))])
  return nearestOf(name.slice(0, nameCharactersMax), [...names], countMax)
}
