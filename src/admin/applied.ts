/** Providers and models that were applied: what a file comes to, how a change of one is made, and how one is removed. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { AppliedChange } from './applied-ports.ts'
import type { AppliedKind, AppliedRow } from './applied-store.ts'
import type { Plan } from './apply-step.ts'
import { listed, valueText } from './apply-step.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { trailRowOf } from './trail-row.ts'

type Fields = Readonly<Record<string, unknown>>

/** What a file says of it, credentials left out: `kept` stands in their place. */
export const fieldsOf = ({ document }: Pick<AppliedRow, 'document'>): Fields => JSON.parse(document) as Fields

/** For the trail: of credentials, only whether they are others. */
const viewOf = (row: AppliedRow): Fields => ({
  ...fieldsOf(row),
  ...(row.digest === null ? {} : { credentials_digest: row.digest.slice(0, 16), credentials_since: sinceText(row) }),
})

const sinceText = ({ sealedMs }: AppliedRow): string | null => (sealedMs === null ? null : rfc3339(sealedMs))

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

const detailOf = ({ row, before }: AppliedChange): readonly string[] => {
  const now = fieldsOf(row)
  const { api_key: _key, ...shown } = now
  const isOther = row.digest !== (before?.digest ?? null)
  const credentials = isOther ? [row.digest === null ? 'credentials: removed' : 'credentials: set'] : []
  if (before === null) return [...listed(shown), ...credentials]
  const then = fieldsOf(before)
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter((name) => name !== 'api_key')
  const changed = names
    .filter((name) => !isSame(then[name], now[name]))
    .map((name) => `${name}: ${valueText(then[name] ?? null)} -> ${valueText(now[name] ?? null)}`)
  return [...changed, ...credentials]
}

/** Providers first: models name them. */
export const appliedSteps = async (
  plan: Plan,
  { providers, models }: { readonly providers: Fields; readonly models: Fields },
  { actor, ports }: OperationContext,
): Promise<void> => {
  if (Object.keys(providers).length + Object.keys(models).length === 0) return
  const { faults, changes, unchanged } = await ports.applied.read({
    providers,
    models,
    isHere: actor.isHere === true,
  })
  plan.faults.push(...faults)
  plan.unchanged += unchanged
  for (const change of changes) {
    const { kind, name } = change.row
    plan.steps.push({
      sign: change.before === null ? '+' : '~',
      what: `${kind} ${name}`,
      detail: detailOf(change),
      operation: `${kind}s set`,
      input: change,
    })
  }
}

/** Makes one change of a plan. */
export const setApplied = async ({ row, before }: AppliedChange, context: OperationContext): Promise<void> => {
  const verb = before === null ? 'create' : 'set'
  const operationName = row.kind === 'provider' ? (`providers.${verb}` as const) : (`models.${verb}` as const)
  const change = {
    operation: operationName,
    object: row.name,
    before: before === null ? null : viewOf(before),
    after: viewOf(row),
  }
  await context.ports.customers.setApplied([{ row, trail: trailRowOf(change, context) }])
  await context.ports.applied.changed()
}

const targetsOf = (row: AppliedRow): readonly string[] => {
  const { targets } = fieldsOf(row) as { readonly targets?: readonly { readonly provider?: string }[] }
  return (targets ?? []).map(({ provider }) => provider ?? '')
}

/** Who would have nowhere to go: applied models, by the ids of targets and fallbacks. */
const usersOf = (rows: readonly AppliedRow[], { kind, name }: Pick<AppliedRow, 'kind' | 'name'>): readonly string[] =>
  rows
    .filter((row) => row.kind === 'model')
    .filter((row) =>
      kind === 'provider'
        ? targetsOf(row).includes(name)
        : ((fieldsOf(row)['fallbacks'] as readonly string[] | undefined) ?? []).includes(name),
    )
    .map((row) => row.name)

const shownMax = 10

const removed = async (kind: AppliedKind, name: string, context: OperationContext) => {
  const { customers, applied } = context.ports
  const param = kind === 'provider' ? 'name' : 'id'
  const rows = await customers.applied()
  const row = rows.find((one) => one.kind === kind && one.name === name)
  if (row === undefined)
    throw new Problem('not_found', {
      ...saying(kind === 'provider' ? 'provider_not_applied' : 'model_not_applied', { name }),
      param,
    })
  const users = usersOf(rows, row)
  if (users.length > 0)
    throw new Problem('conflict', {
      ...saying('applied_named', { name, users: users.slice(0, shownMax) }),
      param,
    })
  const operationName = kind === 'provider' ? ('providers.remove' as const) : ('models.remove' as const)
  const change = { operation: operationName, object: name, before: viewOf(row), after: null }
  await customers.removeApplied({ kind, name }, trailRowOf(change, context))
  await applied.changed()
  return { name }
}

const removeProvider = operation({
  noun: 'providers',
  verb: 'remove',
  summary: 'Remove a provider that was applied, and its credentials. Calls under way end as they began.',
  method: 'DELETE',
  path: '/providers/{name}',
  scope: 'write',
  input: z.strictObject({ name: z.string().min(1).max(64).describe('The provider.') }),
  output: z.object({ name: z.string() }),
  flags: [{ field: 'name', positional: true, describe: 'The provider.' }],
  render: ({ name }) => `removed provider ${name}\n`,
  run: ({ name }, context) => removed('provider', name, context),
})

const removeModel = operation({
  noun: 'models',
  verb: 'remove',
  summary: 'Remove a model that was applied. Calls under way end as they began.',
  method: 'DELETE',
  path: '/models/{id+}',
  scope: 'write',
  input: z.strictObject({ id: z.string().min(1).max(200).describe('Its id.') }),
  output: z.object({ id: z.string() }),
  flags: [{ field: 'id', positional: true, describe: 'Its id.' }],
  render: ({ id }) => `removed model ${id}\n`,
  run: async ({ id }, context) => ({ id: (await removed('model', id, context)).name }),
})

export const appliedOperations = [removeProvider, removeModel] as const
