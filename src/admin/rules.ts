/** Limits and guardrails of drover.yaml as they are in force: what the operator bounds and looks at beside keys and plans. */

import { z } from 'zod'
import type { GuardFacts } from '#policy/guard.ts'
import type { LimitFacts } from '#policy/limit.ts'
import { operation } from './operation.ts'
import { listText, table } from './render.ts'

const names = () => z.array(z.string()).nullable().describe('null = everybody’s, or every one.')

const scopeView = z.object({
  keys: names(),
  projects: names(),
  accounts: names(),
  plans: names(),
  models: names(),
})

const limitView = z.object({
  name: z.string(),
  per: z.enum(['all', 'account', 'project', 'key']).describe('Whose calls count together.'),
  rpm: z.int().nullable(),
  rpd: z.int().nullable(),
  tpm: z.int().nullable(),
  tpd: z.int().nullable(),
  concurrency: z.int().nullable(),
  scope: scopeView,
})

const guardView = z.object({
  name: z.string(),
  sides: z.array(z.enum(['request', 'reply'])),
  action: z.enum(['redact', 'block', 'note']),
  finds: z.array(z.string()).describe('Kinds that are looked for.'),
  patterns: z.int().describe('How many expressions of its own it looks for; they are not shown.'),
  prompt_bytes_max: z.int().nullable(),
  models_allowed: names(),
  parameters_allowed: names(),
  parameters_denied: z.array(z.string()),
  asks: z
    .object({
      host: z.string().describe('The service that is asked about each request.'),
      timeout_ms: z.int(),
      on_failure: z.enum(['block', 'pass']),
    })
    .nullable(),
  scope: scopeView.omit({ accounts: true }),
})

const listOrNull = (list: readonly string[] | null): string[] | null => (list === null ? null : [...list])

const viewOfLimit = ({ scope, ...limit }: LimitFacts): z.input<typeof limitView> => ({
  name: limit.name,
  per: limit.per,
  rpm: limit.requestsPerMinute,
  rpd: limit.requestsPerDay,
  tpm: limit.tokensPerMinute,
  tpd: limit.tokensPerDay,
  concurrency: limit.concurrency,
  scope: {
    keys: listOrNull(scope.keys),
    projects: listOrNull(scope.projects),
    accounts: listOrNull(scope.accounts),
    plans: listOrNull(scope.plans),
    models: listOrNull(scope.models),
  },
})

const viewOfGuard = ({ hook, scope, ...guard }: GuardFacts): z.input<typeof guardView> => ({
  name: guard.name,
  sides: [...guard.sides],
  action: guard.action,
  finds: [...guard.finds],
  patterns: guard.patterns.length,
  prompt_bytes_max: guard.promptBytesMax,
  models_allowed: listOrNull(guard.modelsAllowed),
  parameters_allowed: listOrNull(guard.parametersAllowed),
  parameters_denied: [...guard.parametersDenied],
  asks: hook === null ? null : { host: new URL(hook.url).host, timeout_ms: hook.timeoutMs, on_failure: hook.onFailure },
  scope: {
    keys: listOrNull(scope.keys),
    projects: listOrNull(scope.projects),
    plans: listOrNull(scope.plans),
    models: listOrNull(scope.models),
  },
})

const list = operation({
  noun: 'rules',
  verb: 'list',
  summary: 'Limits and guardrails of drover.yaml, as they are in force here.',
  method: 'GET',
  path: '/rules',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ limits: z.array(limitView), guardrails: z.array(guardView) }),
  flags: [],
  render: ({ limits, guardrails }) =>
    table(
      ['LIMIT', 'PER', 'RPM', 'TPM', 'CALLS'],
      limits.map((one) => [one.name, one.per, one.rpm, one.tpm, one.concurrency]),
    ) +
    table(
      ['GUARDRAIL', 'ACTION', 'SIDES', 'FINDS'],
      guardrails.map((one) => [one.name, one.action, listText(one.sides), listText(one.finds)]),
    ),
  run: async (_input, { ports }) => {
    const { limits, guards } = ports.prices.snapshot()
    return { limits: limits.map(viewOfLimit), guardrails: guards.map(viewOfGuard) }
  },
})

export const ruleOperations = [list] as const
