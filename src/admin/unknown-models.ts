/** Names of models, families and vendors that name nothing here: what may be meant for later, and is more often a slip. */

import { z } from 'zod'
import { nearestOf } from '#base/nearest.ts'
import { isOfFamily } from '#base/price-rule.ts'
import { findModel } from '#policy/choose.ts'
import type { OperationContext } from './operation.ts'

type Asking = Pick<OperationContext, 'actor' | 'ports'>

/** Customers know the models that are listed to them. */
const listedNames = ({ ports }: Asking): readonly string[] =>
  ports.models().flatMap(({ id, aliases }) => [id, ...aliases])

/** Names near to one that no model has; `null` = a model has it. */
const nearestWhereUnknown = (name: string, test: boolean, context: Asking): readonly string[] | null => {
  if (context.actor.tenant === undefined) {
    const tables = context.ports.prices.snapshot()
    const table = test ? tables.test : tables.live
    return findModel(table, name) === null ? table.nearest(name) : null
  }
  const listed = listedNames(context)
  return test || name.includes('/') || listed.includes(name) ? null : nearestOf(name, listed)
}

/** The same of a beginning such as `kimi-*`. One with a slash may lead to any model of a provider. */
const nearestWhereNoneBegins = (beginning: string, context: Asking): readonly string[] | null =>
  beginning.includes('/') || listedNames(context).some((name) => name.startsWith(beginning)) ? null : []

type Named = {
  readonly names: readonly string[]
  /** Of the sandbox. */
  readonly test?: boolean
  /** Whether `kimi-*` is the beginning of names. */
  readonly beginnings: boolean
  /** What comes of it: `the credit pays for nothing by it`. */
  readonly effect: string
}

/** A warning for each name that no model has, with the one that may be meant. */
export const unknownModels = ({ names, test = false, beginnings, effect }: Named, context: Asking): readonly string[] =>
  names.flatMap((name) => {
    const near =
      beginnings && name.endsWith('*')
        ? nearestWhereNoneBegins(name.slice(0, -1), context)
        : nearestWhereUnknown(name, test, context)
    const meant = near?.[0] === undefined ? '' : ` Did you mean '${near[0]}'?`
    const what = beginnings && name.endsWith('*') ? 'no model whose name begins with' : 'no model'
    return near === null ? [] : [`There is ${what} '${name}' here now, so that ${effect}.${meant}`]
  })

/** Of credit: `models` as it was given. */
export const creditWarnings = (models: readonly string[] | undefined, context: Asking): string[] => [
  ...unknownModels({ names: models ?? [], beginnings: true, effect: 'the credit pays for nothing by it' }, context),
]

/** A warning for each family and vendor that no model of the catalog or of this server is of. */
export const unknownKinds = (
  { families, vendor }: { readonly families: readonly string[]; readonly vendor: string | null },
  { ports }: Asking,
): readonly string[] => {
  const { vendors, byVendor } = ports.prices.catalog
  const rows = ports.models()
  const known = [
    ...vendors.flatMap(({ models }) => models.map(({ family }) => family)),
    ...rows.map((row) => row.family),
  ]
  const isKnown = (name: string): boolean => known.some((family) => family != null && isOfFamily(family, [name]))
  const effect = 'here, so that it holds for no call.'
  return [
    ...families.filter((name) => !isKnown(name)).map((name) => `No model is of the family '${name}' ${effect}`),
    ...(vendor === null || byVendor.has(vendor) || rows.some((row) => row.vendor === vendor)
      ? []
      : [`No model is of the vendor '${vendor}' ${effect}`]),
  ]
}

export const warningsView = () =>
  z.array(z.string()).describe('What was taken and is, as things stand, without effect.')
