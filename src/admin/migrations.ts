/** Staged migration: started, looked at. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { compile, fileDigest, readMigrationFile } from '#migration/compiled.ts'
import { decisionFor, tellDecision } from '#migration/conduct.ts'
import { draftState } from '#migration/itinerary.ts'
import type { MigrationRow } from '#migration/port.ts'
import { migrationFileField, planMigration, planned, startStepOf, startWeightField } from './migration-plan.ts'
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
import { trailRowOf } from './trail-row.ts'

export const migrationNameField = () => z.string().min(1).max(64).describe('The name of the migration.')

const start = operation({
  noun: 'migrate',
  verb: 'start',
  summary:
    'Start a migration: its first step is in force at once. Refused where a route is not there, or the baseline breaks a limit already.',
  method: 'POST',
  path: '/migrations',
  scope: 'write',
  input: z.strictObject({ file: migrationFileField(), start_weight: startWeightField() }),
  output: migrationView,
  flags: [{ field: 'file', positional: true, file: true, describe: 'The file of the migration: YAML or JSON.' }],
  render: migrationText,
  run: async ({ file: text, start_weight }, context) => {
    const { ports, clock, ids, actor } = context
    const { view, facts } = await planned(text, start_weight, context)
    if (!view.ok)
      throw new Problem('conflict', {
        message: `The migration is not started: ${view.refusals.join(' ')} 'drover migrate plan' shows the whole plan.`,
        param: 'file',
      })
    const file = readMigrationFile(text)
    const nowMs = clock.nowMs()
    const id = ids.next('mig')
    const salt = file.assignment.salt === 'auto' ? id : file.assignment.salt
    const row: MigrationRow = {
      id,
      name: file.migration,
      file: text,
      digest: fileDigest(text),
      salt,
      createdMs: nowMs,
      facts,
      state: draftState,
      version: 0,
      checkedMs: nowMs,
    }
    const change = { kind: 'start' as const, startStep: startStepOf(file, start_weight) }
    const decision = decisionFor({
      row,
      compiled: compile(row),
      change,
      why: `started by ${actor.name}`,
      actor: actor.name,
      evidence: [],
      nowMs,
    })
    const after = { name: row.name, digest: row.digest, step: change.startStep }
    const trail = trailRowOf({ operation: 'migrate.start', object: id, before: null, after }, context)
    await ports.migrations.store.createMigration({ ...row, version: 1, state: decision.after }, { decision, trail })
    tellDecision(ports.migrations.emit, row, decision)
    await ports.migrations.changed()
    return viewOfMigration(await openMigration(row.name, context), clock.nowMs())
  },
})

const rowView = z.object({
  name: z.string(),
  state: z.string(),
  weight: z.number(),
  step: z.int(),
  since: z.string(),
  pause_reason: z.string().nullable(),
})

const list = operation({
  noun: 'migrate',
  verb: 'list',
  summary: 'List migrations, the newest first.',
  method: 'GET',
  path: '/migrations',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(rowView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['NAME', 'STATE', 'WEIGHT', 'STEP', 'SINCE', 'PAUSED FOR'],
      data.map(({ name, state, weight, step, since, pause_reason }) => [
        name,
        state,
        `${weight} %`,
        step,
        since,
        pause_reason,
      ]),
    ),
  run: async (_input, { ports }) => ({
    data: (await ports.migrations.store.migrations()).map(({ name, state }) => ({
      name,
      state: state.phase,
      weight: state.weightBasisPoints / 100,
      step: state.step,
      since: rfc3339(state.sinceMs),
      pause_reason: state.pause,
    })),
  }),
})

const status = operation({
  noun: 'migrate',
  verb: 'status',
  summary: 'Show how a migration stands: its state, what comes next and when, both arms, every test with its evidence.',
  method: 'GET',
  path: '/migrations/{name}',
  scope: 'read',
  input: z.strictObject({ name: migrationNameField() }),
  output: migrationView.extend({ log: z.array(decisionView).describe('Decisions, the oldest first.') }),
  flags: [{ field: 'name', positional: true, describe: 'The name of the migration.' }],
  render: migrationText,
  run: async ({ name }, context) => {
    const opened = await openMigration(name, context)
    return { ...viewOfMigration(opened, context.clock.nowMs()), log: opened.decisions.map(viewOfDecision) }
  },
})

export const migrationOperations = [planMigration, start, list, status] as const
