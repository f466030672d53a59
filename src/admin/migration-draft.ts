/** Migrations that the catalog's dates ask for: models in use that their vendor switches off, each as a file that can be planned and started. */

import { z } from 'zod'
import { namedAt } from '#catalog/lookup.ts'
import type { CatalogModel } from '#catalog/model.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { migrationNameField } from './migration-name.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const dayMs = 86_400_000
/** Three days of steps, and a week for what is found on the way. */
const reserveMs = 10 * dayMs

const draftView = z.object({
  model: z.string().describe('As callers name it.'),
  from: z.string().describe('provider/model that ends.'),
  to: z.string().nullable().describe('What the vendor names to follow, at the same provider; null = it names none.'),
  deprecated: z.string().nullable(),
  retires: z.string().nullable().describe('The first day on which it is refused; null = no day is announced.'),
  days_left: z.int().nullable(),
  start_by: z
    .string()
    .nullable()
    .describe('Ten days before the end: three of steps, and a week for what is found on the way.'),
  source: z.string().nullable(),
  file: z.string().describe('Of the migration, as YAML.'),
})

type Draft = z.input<typeof draftView>

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10)

const nameOf = (model: string): string =>
  `retire-${model
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')}`.slice(0, 60)

const quoted = (text: string): string => JSON.stringify(text)

const fileOf = ({ model, from, to, retires, source }: Omit<Draft, 'file'>): string =>
  [
    `# ${from} ${retires === null ? 'is deprecated' : `is switched off on ${retires}`}${source === null ? '' : ` (${source})`}.`,
    ...(to === null ? ['# Its vendor names no model that follows: say which one.'] : []),
    `migration: ${nameOf(model)}`,
    `match: { models: [${quoted(model)}] }`,
    `baseline: { route: ${quoted(from)} }`,
    `candidate: { route: ${quoted(to ?? 'PROVIDER/MODEL')} }`,
    '',
  ].join('\n')

const draftOf = (
  row: ModelRow,
  target: Target,
  { model, nowMs }: { readonly model: CatalogModel; readonly nowMs: number },
): Draft => {
  const { retiresMs, lifecycleSource } = model
  const draft = {
    model: row.id,
    from: `${target.provider}/${target.model}`,
    to: model.successor === null ? null : `${target.provider}/${model.successor}`,
    deprecated: model.deprecatedOn,
    retires: model.retiresOn,
    days_left: retiresMs === null ? null : Math.floor((retiresMs - nowMs) / dayMs),
    start_by: retiresMs === null ? null : dayOf(retiresMs - reserveMs),
    source: lifecycleSource === null ? null : `${lifecycleSource.url}, read ${lifecycleSource.read}`,
  }
  return { ...draft, file: fileOf(draft) }
}

/** Those whose end is announced, the nearest first. */
export const draftsOf = ({ ports, clock }: OperationContext, withinDays: number): readonly Draft[] => {
  const nowMs = clock.nowMs()
  const vendors = new Map(
    ports.routing.providers().map(({ upstream }) => [upstream.provider.name, upstream.vendor.name]),
  )
  const found = ports.models().flatMap((row) =>
    row.targets.flatMap((target) => {
      const vendor = vendors.get(target.provider)
      const model = vendor === undefined ? null : (namedAt(ports.prices.catalog, vendor, target.model)?.model ?? null)
      if (model === null || (model.retiresMs === null && model.deprecatedOn === null)) return []
      if (model.retiresMs !== null && model.retiresMs > nowMs + withinDays * dayMs) return []
      return [draftOf(row, target, { model, nowMs })]
    }),
  )
  return found.toSorted(
    (one, other) => (one.days_left ?? Number.MAX_SAFE_INTEGER) - (other.days_left ?? Number.MAX_SAFE_INTEGER),
  )
}

const draft = operation({
  noun: 'migrate',
  verb: 'draft',
  summary:
    'Write the migrations that the catalog asks for: models in use whose vendor has announced their end, with the model that follows and the day to begin.',
  method: 'GET',
  path: '/migration-drafts',
  scope: 'read',
  input: z.strictObject({
    model: migrationNameField().optional().describe('Only for this model, as callers name it.'),
    within: z.coerce.number().int().min(1).max(3_650).default(365).describe('Days until the end.'),
  }),
  output: z.object({ drafts: z.array(draftView) }),
  flags: [],
  render: ({ drafts }) =>
    drafts.length === 0
      ? 'No model in use has an announced end in this time.\n'
      : [
          table(
            ['MODEL', 'FROM', 'TO', 'RETIRES', 'DAYS LEFT', 'START BY'],
            drafts.map((one) => [one.model, one.from, one.to ?? '?', one.retires, one.days_left, one.start_by]),
          ),
          ...drafts.map(({ file }) => `\n${file}`),
        ].join(''),
  file: ({ drafts }) => ({
    name: 'drafts.yaml',
    contentType: 'application/yaml',
    bytes: Buffer.from(drafts.map(({ file }) => file).join('---\n')),
  }),
  fileOnRequest: true,
  run: async ({ model, within }, context) => ({
    drafts: draftsOf(context, within).filter((one) => model === undefined || one.model === model),
  }),
})

export const migrationDrafts = [draft] as const
