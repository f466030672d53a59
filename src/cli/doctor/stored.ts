/** Checks of what the store has beside the file: applied providers and models, and migrations. */

import { Problem } from '#base/problem.ts'
import type { CommandLinePorts, StoredSettings } from '#cli/ports.ts'
import type { Config } from '#config/config.ts'
import type { Finding } from './check.ts'
import { fail, ok, skip, warn } from './check.ts'

/** What is there, or why it cannot be looked at. */
export const lookInStore = async (
  request: { readonly config: Config; readonly data: string; readonly isOffline: boolean },
  { storedSettings }: Pick<CommandLinePorts, 'storedSettings'>,
): Promise<StoredSettings | Finding> => {
  const words = { id: 'applied', title: 'Applied' }
  const { config, isOffline } = request
  if (isOffline && config.store.postgres !== null)
    return skip({
      ...words,
      detail: 'providers and models of the store are not looked at: it is Postgres, which was not to be asked',
    })
  try {
    return await storedSettings(request)
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    return warn({
      ...words,
      detail: `what was applied could not be looked at. ${thrown.message}`,
      mend: 'Mend the way to the store, and run it again.',
    })
  }
}

/** The configuration with what was applied beside it: names of the file count more. */
export const withStored = (config: Config, { providers, models }: StoredSettings): Config => {
  const names = new Set(config.providers.map(({ name }) => name))
  const ids = new Set(config.models.map(({ id }) => id))
  return {
    ...config,
    providers: [...config.providers, ...providers.filter(({ name }) => !names.has(name))],
    models: [...config.models, ...models.filter(({ id }) => !ids.has(id))],
  }
}

const waitingNames = (config: Config, { providers, models }: StoredSettings): readonly string[] => [
  ...providers
    .filter(({ name }) => config.providers.some((one) => one.name === name))
    .map(({ name }) => `provider ${name}`),
  ...models.filter(({ id }) => config.models.some((one) => one.id === id)).map(({ id }) => `model ${id}`),
]

/** Models of the store whose targets are at providers that are nowhere: drover.yaml is refused for the same. */
const strayTargets = (config: Config, stored: StoredSettings): readonly Finding[] => {
  const known = new Set(['sandbox', ...withStored(config, stored).providers.map(({ name }) => name)])
  return stored.models.flatMap(({ id, targets }) => {
    const stray = [...new Set(targets.map(({ provider }) => provider))].filter((name) => !known.has(name))
    if (stray.length === 0) return []
    return [
      fail({
        id: `applied:model:${id}`,
        title: `Model ${id}`,
        detail: `was applied, and names providers that are not there: ${stray.join(', ')}`,
        mend: `Apply them, or apply the model without them ('drover models remove ${id}' takes it away).`,
      }),
    ]
  })
}

/** What was applied and does not hold. */
export const checkStored = (config: Config, stored: StoredSettings): readonly Finding[] => {
  const { providers, models, leftOut, lost } = stored
  const words = { id: 'applied', title: 'Applied' }
  const waiting = waitingNames(config, stored)
  const detail = `${providers.length} providers and ${models.length} models`
  const whole =
    waiting.length === 0
      ? ok({ ...words, detail: providers.length + models.length === 0 ? 'nothing was' : detail })
      : warn({
          ...words,
          detail: `${detail}, of which drover.yaml has as well, so that what it says counts: ${waiting.join(', ')}`,
          mend: 'Take them out of one of the two.',
        })
  return [
    whole,
    ...leftOut.map(({ kind, name, why }) =>
      fail({
        id: `applied:${kind}:${name}`,
        title: `Applied ${name}`,
        detail: why ?? 'its credentials were sealed under another server key, and cannot be read: it is left out',
        mend: why === null ? 'Apply it again with its credentials.' : 'Apply it again as this version reads it.',
      }),
    ),
    ...strayTargets(config, stored),
    ...lost.map(({ migration, says }, index) =>
      warn({
        id: `migration:${migration}:${index + 1}`,
        title: `Migration ${migration}`,
        detail: says,
        mend: 'Mend the file, or make the key or project that it means.',
      }),
    ),
  ]
}
