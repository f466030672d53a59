/** What goes on: calls, failures and times of the last minutes, or of any span of the log, by key, model or provider. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { Figure } from '#observe/figures.ts'
import { dimensions, tallyFigures } from '#observe/figures.ts'
import { pastField, pastOf } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import type { CallPage } from './port.ts'
import { everyCall } from './port.ts'
import { table } from './render.ts'

const quantilesView = z.object({ p50: z.number().nullable(), p95: z.number().nullable(), p99: z.number().nullable() })

const figureView = z.object({
  name: z.string(),
  calls: z.int().describe('Calls that ended; of a provider, attempts.'),
  failures: z
    .object({ caller: z.int(), policy: z.int(), upstream: z.int(), drover: z.int() })
    .describe('By who is at fault.'),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_nano_usd: z.string(),
  first_part_ms: quantilesView,
  duration_ms: quantilesView,
  overhead_ms: quantilesView,
})

/** One row of the figures, as the API and `drover top` have it. */
export type FigureView = z.input<typeof figureView>

const viewOf = (figure: Figure): FigureView => ({
  name: figure.name,
  calls: figure.calls,
  failures: { ...figure.failures },
  input_tokens: figure.inputTokens,
  output_tokens: figure.outputTokens,
  cost_nano_usd: String(figure.costNanoUsd),
  first_part_ms: { ...figure.firstPartMs },
  duration_ms: { ...figure.durationMs },
  overhead_ms: { ...figure.overheadMs },
})

const ms = (value: number | null): string => (value === null ? '-' : value < 10 ? value.toFixed(1) : value.toFixed(0))

const headings = ['NAME', 'CALLS', 'FAILED', 'FIRST p50', 'p95', 'p99', 'TOTAL p50', 'p99', 'OWN p99', 'TOKENS', 'USD']

/** The columns for a person; times in milliseconds, `FAILED` without what callers did wrong. */
export const figureColumns = (rows: readonly FigureView[]): string =>
  table(
    headings,
    rows.map((row) => [
      row.name,
      row.calls,
      row.failures.upstream + row.failures.drover,
      ms(row.first_part_ms.p50),
      ms(row.first_part_ms.p95),
      ms(row.first_part_ms.p99),
      ms(row.duration_ms.p50),
      ms(row.duration_ms.p99),
      ms(row.overhead_ms.p99),
      `${row.input_tokens}+${row.output_tokens}`,
      decimalOf(BigInt(row.cost_nano_usd)),
    ]),
  )

/** Calls of a span that are read at most, the newest: what a person waits a few seconds for. */
const callsReadMax = 50_000
const pageLength = 1_000

const statsInput = z
  .strictObject({
    by: z.enum(dimensions).default('all').describe('One row for each of these.'),
    window: z.enum(['1m', '5m', '1h']).optional().describe('How far back, on the running server (default 5m).'),
    from: pastField()
      .optional()
      .describe('Of the log instead, since then: 24h (ago), 2026-11-01, or RFC 3339; at most its newest 50,000 calls.'),
    to: pastField().optional().describe('Of the log, before then (default: now).'),
    limit: z.int().min(1).max(1000).default(50).describe('How many rows at most, the busiest first.'),
  })
  .superRefine(({ window, from }, context) => {
    if (window !== undefined && from !== undefined)
      context.addIssue({ code: 'custom', path: ['from'], message: 'does not go together with window' })
  })

const needsFrom = (param: string): Problem =>
  new Problem('invalid_request_error', { message: `'${param}' needs 'from': where the span begins.`, param })

type Span = z.output<typeof statsInput> & { readonly from: string }

/** Read back from the end of the span, page by page, so that calls get their turn in between. */
const ofSpan = async ({ by, from, to, limit }: Span, { ports, clock }: OperationContext) => {
  const nowMs = clock.nowMs()
  const span = { fromMs: pastOf(from, nowMs), toMs: to === undefined ? null : pastOf(to, nowMs) }
  const tally = tallyFigures(by)
  let beforeId: string | null = null
  let callsRead = 0
  do {
    const page: CallPage = await ports.store.calls({ ...everyCall(pageLength), ...span, beforeId })
    for (const record of page.calls) tally.add(record)
    callsRead += page.calls.length
    beforeId = page.before
  } while (beforeId !== null && callsRead < callsReadMax)
  return { by, window: null, calls_read: callsRead, whole: beforeId === null, data: tally.read(limit).map(viewOf) }
}

const list = operation({
  noun: 'stats',
  verb: 'list',
  summary:
    'Calls, failures, times (p50, p95, p99 in ms), tokens and cost: of the last minutes, or of any time in the log.',
  method: 'GET',
  path: '/stats',
  scope: 'read',
  input: statsInput,
  output: z.object({
    by: z.enum(dimensions),
    window: z.string().nullable().describe('null = the span that was asked for.'),
    calls_read: z.int().nullable().describe('Of the log, for a span.'),
    whole: z.boolean().describe(`false = the span has more calls: these are its newest ${callsReadMax}.`),
    data: z.array(figureView),
  }),
  flags: [],
  render: ({ data, whole, calls_read: callsRead }) =>
    `${figureColumns(data)}${whole ? '' : `only the newest ${callsRead} calls of the span: ask for a shorter one\n`}`,
  run: async (input, context) => {
    const { by, window = '5m', limit, from } = input
    if (from !== undefined) return ofSpan({ ...input, from }, context)
    if (input.to !== undefined) throw needsFrom('to')
    const { figures } = context.ports
    if (figures === null)
      throw new Problem('conflict', {
        message:
          "No server runs on this data folder, and figures of the last minutes are kept in a running one. 'drover stats --from 1h' reads the log.",
      })
    return { by, window, calls_read: null, whole: true, data: (await figures.read({ by, window, limit })).map(viewOf) }
  },
})

/** Found by `drover top` too, which asks again and again. */
export const statsList = list

export const statsOperations = [list] as const
