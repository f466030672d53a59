/** Models: ids, aliases, targets, prices, and that each target names a provider that there is. */

import { nearestOf } from '#base/nearest.ts'
import type { PriceRates } from '#base/price-row.ts'
import { routeSettings } from '#relay/settings.ts'
import type { ModelConfig, PriceSetting, RouteConfig } from './config.ts'
import type { Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

type ModelSettings = NonNullable<Settings['models']>[string]
type Price = ModelSettings['price']

const ratesOf = (price: Exclude<Price, 'free' | undefined>): PriceRates => ({
  input: price.input ?? null,
  cachedInput: price.cached_input ?? null,
  output: price.output ?? null,
  cacheWrite5m: price.cache_write_5m ?? null,
  cacheWrite1h: price.cache_write_1h ?? null,
  reasoning: price.reasoning ?? null,
  audioInput: price.audio_input ?? null,
  audioOutput: price.audio_output ?? null,
  imageInput: price.image_input ?? null,
  imageOutput: price.image_output ?? null,
  perCall: price.per_call ?? null,
  items: price.items ?? null,
})

const priceOf = (price: Price): PriceSetting | 'free' | null => {
  if (price === undefined || price === 'free') return price ?? null
  return { currency: price.currency, rates: ratesOf(price) }
}

const routeOf = (route: ModelSettings['route']): RouteConfig => ({
  strategy: route.strategy === 'least_latency' ? 'least-latency' : route.strategy,
  retriesMax: route.retries,
  hedgeAfterMs: route.hedge_after === 'off' ? null : route.hedge_after,
  sticky: route.sticky,
  timeouts: {
    connectMs: route.timeout.connect,
    headersMs: route.timeout.headers,
    firstTokenMs: route.timeout.first_token,
    idleMs: route.timeout.idle,
    totalMs: route.timeout.total,
  },
})

/** The route of models that nobody declared: every default. */
export const defaultRoute: RouteConfig = routeOf(routeSettings.parse({}))

const modelOf = (id: string, settings: ModelSettings): ModelConfig => ({
  id,
  aliases: settings.aliases,
  targets: settings.targets.map((target) => ({
    provider: target.provider,
    model: target.model,
    weight: target.weight,
    tier: target.tier,
    params: target.params,
    cost: priceOf(target.cost),
  })),
  route: routeOf(settings.route),
  price: priceOf(settings.price),
})

/** `providers`: names by whom calls can be served; `declared`: whether the file has the block. */
export type KnownProviders = { readonly names: readonly string[]; readonly declared: boolean }

const unknownProvider = (name: string, { names, declared }: KnownProviders): string => {
  const [nearest] = nearestOf(name, names)
  if (nearest !== undefined) return `there is no provider '${name}'; did you mean '${nearest}'?`
  const list = names.length === 0 ? '' : `; there are ${names.join(', ')}`
  const mend = declared
    ? "declare it under 'providers'"
    : "declare it under 'providers', or set the environment variable of its key"
  return `there is no provider '${name}'${list}: ${mend}`
}

const checkTargets = (model: ModelConfig, known: KnownProviders, tell: Tell): void => {
  for (const [index, target] of model.targets.entries()) {
    if (!known.names.includes(target.provider))
      tell(['models', model.id, 'targets', index, 'provider'], unknownProvider(target.provider, known))
  }
}

const checkNames = (models: readonly ModelConfig[], tell: Tell): void => {
  const owners = new Map(models.map((model) => [model.id, model.id]))
  for (const model of models) {
    for (const [index, alias] of model.aliases.entries()) {
      const owner = owners.get(alias)
      if (owner !== undefined)
        tell(['models', model.id, 'aliases', index], `'${alias}' already means the model '${owner}'`)
      else owners.set(alias, model.id)
    }
  }
}

/** The declared models; targets of unknown providers and names that mean two models go to `tell`. */
export const buildModels = (settings: Settings, known: KnownProviders, tell: Tell): readonly ModelConfig[] => {
  const models = Object.entries(settings.models ?? {}).map(([id, one]) => modelOf(id, one))
  for (const model of models) checkTargets(model, known, tell)
  checkNames(models, tell)
  return models
}
