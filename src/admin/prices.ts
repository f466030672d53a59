/** The operator's own prices: set, looked at, withdrawn. A row that was written stays: a newer one takes its place from its day on. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { nanoOf } from '#base/money.ts'
import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { noRates } from '#base/price-row.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailOperation } from '#base/trail-operation.ts'
import type { PriceEntry, PriceEntryBody } from '#catalog/port.ts'
import { declaredSource } from '#relay/model-rows.ts'
import { accountNames } from './account-names.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { planNamed } from './plans.ts'
import type { RateField } from './price-text.ts'
import { modelNamed, pairsField, pairsOf, rateNames, ratesText, rowView, slotText, viewOfRow } from './price-text.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

/** More than this a million tokens, or a call, is a slip of the point unless it is meant. */
const rateMostNano = nanoOf('1000')

export const entryView = rowView.extend({
  id: z.string(),
  kind: z.enum(['list', 'sale']),
  account: z.string().nullable(),
  plan: z.string().nullable(),
  revision: z.int(),
  created: z.string(),
  actor: z.string(),
  note: z.string().nullable(),
  withdrawn: z.string().nullable(),
})

const namedEntry = entryView.extend({ account_name: z.string().nullable() })

/** A stored price as it may be seen; `null` = the entry is no price. */
export const viewOfEntry = (entry: PriceEntry): z.input<typeof entryView> | null => {
  const { body } = entry
  if (body.kind !== 'list' && body.kind !== 'sale') return null
  return {
    ...viewOfRow(body.row),
    id: entry.id,
    kind: body.kind,
    account: body.kind === 'sale' ? body.account : null,
    plan: body.kind === 'sale' ? body.plan : null,
    revision: entry.revision,
    created: rfc3339(entry.createdMs),
    actor: entry.actor,
    note: entry.note,
    withdrawn: entry.withdrawnMs === null ? null : rfc3339(entry.withdrawnMs),
  }
}

/** Writes entries with their trail row, tells the relay, and gives them back with their revisions. */
export const addEntries = async (
  bodies: readonly PriceEntryBody[],
  change: {
    readonly operation: TrailOperation
    readonly object: string
    readonly after: object
    readonly note: string | null
  },
  context: OperationContext,
): Promise<readonly PriceEntry[]> => {
  const { ports, clock, ids, actor } = context
  const entries = bodies.map((body) => ({
    id: ids.next('prc'),
    createdMs: clock.nowMs(),
    actor: actor.name,
    note: change.note,
    body,
  }))
  await ports.store.addPriceEntries(entries, trailRowOf({ ...change, before: null }, context))
  await ports.prices.bookChanged()
  const written = new Set(entries.map(({ id }) => id))
  return (await ports.store.priceEntries()).filter(({ id }) => written.has(id))
}

const decimal = () =>
  z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "0.60"')
    .optional()

/** A day, or an instant. */
export const whenField = () =>
  z
    .string()
    .regex(
      /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/,
      'must be a day such as 2026-12-01, or an instant such as 2026-12-01T08:00:00Z',
    )
    .refine((text) => !Number.isNaN(Date.parse(text)), 'is no day of the calendar')

const rateFields = {
  input: decimal().describe('Input tokens.'),
  cached_input: decimal().describe('Input tokens read from a cache. Absent: as input.'),
  output: decimal().describe('Output tokens.'),
  cache_write_5m: decimal().describe('Input tokens written to a cache for 5 minutes.'),
  cache_write_1h: decimal().describe('Input tokens written to a cache for an hour.'),
  reasoning: decimal().describe('Reasoning tokens. Absent: as output.'),
  audio_input: decimal().describe('Audio input tokens.'),
  audio_output: decimal().describe('Audio output tokens.'),
  image_input: decimal().describe('Image input tokens.'),
  image_output: decimal().describe('Image output tokens.'),
  cached_audio_input: decimal().describe('Audio input tokens read from a cache. Absent: as cached_input.'),
  per_call: decimal().describe('Each call.'),
} satisfies Record<RateField, z.ZodType>

const setInput = z.strictObject({
  model: z.string().min(1).max(200).describe('The id that callers use; with --list, the vendor’s own id.'),
  ...rateFields,
  items: pairsField(/^\d{1,6}(\.\d{1,9})?$/)
    .optional()
    .describe('What is billed by the piece, such as searches of the provider: web_search=0.01,file_search=0.0025.'),
  currency: z.enum(['USD', 'CNY']).default('USD').describe('The currency of these amounts.'),
  from: whenField().optional().describe('From when on it holds, in UTC. Absent: from now on.'),
  until: whenField().optional().describe('Until when; what held before holds again then.'),
  tier: z.enum(['default', 'batch', 'flex', 'priority']).default('default').describe('For calls served in this tier.'),
  context_over: z.int().min(1).max(100_000_000).optional().describe('For calls whose input is over this many tokens.'),
  account: handleField().optional().describe('Only for this account: id or name.'),
  plan: z.string().min(1).max(64).optional().describe('Only for accounts of this plan.'),
  list: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe(
      'Correct the list price of this vendor instead: what you pay, and what its models cost where nothing else is set.',
    ),
  free: z.boolean().default(false).describe('It costs nothing, on purpose.'),
  yes: z.boolean().default(false).describe('Take amounts over 1,000 a million tokens as they are.'),
  note: z.string().min(1).max(500).optional().describe('Why, for the history.'),
})

type SetInput = z.output<typeof setInput>

const refuse = (param: string, said: ReturnType<typeof saying>): Problem =>
  new Problem('invalid_request_error', { ...said, param })

const ratesIn = (input: SetInput): PriceRates => {
  const given = Object.entries(rateNames).flatMap(([field, name]) => {
    const text = input[field as RateField]
    return text === undefined ? [] : [[name, nanoOf(text)] as const]
  })
  const items = [...pairsOf(input.items)].map(([item, amount]) => [item, nanoOf(amount)] as const)
  if (input.free) {
    if (given.length + items.length > 0) throw refuse('free', saying('price_free_amounts'))
    return { ...noRates, input: 0n, output: 0n }
  }
  if (given.length === 0) throw refuse('input', saying('price_no_amount'))
  if (given.every(([, nano]) => nano === 0n)) throw refuse('input', saying('price_all_zero'))
  const dear = given.find(([, nano]) => nano > rateMostNano)
  if (dear !== undefined && !input.yes) throw refuse(dear[0], saying('price_slip', { currency: input.currency }))
  return {
    ...noRates,
    ...Object.fromEntries(given),
    items: items.length === 0 ? null : Object.fromEntries(items),
  }
}

const scopeOf = async (input: SetInput, context: OperationContext) => {
  if (input.account !== undefined && input.plan !== undefined) throw refuse('plan', saying('price_one_scope'))
  const account = input.account === undefined ? null : (await accountNamed(input.account, context)).id
  return { account, plan: input.plan === undefined ? null : planNamed(input.plan, context.ports).name }
}

const bodyOf = async (input: SetInput, context: OperationContext): Promise<PriceEntryBody> => {
  const fromMs = input.from === undefined ? context.clock.nowMs() : Date.parse(input.from)
  const untilMs = input.until === undefined ? null : Date.parse(input.until)
  if (untilMs !== null && untilMs <= fromMs) throw refuse('until', saying('price_ends_first'))
  const scope = await scopeOf(input, context)
  const row: PriceRow = {
    model: input.model,
    vendor: input.list ?? 'operator',
    currency: input.currency,
    fromMs,
    untilMs,
    contextOverTokens: input.context_over ?? null,
    serviceTier: input.tier,
    windows: null,
    rates: ratesIn(input),
    source: `set by ${context.actor.name}`,
    read: rfc3339(context.clock.nowMs()).slice(0, 10),
  }
  if (input.list === undefined) {
    const { id, origin, priceRows } = modelNamed(input.model, context)
    if ((origin === 'yaml' || origin === 'store') && scope.account === null && scope.plan === null) {
      const own = declaredSource(origin)
      if (priceRows === 'free' || priceRows.some(({ source }) => source === own))
        throw refuse('model', saying(origin === 'store' ? 'price_applied' : 'price_in_file', { model: id }))
    }
    return { kind: 'sale', row: { ...row, model: id }, ...scope }
  }
  if (scope.account !== null || scope.plan !== null) throw refuse('list', saying('list_for_all'))
  if (!context.ports.prices.catalog.byVendor.has(input.list))
    throw refuse('list', saying('no_vendor', { name: input.list }))
  return { kind: 'list', row }
}

const set = operation({
  noun: 'prices',
  verb: 'set',
  summary: 'Set what a model costs, from a day on. Earlier calls keep the price that they had.',
  method: 'POST',
  path: '/prices',
  scope: 'write',
  input: setInput,
  output: entryView,
  flags: [{ field: 'model', positional: true, describe: 'The id that callers use; with --list, the vendor’s own id.' }],
  render: (view) =>
    `${view.id}: ${view.model} ${slotText(view)} ${view.currency} ${ratesText(view.rates)} from ${view.from}\n`,
  run: async (input, context) => {
    const body = await bodyOf(input, context)
    const { note = null, ...after } = input
    const change = { operation: 'prices.set' as const, object: input.model, after, note }
    const [entry] = await addEntries([body], change, context)
    const view = entry === undefined ? null : viewOfEntry(entry)
    if (view === null) throw new Problem('internal_error', { message: 'The price was written and cannot be read.' })
    return view
  },
})

const withdraw = operation({
  noun: 'prices',
  verb: 'withdraw',
  summary: 'Take a price, a markup or a rate of exchange back, as if it had never been set. It stays in the history.',
  method: 'DELETE',
  path: '/prices/entries/{id}',
  scope: 'write',
  input: z.strictObject({ id: z.string().min(1).max(100).describe('The id that `prices history` shows.') }),
  output: z.object({ id: z.string(), withdrawn: z.string() }),
  flags: [{ field: 'id', positional: true, describe: 'The id that `prices history` shows.' }],
  render: ({ id }) => `${id} is withdrawn\n`,
  run: async ({ id }, context) => {
    const { ports, clock } = context
    const change = { operation: 'prices.withdraw' as const, object: id, before: null, after: { id } }
    const entry = await ports.store.withdrawPriceEntry(id, clock.nowMs(), trailRowOf(change, context))
    await ports.prices.bookChanged()
    return { id: entry.id, withdrawn: rfc3339(entry.withdrawnMs ?? clock.nowMs()) }
  },
})

const history = operation({
  noun: 'prices',
  verb: 'history',
  summary:
    'Every price that a model had or will have: shipped rows, and your own in the order in which they were written.',
  method: 'GET',
  path: '/prices/history/{model+}',
  scope: 'read',
  input: z.strictObject({ model: z.string().min(1).max(200).describe('The id that callers use.') }),
  output: z.object({ model: z.string(), entries: z.array(namedEntry), shipped: z.array(rowView) }),
  flags: [{ field: 'model', positional: true, describe: 'The id that callers use.' }],
  render: ({ entries, shipped }) =>
    table(
      ['ID', 'FOR', 'SLOT', 'FROM', 'UNTIL', 'PRICE', 'SOURCE'],
      [
        ...entries.map((one) => [
          one.id,
          one.account_name ?? one.account ?? (one.plan === null ? one.kind : `plan ${one.plan}`),
          slotText(one),
          one.from,
          one.withdrawn === null ? one.until : `withdrawn ${one.withdrawn}`,
          `${one.currency} ${ratesText(one.rates)}`,
          one.note ?? one.source,
        ]),
        ...shipped.map((one) => [
          'shipped',
          'list',
          slotText(one),
          one.from,
          one.until,
          `${one.currency} ${ratesText(one.rates)}`,
          `${one.source} (read ${one.read})`,
        ]),
      ],
    ),
  run: async ({ model }, context) => {
    const row = modelNamed(model, context)
    const rows = row.priceRows === 'free' ? [] : row.priceRows
    const listed = new Set(rows.map((one) => `${one.vendor}/${one.model}`))
    const entries = (await context.ports.store.priceEntries()).filter(({ body }) => {
      if (body.kind === 'sale') return body.row.model === row.id
      return body.kind === 'list' && listed.has(`${body.row.vendor}/${body.row.model}`)
    })
    const views = entries.flatMap((entry) => viewOfEntry(entry) ?? [])
    const names = await accountNames(views, context)
    return {
      model: row.id,
      entries: views.map((one) => ({
        ...one,
        account_name: one.account === null ? null : (names.get(one.account) ?? null),
      })),
      shipped: rows.filter(({ revision }) => revision === undefined).map(viewOfRow),
    }
  },
})

export const priceOperations = [set, history, withdraw] as const
