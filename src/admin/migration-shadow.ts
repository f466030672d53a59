/** What copies of calls have found of a migration's candidate. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { compile } from '#migration/compiled.ts'
import { comparators } from '#migration/shadow-compare.ts'
import type { LeftReason } from '#migration/shadow-log.ts'
import { joinShadowLogs, leftReasons, shadowLogOf } from '#migration/shadow-log.ts'
import { respectsOf } from '#migration/shadow-standing.ts'
import { callScoreOf, findingsOf } from '#migration/shadow-sums.ts'
import { migrationNameField } from './migration-name.ts'
import { migrationNamed } from './migration-view.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import { findingView, viewOfFinding } from './shadow-finding.ts'

const shadowView = z.object({
  name: z.string(),
  copies: z.boolean().describe('Whether its file says that calls are copied.'),
  questions: z.int().describe('Calls of which the answers of both were compared.'),
  cost_usd: z.string().describe('What copies have cost the operator.'),
  tokens: z.int(),
  findings: z.array(findingView),
  judged: z
    .object({ candidate: z.int(), baseline: z.int(), tie: z.int(), swapped: z.int() })
    .describe('Answers between which a judge decided, in both orders; swapped: it preferred a place, which is a tie.'),
  tool_call_score: z.number().nullable().describe('How well it calls tools when the baseline does, from 0 to 1.'),
  left: z.record(z.string(), z.int()).describe('Calls that were not copied or compared, by the reason.'),
  examples: z.array(z.object({ call: z.string(), copy: z.string(), differs: z.enum(comparators) })),
})

type ShadowView = z.output<typeof shadowView>

const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)} %`)

const render = ({
  name,
  copies,
  questions,
  cost_usd: usd,
  tokens,
  findings,
  tool_call_score: score,
  judged,
  left,
  examples,
}: ShadowView): string => {
  const rows = findings
    .filter(({ compared }) => compared > 0)
    .map((one) => [one.respect, `${one.compared}`, percent(one.differed), percent(one.floor), one.worse ? 'worse' : ''])
  const reasons = Object.entries(left).map(([reason, count]) => `${reason} ${count}`)
  return `${[
    `${name}: ${questions} answers compared, ${tokens} tokens, ${usd} USD.${copies ? '' : ' Its file has no "shadow": nothing is copied.'}`,
    ...(rows.length === 0 ? [] : ['', table(['respect', 'compared', 'differed', 'baseline from itself', ''], rows)]),
    ...(Object.values(judged).every((count) => count === 0)
      ? []
      : [
          `Judged: ${judged.candidate} for the candidate, ${judged.baseline} for the baseline, ${judged.tie + judged.swapped} alike (${judged.swapped} by place).`,
        ]),
    ...(score === null ? [] : [`Tools are called as the baseline does: ${percent(score)}.`]),
    ...(reasons.length === 0 ? [] : [`Not copied: ${reasons.join(', ')}.`]),
    ...examples.map(({ call, differs }) => `${differs}: drover explain ${call}`),
  ].join('\n')}\n`
}

const show = operation({
  noun: 'migrate',
  verb: 'shadow',
  summary:
    "What copies of calls have found: where the candidate's answers differ, beside how often the baseline differs from itself.",
  method: 'GET',
  path: '/migrations/{name}/shadow',
  scope: 'read',
  input: z.strictObject({ name: migrationNameField() }),
  output: shadowView,
  flags: [{ field: 'name', positional: true, describe: 'The name of the migration.' }],
  render,
  run: async ({ name }, context) => {
    const row = await migrationNamed(name, context)
    const { file } = compile(row)
    const told = await context.ports.migrations.store.shadows(row.id)
    const log = joinShadowLogs(told.map((one) => shadowLogOf(one.log)))
    const left = leftReasons.filter((reason: LeftReason) => log.left[reason] > 0)
    return {
      name,
      copies: file.shadow !== undefined,
      questions: log.sums.questions,
      cost_usd: decimalOf(log.nanoUsd),
      tokens: log.tokens,
      findings: findingsOf(log.sums, file.analysis.alpha_total, respectsOf(file)).map(viewOfFinding),
      judged: { ...log.sums.judged },
      tool_call_score: callScoreOf(log.sums),
      left: Object.fromEntries(left.map((reason) => [reason, log.left[reason]])),
      examples: [...log.examples],
    }
  },
})

export const migrationShadow = [show] as const
