/** Models: ids, aliases, targets, prices, and that each target names a provider that there is. */

import { nearestOf } from '#base/nearest.ts'
import type { PriceRates } from '#base/price-row.ts'
import { routeSettings } from '#relay/settings.ts'
import type { ModelConfig, PriceSetting, RouteConfig, TargetConfig, TargetScopeConfig } from './config.ts'
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
  fallbackOn: route.fallback_on.map((cause) => (cause === 'context_length' ? 'context-length' : 'content-filter')),
  breaker: { failuresMax: route.breaker.failures, restMs: route.breaker.rest },
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

type DataPolicySetting = ModelSettings['targets'][number]['data_policy']

/** As it is written, as the rooms have it. */
export const policyOf = (policy: DataPolicySetting): TargetConfig['dataPolicy'] =>
  policy === undefined ? null : (policy.replace('_', '-') as TargetConfig['dataPolicy'])

const scopeOf = (scope: NonNullable<ModelSettings['targets'][number]['for']>): TargetScopeConfig => ({
  keys: scope.keys ?? null,
  projects: scope.projects ?? null,
  accounts: scope.accounts ?? null,
  plans: scope.plans ?? null,
  tags: scope.tags ?? null,
  promptBytesMin: scope.prompt_min ?? null,
  promptBytesMax: scope.prompt_max ?? null,
})

const modelOf = (id: string, settings: ModelSettings, origin: ModelConfig['origin']): ModelConfig => ({
  id,
  aliases: settings.aliases,
  targets: settings.targets.map((target) => ({
    provider: target.provider,
    model: target.model,
    weight: target.weight,
    tier: target.tier,
    params: target.params,
    region: target.region ?? null,
    dataPolicy: policyOf(target.data_policy),
    scope: target.for === undefined ? null : scopeOf(target.for),
    cost: priceOf(target.cost),
  })),
  fallbacks: settings.fallbacks,
  route: routeOf(settings.route),
  price: priceOf(settings.price),
  origin,
})

/** The models as they are declared, without a look at what they name. */
export const modelsOf = ({ models }: Settings, origin: ModelConfig['origin']): readonly ModelConfig[] =>
  Object.entries(models ?? {}).map(([id, one]) => modelOf(id, one, origin))

const isZero = (price: ModelConfig['price']): boolean => {
  if (price === null || price === 'free') return false
  const { items, ...rates } = price.rates
  const known = [...Object.values(rates), ...Object.values(items ?? {})].filter((rate) => rate !== null)
  return known.length > 0 && known.every((rate) => rate === 0n)
}

/** A price of nothing is a slip more often than a gift: whoever means it has a word for it. */
const checkPrice = (model: ModelConfig, tell: Tell): void => {
  if (isZero(model.price))
    tell(['models', model.id, 'price'], 'is zero: write "price: free" where calls are to cost nothing on purpose')
}

/** `providers`: names by whom calls can be served; `declared`: whether the file has the block. */
export type KnownProviders = {
  readonly names: readonly string[]
  readonly declared: boolean
  /** Models that there are beside those of the file; absent = none. */
  readonly beside?: readonly Pick<ModelConfig, 'id' | 'aliases'>[]
  /** Absent: the file. */
  readonly origin?: ModelConfig['origin']
}

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

const checkNames = (models: readonly ModelConfig[], { beside = [] }: KnownProviders, tell: Tell): void => {
  const taken = beside.flatMap(({ id, aliases }) => [id, ...aliases].map((name) => [name, id] as const))
  const owners = new Map([...taken, ...models.map((model) => [model.id, model.id] as const)])
  for (const model of models) {
    const other = taken.find(([name]) => name === model.id)?.[1]
    if (other !== undefined) tell(['models', model.id], `'${model.id}' already means the model '${other}'`)
    for (const [index, alias] of model.aliases.entries()) {
      const owner = owners.get(alias)
      if (owner !== undefined)
        tell(['models', model.id, 'aliases', index], `'${alias}' already means the model '${owner}'`)
      else owners.set(alias, model.id)
    }
  }
}

/** A model may follow another by its id or an alias, or as `provider/model`; names of the catalog are not known here. */
const checkFallbacks = (models: readonly ModelConfig[], known: KnownProviders, tell: Tell): void => {
  const names = [...models, ...(known.beside ?? [])].flatMap(({ id, aliases }) => [id, ...aliases])
  for (const model of models) {
    for (const [index, name] of model.fallbacks.entries()) {
      const path = ['models', model.id, 'fallbacks', index]
      if (name === model.id || model.aliases.includes(name)) tell(path, 'is the model itself: name another one')
      else if (!names.includes(name) && !known.names.includes(name.split('/')[0] ?? '')) {
        const [nearest] = nearestOf(name, names)
        const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`
        tell(path, `there is no model '${name}' here${hint}: declare it under 'models', or write provider/model`)
      }
    }
  }
}

/** The declared models; targets of unknown providers and names that mean two models go to `tell`. */
export const buildModels = (settings: Settings, known: KnownProviders, tell: Tell): readonly ModelConfig[] => {
  const models = modelsOf(settings, known.origin ?? 'yaml')
  for (const model of models) {
    checkTargets(model, known, tell)
    checkPrice(model, tell)
  }
  checkNames(models, known, tell)
  checkFallbacks(models, known, tell)
  return models
}
