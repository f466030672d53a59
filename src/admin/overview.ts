/** What somebody looks at first: the last two days by the hour, the last hour's times, what is left, who is away. One answer for one page. */

import { z } from 'zod'
import type { Figure } from '#observe/figures.ts'
import type { UsageQuestion } from '#report/port.ts'
import { accountNamed, balanceNow, balanceView, viewOfBalance } from './credits.ts'
import { handleField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import type { AccountRow } from './rows.ts'
import { questionOf } from './usage-question.ts'
import { momentOfGroup } from './usage-view.ts'

const hourView = z.object({
  hour: z.string().describe('Its beginning, RFC 3339, UTC.'),
  calls: z.int(),
  errors: z.int(),
  tokens: z.int().describe('Input and output.'),
  charge_nano_usd: z.string(),
})

const modelView = z.object({
  model: z.string().nullable(),
  calls: z.int(),
  errors: z.int(),
  charge_nano_usd: z.string(),
})

const lastHourView = z.object({
  calls: z.int(),
  failures: z.int().describe('Calls that a provider or Drover failed.'),
  first_part_p95_ms: z.number().nullable(),
  duration_p95_ms: z.number().nullable(),
  overhead_p95_ms: z.number().nullable(),
})

const providerView = z.object({
  name: z.string(),
  vendor: z.string(),
  state: z.enum(['up', 'down']),
  keys_usable: z.int(),
  keys: z.int(),
  calls: z.int().describe('Attempts of the last hour.'),
  failures: z.int(),
  first_part_p95_ms: z.number().nullable(),
})

type HourView = z.input<typeof hourView>

/** Models that are named; there may be many more. */
const modelsMax = 8

const failuresOf = ({ failures }: Figure): number => failures.upstream + failures.drover

const lastHourOf = (figure: Figure | undefined): z.input<typeof lastHourView> => ({
  calls: figure?.calls ?? 0,
  failures: figure === undefined ? 0 : failuresOf(figure),
  first_part_p95_ms: figure?.firstPartMs.p95 ?? null,
  duration_p95_ms: figure?.durationMs.p95 ?? null,
  overhead_p95_ms: figure?.overheadMs.p95 ?? null,
})

/** The account that is asked for, or the only one that there is. */
const accountOf = async (handle: string | undefined, context: OperationContext): Promise<AccountRow | null> => {
  if (handle !== undefined) return accountNamed(handle, context)
  const [first, second] = await context.ports.store.accounts({ limit: 2, after: null })
  return first !== undefined && second === undefined ? first : null
}

const hoursOf = async (question: UsageQuestion, { ports }: OperationContext) => {
  const { groups, pending } = await ports.store.usage(question)
  const hours = groups.map(
    (group): HourView => ({
      hour: momentOfGroup(group, 'hour').hour ?? '',
      calls: group.tally.calls,
      errors: group.tally.errors,
      tokens: group.tally.input + group.tally.output,
      charge_nano_usd: group.tally.chargeNanoUsd.toString(),
    }),
  )
  return { hours, pending }
}

const modelsOf = async (question: UsageQuestion, { ports }: OperationContext) => {
  const { groups } = await ports.store.usage(question)
  return groups
    .map(({ values, tally }) => ({
      model: values.model ?? null,
      calls: tally.calls,
      errors: tally.errors,
      charge_nano_usd: tally.chargeNanoUsd.toString(),
    }))
    .toSorted((one, other) => other.calls - one.calls)
    .slice(0, modelsMax)
}

const providersOf = async ({ ports }: OperationContext): Promise<z.input<typeof providerView>[]> => {
  const read = (await ports.figures?.read({ by: 'provider', window: '1h', limit: 1000 })) ?? []
  const figures = new Map(read.map((figure) => [figure.name, figure]))
  return ports.routing.providers().map(({ upstream, isAway, keys }) => {
    const figure = figures.get(upstream.provider.name)
    return {
      name: upstream.provider.name,
      vendor: upstream.vendor.name,
      state: isAway ? ('down' as const) : ('up' as const),
      keys_usable: keys.filter(({ state }) => state === 'usable').length,
      keys: keys.length,
      calls: figure?.calls ?? 0,
      failures: figure === undefined ? 0 : failuresOf(figure),
      first_part_p95_ms: figure?.firstPartMs.p95 ?? null,
    }
  })
}

const show = operation({
  noun: 'overview',
  verb: 'show',
  summary: 'How it goes: two days by the hour, the times of the last hour, what is left, and which providers are away.',
  method: 'GET',
  path: '/overview',
  scope: 'read',
  input: z.strictObject({
    account: handleField().optional().describe('Only this account: id or name.'),
    test: z.boolean().default(false).describe('The calls of test keys, instead of those that count.'),
  }),
  output: z.object({
    hours: z.array(hourView).describe('The last 48, the oldest first; hours without calls are not there.'),
    models: z.array(modelView).describe('Of the last 24 hours, the busiest first.'),
    last_hour: lastHourView.nullable().describe('On this server, of all accounts; null = only the operator sees it.'),
    balance: balanceView.nullable().describe('null = there are several accounts and none was asked for.'),
    providers: z.array(providerView).describe('For the operator.'),
    pending: z.int().describe('Calls of the log that are not in the figures yet.'),
  }),
  flags: [],
  render: ({ hours, providers, balance }) =>
    [
      table(
        ['HOUR', 'CALLS', 'ERRORS', 'TOKENS', 'NANO-USD'],
        hours.map((hour) => [hour.hour, hour.calls, hour.errors, hour.tokens, hour.charge_nano_usd]),
      ),
      table(
        ['PROVIDER', 'STATE', 'CALLS', 'FAILED'],
        providers.map((one) => [one.name, one.state, one.calls, one.failures]),
      ),
      balance === null ? '' : `${balance.balance_usd} USD are left\n`,
    ].join('\n'),
  run: async ({ account: handle, test }, context) => {
    const account = await accountOf(handle, context)
    const only = handle === undefined ? {} : { account: handle }
    const asked = { limit: 1000, after: undefined }
    const byHour = await questionOf({ input: { from: '48h', test, ...only }, by: ['hour'], ...asked }, context)
    const byModel = await questionOf({ input: { from: '24h', test, ...only }, by: ['model'], ...asked }, context)
    const { hours, pending } = await hoursOf(byHour, context)
    const isOperator = context.actor.tenant === undefined
    const [all] = isOperator ? ((await context.ports.figures?.read({ by: 'all', window: '1h', limit: 1 })) ?? []) : []
    return {
      hours,
      models: await modelsOf(byModel, context),
      last_hour: isOperator ? lastHourOf(all) : null,
      balance: account === null ? null : viewOfBalance(await balanceNow(account.id, context)),
      providers: isOperator ? await providersOf(context) : [],
      pending,
    }
  },
})

export const overviewOperations = [show] as const
