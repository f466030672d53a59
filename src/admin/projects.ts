/** Projects: the parts of an organisation that keys, budgets and records belong to. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { accountNamed } from './credits.ts'
import { handleField, nameField, pageFields, pageOf, regionsField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import type { ProjectRow } from './rows.ts'
import { trailRowOf } from './trail-row.ts'

const projectView = z.object({
  id: z.string(),
  name: z.string(),
  organisation: z.string(),
  regions: z
    .array(z.string())
    .nullable()
    .describe('Regions that the calls of its keys may go to; null = those of the server.'),
  state: z.enum(['open', 'archived']),
  created: z.string().describe('RFC 3339, UTC.'),
})

const viewOf = (row: ProjectRow): z.input<typeof projectView> => ({
  id: row.id,
  name: row.name,
  organisation: row.organisation,
  regions: row.regions === undefined || row.regions === null ? null : [...row.regions],
  state: row.archivedMs === null ? 'open' : 'archived',
  created: rfc3339(row.createdMs),
})

/** A project of an organisation, by id or name. Throws Problem `not_found`. */
export const projectNamed = async (
  { organisation, handle }: { readonly organisation: string; readonly handle: string },
  { ports }: OperationContext,
): Promise<ProjectRow> => {
  const row = await ports.customers.project(organisation, handle)
  if (row !== null) return row
  throw new Problem('not_found', {
    ...saying('no_project', { handle }),
    param: 'project',
  })
}

/** The account stands for its organisation, which has no other. */
const accountField = () =>
  handleField().default('default').describe("The account of the project's organisation: id or name.")
const projectField = () => handleField().describe('The project: id or name.')
const projectFlag = { field: 'project', positional: true, describe: 'The project: id or name.' } as const

const owned = async (
  { account, project }: { readonly account: string; readonly project: string },
  context: OperationContext,
): Promise<ProjectRow> => {
  const { organisation } = await accountNamed(account, context)
  return projectNamed({ organisation, handle: project }, context)
}

const create = operation({
  noun: 'projects',
  verb: 'create',
  summary: 'Make a project in an organisation.',
  method: 'POST',
  path: '/projects',
  scope: 'write',
  input: z.strictObject({
    account: accountField(),
    name: nameField().describe('The name; no other project of the organisation may have it.'),
    regions: regionsField()
      .optional()
      .describe('Regions that the calls of its keys may go to. Absent: those of the server.'),
  }),
  output: projectView,
  flags: [],
  render: (project) => `${project.id}\n`,
  run: async ({ account, name, regions }, context) => {
    const { organisation } = await accountNamed(account, context)
    const createdMs = context.clock.nowMs()
    const row: ProjectRow = {
      id: context.ids.next('prj'),
      organisation,
      name,
      createdMs,
      archivedMs: null,
      regions: regions ?? null,
    }
    const view = viewOf(row)
    const change = { operation: 'projects.create' as const, object: row.id, before: null, after: view }
    await context.ports.customers.createProject(row, trailRowOf(change, context))
    return view
  },
})

const list = operation({
  noun: 'projects',
  verb: 'list',
  summary: 'List projects, the oldest first.',
  method: 'GET',
  path: '/projects',
  scope: 'read',
  input: z.strictObject({
    account: handleField().optional().describe('Only those of this account: id or name.'),
    ...pageFields(1000),
  }),
  output: z.object({ data: z.array(projectView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'NAME', 'ORGANISATION', 'STATE', 'CREATED'],
      data.map((project) => [project.id, project.name, project.organisation, project.state, project.created]),
    ),
  run: async ({ account, limit, after }, context) => {
    const organisation = account === undefined ? null : (await accountNamed(account, context)).organisation
    const rows = await context.ports.customers.projects({ limit, after: after ?? null, organisation })
    const page = pageOf(rows, limit)
    return { data: page.data.map(viewOf), next: page.next }
  },
})

const rename = operation({
  noun: 'projects',
  verb: 'rename',
  summary: 'Give a project another name. Its id, keys and records stay.',
  method: 'PATCH',
  path: '/projects/{project}',
  scope: 'write',
  input: z.strictObject({
    project: projectField(),
    account: accountField(),
    name: nameField().describe('The new name.'),
  }),
  output: projectView,
  flags: [projectFlag],
  render: (project) => `${project.id} is named ${project.name}\n`,
  run: async (input, context) => {
    const before = await owned(input, context)
    const after = { ...before, name: input.name }
    const change = {
      operation: 'projects.rename' as const,
      object: before.id,
      before: viewOf(before),
      after: viewOf(after),
    }
    await context.ports.customers.renameProject({ id: before.id, name: input.name }, trailRowOf(change, context))
    return viewOf(after)
  },
})

const archive = operation({
  noun: 'projects',
  verb: 'archive',
  summary: 'End a project and its keys, for good. Its records stay.',
  method: 'POST',
  path: '/projects/{project}/archive',
  scope: 'write',
  input: z.strictObject({ project: projectField(), account: accountField() }),
  output: projectView.extend({ revoked_keys: z.array(z.string()).describe('Ids of the keys that ended with it.') }),
  flags: [projectFlag],
  render: (project) => `${project.id} is archived; ${project.revoked_keys.length} keys were revoked\n`,
  run: async (input, context) => {
    const before = await owned(input, context)
    const atMs = context.clock.nowMs()
    const after = { ...viewOf(before), state: 'archived' }
    const change = { operation: 'projects.archive' as const, object: before.id, before: viewOf(before), after }
    const trail = trailRowOf(change, context)
    const { row, keys } = await context.ports.customers.archiveProject({ id: before.id, atMs }, trail)
    await context.ports.keysChanged(keys)
    return { ...viewOf(row), revoked_keys: keys.map(({ id }) => id) }
  },
})

export const projectOperations = [create, list, rename, archive] as const
