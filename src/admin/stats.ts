/** What goes on: calls, failures and times of the last minutes, by key, model or provider. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { Figure } from '#observe/figures.ts'
import { dimensions } from '#observe/figures.ts'
import { operation } from './operation.ts'
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

const list = operation({
  noun: 'stats',
  verb: 'list',
  summary: 'Calls, failures, times (p50, p95, p99 in ms), tokens and cost of the last minutes on the running server.',
  method: 'GET',
  path: '/stats',
  scope: 'read',
  input: z.strictObject({
    by: z.enum(dimensions).default('all').describe('One row for each of these.'),
    window: z.enum(['1m', '5m', '1h']).default('5m').describe('How far back.'),
    limit: z.int().min(1).max(1000).default(50).describe('How many rows at most, the busiest first.'),
  }),
  output: z.object({ by: z.enum(dimensions), window: z.string(), data: z.array(figureView) }),
  flags: [],
  render: ({ data }) => figureColumns(data),
  run: async ({ by, window, limit }, { ports }) => {
    if (ports.figures === null)
      throw new Problem('conflict', {
        message:
          "No server runs on this data folder, and figures are kept in a running one. Past calls are in 'drover logs'.",
      })
    return { by, window, data: ports.figures.read({ by, window, limit }).map(viewOf) }
  },
})

/** Found by `drover top` too, which asks again and again. */
export const statsList = list

export const statsOperations = [list] as const
