/** What is left of a migration: the report with all data to compute it again, the replay of its decisions, a rehearsal of the way back. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decide } from '#migration/decide.ts'
import { evidenceJson, evidenceOf } from '#migration/evidence-text.ts'
import type { State } from '#migration/itinerary.ts'
import { draftState, stateAfter } from '#migration/itinerary.ts'
import { judgementOf } from '#migration/judgement.ts'
import { shadowStandingOf } from '#migration/shadow-standing.ts'
import { migrationNameField } from './migration-name.ts'
import { migrationPage } from './migration-page.ts'
import type { Opened } from './migration-view.ts'
import {
  decisionView,
  judgeMigration,
  migrationView,
  openMigration,
  viewOfDecision,
  viewOfMigration,
} from './migration-view.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const nameFlag = { field: 'name', positional: true, describe: 'The name of the migration.' } as const

const report = operation({
  noun: 'migrate',
  verb: 'report',
  summary:
    'The whole story: state, decisions with their reasons, every test, and the sums from which all of it can be computed again. With --out as one HTML page.',
  method: 'GET',
  path: '/migrations/{name}/report',
  scope: 'read',
  input: z.strictObject({ name: migrationNameField() }),
  output: z.object({
    made: z.string(),
    migration: migrationView,
    decisions: z.array(decisionView),
    file: z.string().describe('As it was given.'),
    facts: z.unknown().describe('The baseline before the start.'),
    sums: z.array(z.unknown()).describe('By step, arm and kind of unit.'),
  }),
  flags: [nameFlag],
  file: (output) => ({
    name: `${output.migration.name}.html`,
    contentType: 'text/html; charset=utf-8',
    bytes: Buffer.from(migrationPage(output)),
  }),
  run: async ({ name }, context) => {
    const opened = await openMigration(name, context)
    const nowMs = context.clock.nowMs()
    return {
      made: rfc3339(nowMs),
      migration: viewOfMigration(opened, nowMs),
      decisions: opened.decisions.map(viewOfDecision),
      file: opened.row.file,
      facts: opened.row.facts,
      sums: [...evidenceJson(opened.evidence)],
    }
  },
})

const replayed = z.object({
  number: z.int(),
  change: z.string(),
  by: z.string(),
  again: z.string().nullable().describe('What is decided now on the sums that were kept; null = nothing.'),
  same: z.boolean(),
})

/** Decisions again, each on the sums that it was made on. What people, or the reflex of a node, decided follows from no sums. */
const replayOf = ({ compiled, decisions }: Opened): z.input<typeof replayed>[] => {
  let state: State = draftState
  return decisions.map(({ number, change, why, actor, after, evidence, timeMs, shadow: told }) => {
    const { itinerary, judge, weights } = compiled
    const byReflex = actor === 'drover' && /calls to the candidate failed on one node/.test(why)
    const byTests = actor === 'drover' && !byReflex
    const judgement = judgementOf(judge, evidenceOf(evidence), weights)
    const { practicalFloor } = judge
    const shadow = shadowStandingOf(told, compiled.file)
    const next = byTests ? decide({ itinerary, state, judgement, practicalFloor, shadow, nowMs: timeMs }) : null
    const again = byTests ? (next?.change ?? null) : change
    const leads = stateAfter(state, change, { itinerary, nowMs: timeMs })
    const same =
      JSON.stringify(again) === JSON.stringify(change) &&
      JSON.stringify(leads) === JSON.stringify(after) &&
      (!byTests || next?.why === why)
    state = after
    return { number, change: change.kind, by: byReflex ? 'reflex' : actor, again: again?.kind ?? null, same }
  })
}

const replay = operation({
  noun: 'migrate',
  verb: 'replay',
  summary: 'Decide again on the sums that were kept with every decision, and say whether it comes to the same.',
  method: 'GET',
  path: '/migrations/{name}/replay',
  scope: 'read',
  input: z.strictObject({ name: migrationNameField() }),
  output: z.object({ name: z.string(), ok: z.boolean(), decisions: z.array(replayed) }),
  flags: [nameFlag],
  render: ({ decisions }) =>
    table(
      ['NUMBER', 'DECISION', 'BY', 'AGAIN', 'SAME'],
      decisions.map(({ number, change, by, again, same }) => [number, change, by, again, same ? 'yes' : 'NO']),
    ),
  failure: ({ ok }) => (ok ? null : 'a decision does not follow from the sums that were kept with it'),
  run: async ({ name }, context) => {
    const decisions = replayOf(await openMigration(name, context))
    return { name, ok: decisions.every(({ same }) => same), decisions }
  },
})

/** What a node asks the store at least this often. */
const nodesWithinMs = 1_000

const drill = operation({
  noun: 'migrate',
  verb: 'drill',
  summary:
    'Rehearse the way back without going it: how long this server takes from the question to where it would send nothing more to the candidate, and whether the baseline can take the traffic.',
  method: 'POST',
  path: '/migrations/{name}/drill',
  scope: 'write',
  input: z.strictObject({ name: migrationNameField() }),
  output: z.object({
    name: z.string(),
    ok: z.boolean(),
    in_force_ms: z
      .number()
      .describe('Evidence read and judged: from then on this node would send nothing more to the candidate.'),
    kept_ms: z
      .number()
      .describe('A note kept in the store and read back, as the decision would be. Nobody on this node waits for it.'),
    other_nodes_within_ms: z.int().describe('How often every other node asks; 0 = this is the only one.'),
    nodes: z.int(),
    baseline_away: z.boolean().describe("The baseline's provider does not answer its checks."),
  }),
  flags: [nameFlag],
  failure: ({ baseline_away }) =>
    baseline_away ? "the baseline's provider does not answer: there is no way back" : null,
  run: async ({ name }, context) => {
    const { ports, clock } = context
    const beganMs = clock.monotonicMs()
    const { row, compiled } = await judgeMigration(name, context)
    const inForceMs = clock.monotonicMs()
    await ports.migrations.store.checkMigration(row.id, clock.nowMs())
    await ports.migrations.changed()
    const keptMs = clock.monotonicMs()
    const [provider = ''] = compiled.file.baseline.route.split('/')
    const standing = ports.routing.providers().find(({ upstream }) => upstream.provider.name === provider)
    const nodes = (await ports.nodes?.nodes())?.length ?? 1
    const isAway = standing?.isAway ?? false
    return {
      name,
      ok: !isAway,
      in_force_ms: Math.round((inForceMs - beganMs) * 100) / 100,
      kept_ms: Math.round((keptMs - inForceMs) * 100) / 100,
      other_nodes_within_ms: nodes > 1 ? nodesWithinMs : 0,
      nodes,
      baseline_away: isAway,
    }
  },
})

export const migrationReports = [report, replay, drill] as const
