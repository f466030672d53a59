/** Routes and providers as they stand in this process: shares, breakers, latencies, keys that rest. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { nearestOf } from '#base/nearest.ts'
import { Problem } from '#base/problem.ts'
import type { ProviderStanding, RouteStanding, TargetStanding } from '#relay/route-state.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { listText, table } from './render.ts'
import { questionOf } from './usage-question.ts'

const milliseconds = z.number().nullable()
const dataPolicy = z.enum(['zero-retention', 'no-training', 'may-train']).nullable()

const targetView = z.object({
  provider: z.string(),
  model: z.string(),
  tier: z.int(),
  weight: z.number(),
  share_percent: z.number().nullable().describe('Of the next calls, where weights decide; null = something else does.'),
  breaker: z.enum(['closed', 'open', 'half-open']),
  away: z
    .enum(['no provider', 'provider down', 'failing', 'probing', 'keys rest'])
    .nullable()
    .describe('Why it is not asked now; null = it is.'),
  again_ms: milliseconds.describe('When it is asked again; null = now, or not known.'),
  failures: z.int().describe('Failures in a row.'),
  in_flight: z.int(),
  stream_latency_ms: milliseconds.describe('Peak average of the time to the first part of a stream.'),
  whole_latency_ms: milliseconds.describe('The same of whole answers.'),
  tokens_per_second: z.number().nullable(),
  region: z.string().nullable(),
  data_policy: dataPolicy,
})

const routeView = z.object({
  model: z.string(),
  strategy: z.enum(['weighted', 'fallback', 'least-latency', 'cheapest']),
  sticky: z.enum(['conversation', 'none']),
  hedge_after_ms: milliseconds,
  fallbacks: z.array(z.string()),
  targets: z.array(targetView),
})

const keyView = z.object({
  name: z.string().describe('The reference that leads to it; never the key.'),
  state: z.enum(['usable', 'resting', 'refused']),
  again_ms: milliseconds.describe('When it is used again; null = it is.'),
})

const providerView = z.object({
  name: z.string(),
  vendor: z.string(),
  origin: z
    .enum(['file', 'environment', 'store', 'built-in'])
    .describe(
      'Where it is declared: `file` = drover.yaml, `environment` = its key was found there, `store` = it was applied.',
    ),
  region: z.string().nullable(),
  data_policy: dataPolicy,
  state: z.enum(['up', 'down']).describe('As active checks and calls have found it.'),
  keys: z.array(keyView),
  cost_nano_usd: z.string().describe('What it took for the calls of the last 30 days, as far as its prices are known.'),
})

const tenth = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10)

const viewOfTarget = (one: TargetStanding): z.input<typeof targetView> => ({
  provider: one.provider,
  model: one.model,
  tier: one.tier,
  weight: one.weight,
  share_percent: one.share === null ? null : tenth(one.share * 100),
  breaker: one.state,
  away: one.away,
  again_ms: tenth(one.againMs),
  failures: one.failures,
  in_flight: one.inFlight,
  stream_latency_ms: tenth(one.streamLatencyMs),
  whole_latency_ms: tenth(one.wholeLatencyMs),
  tokens_per_second: tenth(one.tokensPerSecond),
  region: one.region,
  data_policy: one.dataPolicy ?? null,
})

const viewOfRoute = ({ row, targets }: RouteStanding): z.input<typeof routeView> => ({
  model: row.id,
  strategy: row.route.strategy,
  sticky: row.route.sticky,
  hedge_after_ms: row.route.hedgeAfterMs,
  fallbacks: [...(row.fallbacks ?? [])],
  targets: targets.map(viewOfTarget),
})

const viewOfProvider = (
  { upstream, isAway, keys }: ProviderStanding,
  costs: ReadonlyMap<string, bigint>,
): z.input<typeof providerView> => ({
  name: upstream.provider.name,
  vendor: upstream.vendor.name,
  origin: upstream.provider.origin ?? ('built-in' as const),
  region: upstream.provider.region,
  data_policy: upstream.provider.dataPolicy ?? null,
  state: isAway ? 'down' : 'up',
  keys: keys.map(({ name, state, againMs }) => ({ name, state, again_ms: tenth(againMs) })),
  cost_nano_usd: (costs.get(upstream.provider.name) ?? 0n).toString(),
})

/** Of providers with calls in the last 30 days, which is what is asked for where nobody says since when: whole days, so that few rows are added up. */
const costsOf = async (context: OperationContext): Promise<ReadonlyMap<string, bigint>> => {
  const asked = { input: { test: false }, by: ['provider'], limit: 1000, after: undefined } as const
  const { groups } = await context.ports.store.usage(await questionOf(asked, context))
  return new Map(groups.map(({ values, tally }) => [values.provider ?? '', tally.upstreamCostNanoUsd]))
}

/** Of streams, where any were timed: there it says most. */
const firstPartText = (target: z.output<typeof targetView>): string | null => {
  const latencyMs = target.stream_latency_ms ?? target.whole_latency_ms
  return latencyMs === null ? null : `${Math.round(latencyMs)} ms`
}

const waitText = (againMs: number | null): string => (againMs === null ? '' : ` (${Math.ceil(againMs / 1_000)} s)`)

const routes = operation({
  noun: 'routes',
  verb: 'list',
  summary: 'Where the next calls of a model would go: shares, breakers, latencies.',
  method: 'GET',
  path: '/routes',
  scope: 'read',
  input: z.strictObject({
    model: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('A model as callers name it. Absent: those that are declared.'),
  }),
  output: z.object({
    data: z.array(routeView),
    retries: z.object({
      calls: z.int().describe('Calls of the last 10 s.'),
      retries: z.int().describe('Repeats among them.'),
      allowed: z.int(),
    }),
  }),
  flags: [{ field: 'model', describe: 'A model as callers name it.', positional: true }],
  render: ({ data }) =>
    table(
      ['MODEL', 'STRATEGY', 'TARGET', 'TIER', 'WEIGHT', 'SHARE', 'BREAKER', 'AWAY', 'FIRST PART', 'OPEN', 'REGION'],
      data.flatMap((route) =>
        route.targets.map((target) => [
          route.model,
          route.strategy,
          `${target.provider}/${target.model}`,
          target.tier,
          target.weight,
          target.share_percent === null ? null : `${target.share_percent}%`,
          target.breaker,
          target.away === null ? null : `${target.away}${waitText(target.again_ms)}`,
          firstPartText(target),
          target.in_flight,
          target.region,
        ]),
      ),
    ),
  run: async ({ model }, { ports }) => {
    const found = ports.routing.routes(model ?? null)
    if (found !== null) return { data: found.map(viewOfRoute), retries: ports.routing.retries() }
    const names = ports.models().flatMap(({ id, aliases }) => [id, ...aliases])
    const near = nearestOf(model ?? '', names, 3)
    const hint = near.length === 0 ? '' : ` The nearest are ${near.join(', ')}.`
    throw new Problem('not_found', { message: `There is no model '${model}'.${hint}`, param: 'model' })
  },
})

const providers = operation({
  noun: 'providers',
  verb: 'list',
  summary: 'The providers, whether they are there, which of their keys rest, and what they took.',
  method: 'GET',
  path: '/providers',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(providerView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['PROVIDER', 'VENDOR', 'STATE', 'REGION', 'DATA', 'FROM', 'USD IN 30 DAYS', 'KEYS'],
      data.map((provider) => [
        provider.name,
        provider.vendor,
        provider.state,
        provider.region,
        provider.data_policy,
        provider.origin,
        decimalOf(BigInt(provider.cost_nano_usd), 2),
        listText(provider.keys.map(({ name, state, again_ms }) => `${name} ${state}${waitText(again_ms)}`)),
      ]),
    ),
  run: async (_input, context) => {
    const costs = await costsOf(context)
    return { data: context.ports.routing.providers().map((one) => viewOfProvider(one, costs)) }
  },
})

export const routingOperations = [routes, providers] as const
