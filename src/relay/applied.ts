/** Providers and models that were applied, beside those of drover.yaml, which come first. */

import type { Provider } from '#provider/vendor.ts'
import type { DeclaredModel } from './model-rows.ts'

/** What of the configuration decides where calls go. */
export type Declared = { readonly providers: readonly Provider[]; readonly models: readonly DeclaredModel[] }

export const nothingApplied: Declared = { providers: [], models: [] }

/** Both together. A name that the file has means what the file says: what was applied under it waits until the file has it no more. */
export const withApplied = ({ providers, models }: Declared, applied: Declared): Declared => {
  const taken = new Set(providers.map(({ name }) => name))
  const names = new Set(models.flatMap(({ id, aliases }) => [id, ...aliases]))
  const others = applied.models.filter(({ id }) => !names.has(id))
  return {
    providers: [...providers, ...applied.providers.filter(({ name }) => !taken.has(name))],
    models: [
      ...models,
      ...others.map((model) => ({ ...model, aliases: model.aliases.filter((alias) => !names.has(alias)) })),
    ],
  }
}
