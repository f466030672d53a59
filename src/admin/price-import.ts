/** Tables of other people: read as proposals, held against what is in force, applied where two of them agree. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import type { PriceRow } from '#base/price-row.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { namedAt } from '#catalog/lookup.ts'
import type { PriceDecision, RateDecision } from '#catalog/price-source/decide.ts'
import { decide } from '#catalog/price-source/decide.ts'
import { priceSources } from '#catalog/price-source/index.ts'
import { proposalsOf } from '#catalog/price-source/proposal.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { ratesText, slotText, viewOfRates } from './price-text.ts'
import { addEntries, whenField } from './prices.ts'
import { table } from './render.ts'
import { sentenceView, viewOfSentence } from './sentence-view.ts'
import { trailRowOf } from './trail-row.ts'

/** The largest table that is known has 2 MB. */
export const tableBytesMax = 16 * 1024 * 1024

const names = ['auto', ...priceSources.map(({ name }) => name)] as const

const parsed = (content: string): unknown => {
  try {
    return JSON.parse(content)
  } catch {
    throw new Problem('invalid_request_error', {
      ...saying('table_no_json'),
      param: 'content',
    })
  }
}

const sourceFor = (format: string, json: unknown) => {
  const found = priceSources.find(({ name, recognises }) => (format === 'auto' ? recognises(json) : name === format))
  if (found?.recognises(json) === true) return found
  throw new Problem('invalid_request_error', {
    ...saying('table_unknown'),
    param: 'content',
  })
}

const importTable = operation({
  noun: 'prices',
  verb: 'import',
  summary: 'Read a table of prices as proposals. Nothing is charged by them before `prices apply`.',
  method: 'POST',
  path: '/prices/import',
  scope: 'write',
  bodyBytesMax: tableBytesMax,
  input: z.strictObject({
    content: z.string().min(2).max(tableBytesMax).describe('The table, as its project publishes it.'),
    format: z
      .enum(names as unknown as [string, ...string[]])
      .default('auto')
      .describe('Which table it is.'),
    read: whenField().optional().describe('The day of the table. Absent: today.'),
    vendor: z.string().min(1).max(64).optional().describe('For a file of Portkey: whose prices it holds.'),
  }),
  output: z.object({
    source: z.string(),
    read: z.string(),
    proposals: z.int(),
    models: z.int(),
    unknown_models: z.array(z.string()).describe('Models of known vendors that the catalog does not have.'),
    skipped: z.array(z.string()),
  }),
  flags: [{ field: 'content', flag: '--file <path>', file: true, describe: 'The file of the table.' }],
  render: (view) =>
    [
      `${view.source} of ${view.read}: ${view.proposals} proposals for ${view.models} models`,
      ...(view.unknown_models.length === 0 ? [] : [`not in the catalog: ${view.unknown_models.length} models`]),
      ...view.skipped.map((line) => `skipped ${line}`),
      "'drover prices diff' holds them against what is in force.",
      '',
    ].join('\n'),
  run: async ({ content, format, read, vendor = null }, context) => {
    const { ports, clock } = context
    const json = parsed(content)
    const source = sourceFor(format, json)
    const day = (read ?? new Date(clock.nowMs()).toISOString()).slice(0, 10)
    const { proposals, skipped, unknown } = proposalsOf(source, { json, read: day, vendor }, ports.prices.catalog)
    // A file of one vendor replaces only that vendor's proposals.
    const name = source.name === 'portkey' && vendor !== null ? `portkey/${vendor}` : source.name
    const view = {
      source: source.name,
      read: day,
      proposals: proposals.length,
      models: new Set(proposals.map(({ row }) => `${row.vendor}/${row.model}`)).size,
    }
    const trail = trailRowOf({ operation: 'prices.import', object: name, before: null, after: view }, context)
    await ports.store.replaceProposals(
      name,
      proposals.map((one) => ({ ...one, source: name })),
      trail,
    )
    return { ...view, unknown_models: [...unknown], skipped: [...skipped] }
  },
})

const rateView = z.object({
  rate: z.string(),
  current: z.string().nullable(),
  proposed: z.string().nullable(),
  by_source: z.record(z.string(), z.string()),
  verdict: z.enum(['same', 'apply', 'ask', 'refuse']),
  why: z.string(),
  why_said: sentenceView,
})

const decisionView = z.object({
  vendor: z.string(),
  model: z.string(),
  service_tier: z.string(),
  context_over_tokens: z.int().nullable(),
  verdict: z.enum(['same', 'apply', 'ask', 'refuse']),
  why: z.string(),
  why_said: sentenceView,
  rates: z.array(rateView),
})

type DecisionView = z.input<typeof decisionView>

const money = (nano: bigint | null): string | null => (nano === null ? null : decimalOf(nano))

const viewOfRate = ({ rate, current, proposed, bySource, verdict, why }: RateDecision): z.input<typeof rateView> => ({
  rate,
  current: money(current),
  proposed: money(proposed),
  by_source: Object.fromEntries(Object.entries(bySource).map(([source, nano]) => [source, decimalOf(nano)])),
  verdict,
  why: why.text,
  why_said: viewOfSentence(why),
})

const viewOfDecision = (decision: PriceDecision): DecisionView => ({
  vendor: decision.vendor,
  model: decision.model,
  service_tier: decision.serviceTier,
  context_over_tokens: decision.contextOverTokens,
  verdict: decision.verdict,
  why: decision.why.text,
  why_said: viewOfSentence(decision.why),
  rates: decision.rates.map(viewOfRate),
})

/** The vendor's list as it is now: the operator's corrections of it, and what is shipped. */
const listRows = (vendor: string, model: string, { ports }: OperationContext): readonly PriceRow[] => {
  const { catalog, book } = ports.prices
  return [...(book().list.get(`${vendor}/${model}`) ?? []), ...(namedAt(catalog, vendor, model)?.model.priceRows ?? [])]
}

const decisions = async (context: OperationContext): Promise<readonly PriceDecision[]> => {
  const proposals = await context.ports.store.proposals()
  if (proposals.length === 0)
    throw new Problem('conflict', {
      ...saying('no_proposals'),
    })
  const rowsOf = (vendor: string, model: string) => listRows(vendor, model, context)
  return decide(proposals, { rowsOf, atMs: context.clock.nowMs() })
}

const changedRates = (rates: DecisionView['rates']): string =>
  rates
    .filter(({ verdict }) => verdict !== 'same')
    .map(({ rate, current, proposed }) => `${rate} ${current ?? '-'} -> ${proposed ?? '?'}`)
    .join(', ')

const decisionTable = (data: readonly DecisionView[]): string =>
  table(
    ['VERDICT', 'MODEL', 'SLOT', 'CHANGE', 'WHY'],
    data.map((one) => [one.verdict, `${one.vendor}/${one.model}`, slotText(one), changedRates(one.rates), one.why]),
  )

const diff = operation({
  noun: 'prices',
  verb: 'diff',
  summary:
    'Proposals held against the prices in force: what would change, what tables disagree on, and what needs a person.',
  method: 'GET',
  path: '/prices/diff',
  scope: 'read',
  input: z.strictObject({
    vendor: z.string().min(1).max(64).optional().describe('Only models of this vendor.'),
    all: z.boolean().default(false).describe('Also what is the same.'),
  }),
  output: z.object({ counts: z.record(z.string(), z.int()), data: z.array(decisionView) }),
  flags: [],
  render: ({ data, counts }) =>
    `${decisionTable(data)}${Object.entries(counts)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', ')}\n`,
  run: async ({ vendor, all }, context) => {
    const found = (await decisions(context)).filter((one) => vendor === undefined || one.vendor === vendor)
    const counts: Record<string, number> = {}
    for (const { verdict } of found) counts[verdict] = (counts[verdict] ?? 0) + 1
    return { counts, data: found.filter(({ verdict }) => all || verdict !== 'same').map(viewOfDecision) }
  },
})

const appliedView = z.object({
  id: z.string(),
  model: z.string(),
  service_tier: z.string(),
  context_over_tokens: z.int().nullable(),
  rates: z.record(z.string(), z.string()),
})

const apply = operation({
  noun: 'prices',
  verb: 'apply',
  summary:
    'Take proposals into force as list prices: by itself only where two tables agree within 1 % and nothing changes twofold; the rest only for models that are named.',
  method: 'POST',
  path: '/prices/apply',
  scope: 'write',
  input: z.strictObject({
    models: z
      .array(z.string().min(3).max(300))
      .max(1000)
      .optional()
      .describe('`vendor/model`: also what needs a person, for these. Needs --yes.'),
    from: whenField().optional().describe('From when on they hold, in UTC. Absent: from now on.'),
    yes: z.boolean().default(false).describe('You have looked at the models that you name.'),
  }),
  output: z.object({ applied: z.array(appliedView), left: z.array(decisionView) }),
  flags: [
    {
      field: 'models',
      flag: '--model <vendor/model,…>',
      describe: '`vendor/model`: also what needs a person, for these. Needs --yes.',
    },
  ],
  render: ({ applied, left }) =>
    [
      table(
        ['APPLIED', 'SLOT', 'PRICE', 'ID'],
        applied.map((one) => [one.model, slotText(one), ratesText(one.rates), one.id]),
      ),
      left.length === 0 ? '' : `\nnot applied:\n${decisionTable(left)}`,
    ].join(''),
  run: async ({ models = [], from, yes }, context) => {
    if (models.length > 0 && !yes)
      throw new Problem('invalid_request_error', {
        ...saying('proposal_doubtful'),
        param: 'yes',
      })
    const found = await decisions(context)
    const known = new Set(found.map(({ vendor, model }) => `${vendor}/${model}`))
    const stranger = models.find((name) => !known.has(name))
    if (stranger !== undefined)
      throw new Problem('not_found', {
        ...saying('no_proposal', { model: stranger }),
        param: 'models',
      })
    const takes = (one: PriceDecision): boolean =>
      one.row !== null &&
      (one.verdict === 'apply' || (one.verdict === 'ask' && models.includes(`${one.vendor}/${one.model}`)))
    const taken = found.filter(takes)
    const fromMs = from === undefined ? context.clock.nowMs() : Date.parse(from)
    const bodies = taken.flatMap(({ row }) =>
      row === null ? [] : [{ kind: 'list' as const, row: { ...row, fromMs, untilMs: null } }],
    )
    const after = { models, applied: taken.map(({ vendor, model }) => `${vendor}/${model}`) }
    const change = { operation: 'prices.apply' as const, object: 'prices', after, note: 'applied from tables' }
    const entries = bodies.length === 0 ? [] : await addEntries(bodies, change, context)
    const applied = entries.flatMap(({ id, body }) =>
      body.kind !== 'list'
        ? []
        : [
            {
              id,
              model: `${body.row.vendor}/${body.row.model}`,
              service_tier: body.row.serviceTier,
              context_over_tokens: body.row.contextOverTokens,
              rates: viewOfRates(body.row.rates),
            },
          ],
    )
    return {
      applied,
      left: found.filter((one) => one.verdict !== 'same' && !takes(one)).map(viewOfDecision),
    }
  },
})

export const priceImportOperations = [importTable, diff, apply] as const
