/** The model that a codebase shall move to, as the catalog knows it. */

import { nearestIds, resolve } from '#catalog/lookup.ts'
import type { Catalog, CatalogModel } from '#catalog/model.ts'

export type Target = {
  readonly model: CatalogModel
  readonly asked: string
  readonly catalog: Catalog
  readonly atMs: number
}

export type TargetAnswer =
  | { readonly ok: true; readonly target: Target }
  | { readonly ok: false; readonly nearest: readonly string[] }

/** Finds the target by `model` or `vendor/model`; a retired one is answered with what is near to it. */
export const findTarget = (catalog: Catalog, asked: string, atMs: number): TargetAnswer => {
  const slash = asked.indexOf('/')
  const vendor = slash === -1 ? null : asked.slice(0, slash)
  const tries = [
    { name: asked, vendors: null },
    ...(vendor !== null && catalog.byVendor.has(vendor) ? [{ name: asked.slice(slash + 1), vendors: [vendor] }] : []),
  ]
  for (const one of tries) {
    const found = resolve(catalog, { ...one, atMs })
    if (found.kind === 'found') return { ok: true, target: { model: found.model, asked, catalog, atMs } }
  }
  return { ok: false, nearest: nearestIds(catalog, { name: asked, atMs, vendors: null, also: [], countMax: 3 }) }
}
