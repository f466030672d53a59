/** What is left of a migration: the report with all data to compute it again, the replay of its decisions, a rehearsal of the way back. */

import { z } from 'zod'
import { decide } from '#migration/decide.ts'
import { evidenceOf } from '#migration/evidence-text.ts'
import type { State } from '#migration/itinerary.ts'
import { draftState, stateAfter } from '#migration/itinerary.ts'
import { judgementOf } from '#migration/judgement.ts'
import { joinShadowLogs, shadowLogOf } from '#migration/shadow-log.ts'
import { shadowStandingOf } from '#migration/shadow-standing.ts'
import { joinStrata } from '#migration/strata.ts'
import { migrationNameField } from './migration-name.ts'
import { assembleReport } from './migration-report/assemble.ts'
import { signedReportView } from './migration-report/data.ts'
import { reportPage } from './migration-report/page.ts'
import { signReport } from './migration-report/sign.ts'
import { checkReport } from './migration-report/verify.ts'
import { savingOf } from './migration-saving.ts'
import type { Opened } from './migration-view.ts'
import { judgeMigration, openMigration } from './migration-view.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const nameFlag = { field: 'name', positional: true, describe: 'The name of the migration.' } as const

/** Points that are drawn, the newest. */
const pointsMax = 1_000

const report = operation({
  noun: 'migrate',
  verb: 'report',
  summary:
    'The whole story, signed: state, decisions with their reasons, every test over time, whom it met, money, and the sums from which all of it can be computed again. With --out as one HTML page.',
  method: 'GET',
  path: '/migrations/{name}/report',
  scope: 'read',
  input: z.strictObject({ name: migrationNameField() }),
  output: signedReportView,
  flags: [nameFlag],
  file: (output) => ({
    name: `${output.migration.name}.html`,
    contentType: 'text/html; charset=utf-8',
    bytes: Buffer.from(reportPage(output)),
  }),
  run: async ({ name }, context) => {
    const { ports, clock } = context
    const { store, version } = ports.migrations
    const opened = await openMigration(name, context)
    const { id, state } = opened.row
    const logs = (await store.shadows(id)).map(({ log }) => shadowLogOf(log))
    const hasShadow = opened.compiled.file.shadow !== undefined || logs.length > 0
    const epochs = Array.from({ length: state.epoch }, (_unused, index) => index + 1)
    const assembled = assembleReport({
      opened,
      earlier: await Promise.all(
        epochs.slice(0, -1).map(async (epoch) => ({ epoch, evidence: evidenceOf(await store.evidence(id, epoch)) })),
      ),
      strata: joinStrata(await Promise.all(epochs.map((epoch) => store.strata(id, epoch)))),
      points: await store.points({ migration: id, limit: pointsMax }),
      shadow: hasShadow ? joinShadowLogs(logs) : null,
      saving: await savingOf(opened, context),
      version,
      nowMs: clock.nowMs(),
    })
    return signReport(assembled, ports.digestKey)
  },
})

const reportBytesMax = 32 * 1024 * 1024

export const verifyReport = operation({
  noun: 'migrate',
  verb: 'verify-report',
  summary:
    "Check a report: that it was signed by this relay and not changed since, that its tests follow from its sums, and its page from its data. The same as 'migrate report --verify FILE'.",
  method: 'POST',
  path: '/migration-reports/verify',
  scope: 'read',
  bodyBytesMax: reportBytesMax,
  input: z.strictObject({ report: z.string().min(1).describe('The page, or its JSON.') }),
  output: z.object({
    ok: z.boolean(),
    name: z.string(),
    made: z.string(),
    intact: z.boolean().describe('Nothing was changed since it was signed.'),
    own: z.boolean().describe('This relay signed it, or one with the same secret key.'),
    tests_follow: z.boolean().describe('Computed again from the sums they are the same.'),
    page_follows: z
      .boolean()
      .nullable()
      .describe('Made again from the data it is the same; null = it is no page, or another version made it.'),
    public_key: z.string(),
  }),
  flags: [{ field: 'report', positional: true, file: true, describe: 'The file of the report: HTML or JSON.' }],
  failure: ({ ok, intact, own, tests_follow: follows }) => {
    if (ok) return null
    if (!intact) return 'the report was changed since it was signed'
    if (!own) return 'another relay has signed the report: compare its public key with the one that you trust'
    return follows ? 'the page shows something else than its data' : 'the tests do not follow from the sums'
  },
  run: async ({ report: text }, { ports }) => {
    const verdict = checkReport(text, { digestKey: ports.digestKey, version: ports.migrations.version })
    const { report: read, intact, own, testsFollow, pageFollows } = verdict
    return {
      ok: intact && own && testsFollow && pageFollows !== false,
      name: read.migration.name,
      made: read.made,
      intact,
      own,
      tests_follow: testsFollow,
      page_follows: pageFollows,
      public_key: read.signature.public_key,
    }
  },
})

/** A decision, and what is decided now on the same sums. */
export const replayed = z.object({
  number: z.int(),
  change: z.string(),
  by: z.string(),
  again: z.string().nullable().describe('What is decided now on the sums that were kept; null = nothing.'),
  same: z.boolean(),
})

/** Decisions again, each on the sums that it was made on. What people, or the reflex of a node, decided follows from no sums. */
export const replayOf = ({ compiled, decisions }: Opened): z.input<typeof replayed>[] => {
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
      (!byTests || next?.why.text === why)
    state = after
    return { number, change: change.kind, by: byReflex ? 'reflex' : actor, again: again?.kind ?? null, same }
  })
}

const replay = operation({
  noun: 'migrate',
  verb: 'decide-again',
  apiOnly: true,
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
    const { compiled } = await judgeMigration(name, context)
    const inForceMs = clock.monotonicMs()
    // Under no migration's name: nodes would take it that somebody has looked at the evidence.
    await ports.migrations.store.checkMigration('drill', clock.nowMs())
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

export const migrationReports = [report, verifyReport, replay, drill] as const
