/** Models that came of an account's fine-tuning: called by that account alone, under any name that means them. */

import { Problem } from '#base/problem.ts'
import type { ModelTable } from '#policy/choose.ts'
import { chooseModel, findModel } from '#policy/choose.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { holderOf } from './holder.ts'
import type { BoundModel, Snapshot } from './snapshot.ts'

const tableOf = (snapshot: Snapshot, { test }: Pick<KeyFacts, 'test'>): ModelTable =>
  test ? snapshot.test : snapshot.live

/** What a name means of them: `ft:…`, or `provider/ft:…`. Not those that are not bound. */
const boundBy = ({ customers }: Snapshot, name: string): readonly BoundModel[] => {
  const models = customers.models ?? new Map<string, readonly BoundModel[]>()
  const own = models.get(name)
  if (own !== undefined) return own
  const slash = name.indexOf('/')
  const provider = name.slice(0, slash)
  return (models.get(name.slice(slash + 1)) ?? []).filter((one) => slash > 0 && one.provider === provider)
}

/** As the model that it came of, at the provider that trained it; priced by the operator's own row of its name, else by nothing. */
const rowOf = (bound: BoundModel, name: string, table: ModelTable): ModelRow | null => {
  const own = table.byName.get(name)
  if (own !== undefined) return own
  const base = findModel(table, bound.base) ?? table.directRow(bound.provider, bound.base)
  const target = base?.targets.find(({ provider }) => provider === bound.provider)
  if (base === null || target === undefined) return null
  const { ownPrices: _ownPrices, fallbacks: _fallbacks, ...rest } = base
  const targets = [{ ...target, model: bound.id, costRows: [] }]
  return { ...rest, id: bound.id, aliases: [], targets, priceRows: [], origin: 'direct', createdMs: bound.createdMs }
}

/**
 * The row that a name means for this key, or why there is none. A model of somebody else's fine-tuning is as unknown as one that never
 * was, whoever has a target that could reach it.
 */
export const modelFor = (snapshot: Snapshot, key: KeyFacts, name: string): ModelRow | Problem => {
  const table = tableOf(snapshot, key)
  const bound = boundBy(snapshot, name)
  if (bound.length === 0) return chooseModel(table, name, key)
  const holder = holderOf(key)
  const mine = bound.find((one) => one.holder === holder)
  const unknown = new Problem('model_not_found', {
    message: `Model '${name.slice(0, 100)}' not found. GET /v1/models lists the models of this key.`,
    param: 'model',
  })
  if (mine === undefined) return unknown
  const { models } = key
  if (models !== null && !models.includes(name) && !models.includes(mine.id) && !models.includes(mine.base))
    return unknown
  return rowOf(mine, name, table) ?? unknown
}

/** The row of a name for whoever holds something, whatever keys may call; `null` = it means none any more. */
export const modelOfHolder = (
  snapshot: Snapshot,
  { test, holder }: { readonly test: boolean; readonly holder: string },
  name: string,
): ModelRow | null => {
  const table = tableOf(snapshot, { test })
  const mine = boundBy(snapshot, name).find((one) => one.holder === holder)
  return mine === undefined ? findModel(table, name) : rowOf(mine, name, table)
}

/** The models of this key by name, its own fine-tuned ones among them. */
export const namesFor = (snapshot: Snapshot, key: KeyFacts): ReadonlyMap<string, ModelRow> => {
  const { byName } = tableOf(snapshot, key)
  const { models } = snapshot.customers
  if (models === undefined || models.size === 0) return byName
  const holder = holderOf(key)
  const names = new Map(byName)
  for (const [id, bound] of models) {
    if (!bound.some((one) => one.holder === holder)) {
      names.delete(id)
      continue
    }
    const row = modelFor(snapshot, key, id)
    if (!(row instanceof Problem)) names.set(id, row)
  }
  return names
}

/** By id. */
export const boundModelTable = (models: readonly BoundModel[]): ReadonlyMap<string, readonly BoundModel[]> =>
  Map.groupBy(models, ({ id }) => id)
