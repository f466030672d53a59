/** Which model a name means, and whether this key may use it. */

import { Problem } from '#base/problem.ts'
import type { KeyFacts } from './key-facts.ts'
import type { ModelRow } from './model-table.ts'

export type Retirement = {
  readonly successor: string | null
  /** The day it was switched off, `YYYY-MM-DD`; `null` = unknown. */
  readonly date: string | null
}

export type ModelTable = {
  /** Operator ids and aliases; an id wins over an alias of the same name. */
  readonly byName: ReadonlyMap<string, ModelRow>
  /** Names of the configured providers. */
  readonly providers: ReadonlySet<string>
  /** The row for `provider/model`, or `null` where the provider cannot be asked for it. */
  readonly directRow: (provider: string, model: string) => ModelRow | null
  readonly retired: (name: string) => Retirement | null
  /** Names that are nearest to a mistyped one, nearest first. */
  readonly nearest: (name: string) => readonly string[]
}

const suggestionsMax = 3
const nameShownMax = 100

const shown = (name: string): string => (name.length > nameShownMax ? `${name.slice(0, nameShownMax)}…` : name)

/** Whether the key's list names the model: by the name used, its id, or any alias of it. `null` = every model. */
export const modelAllowed = (row: ModelRow, name: string, facts: Pick<KeyFacts, 'models'>): boolean => {
  const allowed = facts.models
  if (allowed === null) return true
  return allowed.includes(name) || allowed.includes(row.id) || row.aliases.some((alias) => allowed.includes(alias))
}

/** The row that a name means: operator id, alias, then `provider/model` split at the first `/`. */
export const findModel = (table: ModelTable, name: string): ModelRow | null => {
  const named = table.byName.get(name)
  if (named !== undefined) return named
  const slash = name.indexOf('/')
  if (slash <= 0 || slash === name.length - 1) return null
  const provider = name.slice(0, slash)
  return table.providers.has(provider) ? table.directRow(provider, name.slice(slash + 1)) : null
}

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ')

const notFound = (table: ModelTable, name: string, facts: Pick<KeyFacts, 'models'>): Problem => {
  const allowed = (near: string): boolean => {
    const row = findModel(table, near)
    return row !== null && modelAllowed(row, near, facts)
  }
  const near = table.nearest(name).filter(allowed).slice(0, suggestionsMax)
  const hint = near.length > 0 ? `Did you mean ${quoted(near)}?` : 'GET /v1/models lists the models of this key.'
  return new Problem('model_not_found', { message: `Model '${shown(name)}' not found. ${hint}`, param: 'model' })
}

const notAllowed = (name: string, models: readonly string[]): Problem => {
  const list = models.length > 0 ? `It may use ${quoted(models.slice(0, suggestionsMax))}` : 'It may use none'
  const more = models.length > suggestionsMax ? ` and ${models.length - suggestionsMax} more (GET /v1/models)` : ''
  return new Problem('model_not_found', {
    message: `Model '${shown(name)}' not found: this key is not allowed to use it. ${list}${more}.`,
    param: 'model',
  })
}

const isGone = (name: string, { successor, date }: Retirement): Problem =>
  new Problem('model_retired', {
    message:
      `Model '${shown(name)}' was retired by its vendor${date === null ? '' : ` on ${date}`}. ` +
      (successor === null ? 'GET /v1/models lists the current ones.' : `Use '${successor}' instead.`),
    param: 'model',
    facts: { successor, date },
  })

/**
 * The row of the model that the caller named, or why there is none: `model_not_found` (unknown, or not for this key; the
 * message has the nearest names that the key may use) or `model_retired` with successor and date. An id that the
 * operator declares is used even where its vendor has retired a model of that name.
 */
export const chooseModel = (table: ModelTable, name: string, facts: Pick<KeyFacts, 'models'>): ModelRow | Problem => {
  const row = findModel(table, name)
  if (row !== null) return modelAllowed(row, name, facts) ? row : notAllowed(name, facts.models ?? [])
  const retirement = table.retired(name)
  return retirement === null ? notFound(table, name, facts) : isGone(name, retirement)
}
