/** The trail: who changed what. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { firstIdAt } from '#base/id.ts'
import { pageFields, pageOf, pastField, pastOf } from './field.ts'
import { idNames, namesView } from './id-names.ts'
import { operation, proofMsMax } from './operation.ts'
import type { TrailRow } from './port.ts'
import { table } from './render.ts'
import { trailFormats, trailLine } from './trail-line.ts'

const value = z.unknown().describe('The object as it was, without secrets; null = it was not there.')

/** A row of the trail as it may be seen. */
export const trailView = z.object({
  id: z.string(),
  time: z.string().describe('RFC 3339, UTC.'),
  actor: z.string().describe('`key:<id>`, `local` (the command line on this machine) or `system`.'),
  operation: z.string(),
  object: z.string(),
  before: value,
  after: value,
  request_id: z.string().nullable(),
})

const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text))

export const viewOfTrail = (row: TrailRow): z.input<typeof trailView> => ({
  id: row.id,
  time: rfc3339(row.timeMs),
  actor: row.actor,
  operation: row.operation,
  object: row.object,
  before: parsed(row.before),
  after: parsed(row.after),
  request_id: row.requestId,
})

const list = operation({
  noun: 'trail',
  verb: 'list',
  summary: 'Who changed what, the oldest first.',
  method: 'GET',
  path: '/trail',
  scope: 'read',
  input: z.strictObject({
    ...pageFields(1000),
    from: pastField().optional().describe('Only since then: 24h (ago), 2026-11-01, or RFC 3339.'),
  }),
  output: z.object({ data: z.array(trailView), next: z.string().nullable(), names: namesView() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['TIME', 'ACTOR', 'OPERATION', 'OBJECT'],
      data.map((row) => [row.time, row.actor, row.operation, row.object]),
    ),
  run: async ({ limit, after, from }, context) => {
    const { ports, clock } = context
    const since = from === undefined ? null : firstIdAt('trl', pastOf(from, clock.nowMs()))
    const page = pageOf(await ports.store.trail({ limit, after: after ?? since }), limit)
    const names = await idNames(
      page.data.flatMap(({ actor, object }) => [actor, object]),
      context,
    )
    return { data: page.data.map(viewOfTrail), next: page.next, names }
  },
})

/** Rows of one page of an export: a long trail is read in many. */
const exportRowsMax = 1000

const exported = operation({
  noun: 'trail',
  verb: 'export',
  summary:
    'The trail as lines for another system, from behind a position; each line has its place and hash in the chain.',
  method: 'GET',
  path: '/trail/export',
  scope: 'read',
  input: z.strictObject({
    format: z
      .enum(trailFormats)
      .default('jsonl')
      .describe('`jsonl`, `cef` (ArcSight Common Event Format), or `syslog` (RFC 5424).'),
    after: z
      .string()
      .regex(/^\d{1,15}$/, 'must be a position: the number of the last row that is there')
      .default('0')
      .describe('The position of the last row that is there already.'),
    limit: z.int().min(1).max(exportRowsMax).optional().describe('At most so many rows.'),
  }),
  output: z.object({
    data: z.array(z.string()).describe('One line a row.'),
    next: z
      .string()
      .nullable()
      .describe('The position of the last row, `after` of the next page; null = there was nothing more.'),
  }),
  flags: [],
  // A person gets the lines too: they are what is wanted.
  csv: { text: ({ data }) => data.map((line) => `${line}\n`).join(''), always: true },
  run: async ({ format, after, limit = exportRowsMax }, { ports }) => {
    const links = await ports.store.trailLinks(Number(after), limit)
    return {
      data: links.map((link) => trailLine(link, format, ports.migrations.version)),
      next: links.length === limit ? String(links.at(-1)?.position) : null,
    }
  },
})

const verify = operation({
  noun: 'trail',
  verb: 'verify',
  summary: 'Prove that no row of the trail was altered, taken out or put in: its chain of hashes, from the beginning.',
  method: 'GET',
  path: '/trail/verify',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({
    ok: z.boolean(),
    rows: z.int().describe('Rows that fit, from the beginning.'),
    broken_at: z.int().nullable().describe('The position of the first row that does not fit, from 1.'),
    why: z.string().nullable(),
  }),
  flags: [],
  answerMsMax: proofMsMax,
  render: ({ ok, rows, broken_at, why }) =>
    ok ? `proven: ${rows} rows\n` : `NOT PROVEN: ${rows} rows fit, row ${broken_at} does not: ${why}\n`,
  failure: ({ ok, broken_at }) => (ok ? null : `The trail is not what was written, from row ${broken_at} on.`),
  run: async (_input, { ports }) => {
    const verdict = await ports.store.verifyTrail()
    return verdict.ok
      ? { ok: true, rows: verdict.rows, broken_at: null, why: null }
      : { ok: false, rows: verdict.rows, broken_at: verdict.brokenAt, why: verdict.why }
  },
})

export const trailOperations = [list, exported, verify] as const
