/** Staged migration: listed, looked at. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { idNames, namesView } from './id-names.ts'
import { declaredIn } from './migration-declared.ts'
import { migrationNameField } from './migration-name.ts'
import { planMigration } from './migration-plan.ts'
import { preflightMigration, startMigration } from './migration-start.ts'
import {
  decisionView,
  migrationText,
  migrationView,
  openMigration,
  viewOfDecision,
  viewOfMigration,
} from './migration-view.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const rowView = z.object({
  name: z.string(),
  state: z.string(),
  weight: z.number(),
  step: z.int(),
  since: z.string().nullable(),
  pause_reason: z.string().nullable(),
  managed_by: z.string().nullable().describe('The file of migrations.dir that declares it; null = none does.'),
  note: z.string().nullable(),
})

const list = operation({
  noun: 'migrate',
  verb: 'list',
  summary: 'List migrations, the newest first, and those that files declare and nobody has started.',
  method: 'GET',
  path: '/migrations',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(rowView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['NAME', 'STATE', 'WEIGHT', 'STEP', 'SINCE', 'PAUSED FOR', 'FILE', 'NOTE'],
      data.map(({ name, state, weight, step, since, pause_reason, managed_by, note }) => [
        name,
        state,
        `${weight} %`,
        step + 1,
        since,
        pause_reason,
        managed_by,
        note,
      ]),
    ),
  run: async (_input, context) => {
    const all = await context.ports.migrations.store.migrations()
    const rows = all.toSorted((one, other) => (one.id < other.id ? 1 : -1))
    const declared = await declaredIn(context)
    const known = rows.map(({ name, state, digest }) => {
      const file = declared.find((one) => one.name === name) ?? null
      const isOther = file !== null && file.digest !== digest
      return {
        name,
        state: state.phase,
        weight: state.weightBasisPoints / 100,
        step: state.step,
        since: rfc3339(state.sinceMs),
        pause_reason: state.pause,
        managed_by: file?.file ?? null,
        note: isOther ? 'its file has changed since it was started' : null,
      }
    })
    const drafts = declared
      .filter(({ name }) => !rows.some((row) => row.name === name))
      .map(({ name, file, fault }) => ({
        name: name ?? file,
        state: fault === null ? 'draft' : 'refused',
        weight: 0,
        step: -1,
        since: null,
        pause_reason: null,
        managed_by: file,
        note: fault,
      }))
    return { data: [...known, ...drafts] }
  },
})

const status = operation({
  noun: 'migrate',
  verb: 'status',
  summary: 'Show how a migration stands: its state, what comes next and when, both arms, every test with its evidence.',
  method: 'GET',
  path: '/migrations/{name}',
  scope: 'read',
  input: z.strictObject({ name: migrationNameField() }),
  output: migrationView.extend({
    feedback: z
      .object({ waiting: z.int(), counted: z.int(), aside: z.int() })
      .nullable()
      .describe(
        'What people said of answers: waits for its turn, is counted, was of none. null = no metric asks for it.',
      ),
    log: z.array(decisionView).describe('Decisions, the oldest first.'),
    names: namesView(),
  }),
  flags: [{ field: 'name', positional: true, describe: 'The name of the migration.' }],
  render: migrationText,
  run: async ({ name }, context) => {
    const opened = await openMigration(name, context)
    const { row, compiled, decisions } = opened
    const asks = compiled.judge.columns.some(({ metric }) => metric === 'feedback-bad-share')
    return {
      ...viewOfMigration(opened, context.clock.nowMs()),
      feedback: asks ? await context.ports.migrations.store.feedback(row.id) : null,
      log: decisions.map(viewOfDecision),
      names: await idNames(
        decisions.flatMap(({ actor, why }) => [actor, why]),
        context,
      ),
    }
  },
})

export const migrationOperations = [planMigration, preflightMigration, startMigration, list, status] as const
