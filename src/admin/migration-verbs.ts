/** What a person does to a migration under way. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { durationMsOf } from '#base/settings.ts'
import { conduct } from '#migration/conduct.ts'
import { evidenceJson } from '#migration/evidence-text.ts'
import type { Change } from '#migration/itinerary.ts'
import { reason as because } from '#migration/reasons.ts'
import { verdictOf } from '#migration/verdict.ts'
import { durationField } from './field.ts'
import { migrationNameField } from './migration-name.ts'
import type { Judged, MigrationView } from './migration-view.ts'
import { judgeMigration, migrationText, migrationView, openMigration, viewOfMigration } from './migration-view.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { trailRowOf } from './trail-row.ts'

/** Another one may decide at the same moment: then it is looked at again. */
const triesMax = 5

type Asked = { readonly name: string; readonly reason: string | undefined; readonly change: Change }

/** Brings the change about, whoever else decides meanwhile. */
const change = async (
  { name, reason, change: wanted }: Asked,
  context: OperationContext,
  check: (judged: Judged) => void = () => {},
): Promise<z.input<typeof migrationView>> => {
  const { ports, clock, actor } = context
  const { store, emit, stop, changed } = ports.migrations
  // Whoever says so wants it now, whatever the store is at.
  if (wanted.kind === 'rollback') stop(name)
  for (let tries = 0; tries < triesMax; tries += 1) {
    const judged = await judgeMigration(name, context)
    check(judged)
    const { row, compiled, evidence } = judged
    const before = { state: row.state.phase, step: row.state.step, weight: row.state.weightBasisPoints / 100 }
    const why = because('by_person', { change: wanted.kind, actor: actor.name, reason: reason ?? null })
    const trail = trailRowOf(
      {
        operation: `migrate.${wanted.kind}` as const,
        object: row.id,
        before,
        after: { change: wanted, why: why.text },
      },
      context,
    )
    const conducting = {
      row,
      compiled,
      change: wanted,
      why,
      actor: actor.name,
      evidence: evidenceJson(evidence),
      nowMs: clock.nowMs(),
    }
    const conducted = await conduct(conducting, { store, emit, stop, trail })
    if (conducted === null) continue
    await changed()
    return viewOfMigration(await openMigration(name, context), clock.nowMs())
  }
  throw new Problem('conflict', {
    ...saying('decided_by_others', { name }),
  })
}

const reasonField = () => z.string().min(1).max(500).optional().describe('Why, for the record.')

const nameFlag = { field: 'name', positional: true, describe: 'The name of the migration.' } as const

const verb = <const V extends 'pause' | 'resume' | 'rollback' | 'abort'>(name: V, summary: string, wanted: Change) =>
  operation({
    noun: 'migrate',
    verb: name,
    summary,
    method: 'POST',
    path: `/migrations/{name}/${name}`,
    scope: 'write',
    input: z.strictObject({ name: migrationNameField(), reason: reasonField() }),
    output: migrationView,
    flags: [nameFlag],
    render: (view: MigrationView) => migrationText(view),
    run: ({ name: migration, reason }, context) => change({ name: migration, reason, change: wanted }, context),
  })

/** Skips the wait, not the tests: what they speak against is not promoted. */
const mayGoOn = ({ row, judgement, compiled }: Judged): void => {
  const verdict = verdictOf(judgement, compiled.judge)
  if (verdict.kind === 'go') return
  throw new Problem('conflict', {
    ...saying('not_promoted', { name: row.name, why: verdict.why }),
  })
}

/** Whoever promotes means the step that is in force, and not one that somebody else, or its gate, has begun since. */
const goingOnFrom = (percent: number | undefined): ((judged: Judged) => void) => {
  let from: number | null = null
  return (judged) => {
    const { name, state } = judged.row
    const weight = state.weightBasisPoints
    from ??= percent === undefined ? weight : Math.round(percent * 100)
    if (weight !== from)
      throw new Problem('conflict', { ...saying('promoted_meanwhile', { name, percent: weight / 100 }) })
    mayGoOn(judged)
  }
}

const promote = operation({
  noun: 'migrate',
  verb: 'promote',
  summary:
    'Go to the next step now, without waiting for its time or its sample. What the tests speak against is not promoted.',
  method: 'POST',
  path: '/migrations/{name}/promote',
  scope: 'write',
  input: z.strictObject({
    name: migrationNameField(),
    from_weight: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .describe(
        'Only while this percent of conversations goes to the candidate: of two who promote at once one is refused.',
      ),
    reason: reasonField(),
  }),
  output: migrationView,
  flags: [nameFlag],
  render: (view: MigrationView) => migrationText(view),
  run: ({ name, from_weight: percent, reason }, context) =>
    change({ name, reason, change: { kind: 'promote' } }, context, goingOnFrom(percent)),
})

const extend = operation({
  noun: 'migrate',
  verb: 'extend',
  summary: 'Give the step more time. One that is paused goes on.',
  method: 'POST',
  path: '/migrations/{name}/extend',
  scope: 'write',
  input: z.strictObject({
    name: migrationNameField(),
    by: durationField().describe('How much: 30m, 6h.'),
    reason: reasonField(),
  }),
  output: migrationView,
  flags: [nameFlag],
  render: (view: MigrationView) => migrationText(view),
  run: ({ name, by, reason }, context) =>
    change({ name, reason, change: { kind: 'extend', byMs: durationMsOf(by) ?? 0, isAsked: true } }, context),
})

export const migrationVerbs = [
  promote,
  extend,
  verb(
    'pause',
    'Stop going up. Conversations stay in their arms, and the tests go on: what asks for a rollback gets one.',
    {
      kind: 'pause',
      reason: 'manual',
    },
  ),
  verb('resume', 'Go on after a pause. Where the evidence had asked for the pause, it begins anew.', {
    kind: 'resume',
  }),
  verb('rollback', 'Send everything to the baseline now; also after completion.', { kind: 'rollback' }),
  verb('abort', 'Give the migration up: calls go where the configuration says.', { kind: 'abort' }),
] as const
