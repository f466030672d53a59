/** The register of a migration's risks, from what the audit, the probes and the log say. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { Sentence } from '#base/sentence.ts'
import { fits } from '#migration/pattern.ts'
import { planSays } from '#migration/plan-sentences.ts'
import type { AuditFacts, ProbeFacts, ProviderFacts, Risk } from '#migration/risk.ts'
import { riskRegisterOf, risks } from '#migration/risk.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { routeOf } from '#migration/shadow-plan.ts'
import type { Before } from './migration-baseline.ts'
import type { OperationContext } from './operation.ts'
import { sentenceView, viewOfSentence } from './sentence-view.ts'

export const riskView = z.object({
  risk: z.enum(risks),
  likelihood: z.enum(['low', 'medium', 'high', 'unknown']),
  because: z.string(),
  because_said: sentenceView,
  conversations_per_day: z.int().nullable().describe('That it would touch; null = not known.'),
  usd_per_day: z.string().nullable().describe("At the operator's cost; null = not known."),
  impact: z.string(),
  mitigation: z.string(),
  trigger: z.string().describe('What would show it.'),
  owner: z.string(),
})

const textMax = 8_000_000

/** What the audit wrote with --manifest. */
export const manifestField = () =>
  z
    .string()
    .max(textMax)
    .optional()
    .describe("The audit's migration-manifest.json: what of the code breaks on the candidate.")
/** What the probes wrote with --format json. */
export const probeField = () =>
  z.string().max(textMax).optional().describe("A report of 'drover probe --format json' of the candidate.")

const manifestShape = z.object({
  schema: z.literal(1),
  call_sites: z.array(
    z.object({
      name: z.string().default(''),
      auth: z.string().nullable().default(null),
      parameters: z.record(z.string(), z.unknown()).default({}),
      effects: z.array(z.object({ level: z.string() })).default([]),
    }),
  ),
})

const probeShape = z.object({
  schema: z.literal(1),
  probes: z.array(
    z.object({
      id: z.string(),
      group: z.string(),
      verdict: z.string(),
      expected: z.string().nullable().default(null),
      remedy: z.object({ by: z.string() }).nullable().default(null),
    }),
  ),
})

const readAs = <T>(text: string, schema: z.ZodType<T>, param: 'manifest' | 'probe'): T => {
  const how = param === 'manifest' ? "'drover audit . --manifest FILE'" : "'drover probe --format json --output FILE'"
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Problem('invalid_request_error', { message: `The ${param} is not JSON. ${how} writes one.`, param })
  }
  const found = schema.safeParse(value)
  if (found.success) return found.data
  throw new Problem('invalid_request_error', { message: `This is no ${param} of schema 1. ${how} writes one.`, param })
}

type Told = { readonly manifest: string | undefined; readonly probe: string | undefined }

const auditOf = (text: string | undefined, file: MigrationFile) => {
  if (text === undefined) return { audit: null, notes: [] }
  const { call_sites: sites } = readAs(text, manifestShape, 'manifest')
  const wanted = file.match.call_sites
  const inScope = wanted === undefined ? sites : sites.filter(({ name }) => wanted.some((one) => fits(one, name)))
  const has = (level: string) => inScope.filter(({ effects }) => effects.some((one) => one.level === level))
  const failing = has('error')
  const audit: AuditFacts = {
    sites: inScope.length,
    failing: failing.length,
    changing: has('warning').filter((site) => !failing.includes(site)).length,
    withTools: inScope.filter(({ parameters }) => 'tools' in parameters || 'functions' in parameters).length,
    withLiteralKey: sites.filter(({ auth }) => auth === 'literal').length,
  }
  const lost = (wanted ?? []).filter((one) => !sites.some(({ name }) => fits(one, name)))
  return {
    audit,
    notes: lost.map((name) => planSays('no_call_site', { name })),
  }
}

const probesOf = (text: string | undefined, { candidate }: MigrationFile): ProbeFacts | null => {
  if (text === undefined) return null
  const { probes } = readAs(text, probeShape, 'probe')
  const isRepaired = (by: string | undefined): boolean =>
    by === 'relay' || (by === 'shim' && candidate.param_policy === 'shim')
  return {
    failed: probes.filter(
      ({ verdict, expected, remedy }) => verdict === 'fail' && expected === null && !isRepaired(remedy?.by),
    ),
  }
}

const providerOf = (route: string, { ports }: OperationContext): ProviderFacts => {
  const { provider: name } = routeOf(route)
  const found = ports.routing.providers().find(({ upstream }) => upstream.provider.name === name)?.upstream.provider
  return { provider: name, region: found?.region ?? null, dataPolicy: found?.dataPolicy ?? null }
}

const viewOf = (one: Risk): z.input<typeof riskView> => ({
  risk: one.risk,
  likelihood: one.likelihood,
  because: one.because.text,
  because_said: viewOfSentence(one.because),
  conversations_per_day: one.conversationsPerDay,
  usd_per_day: one.nanoUsdPerDay === null ? null : decimalOf(one.nanoUsdPerDay, 2),
  impact: one.impact,
  mitigation: one.mitigation,
  trigger: one.trigger,
  owner: one.owner,
})

/** The register, and what of the file does not fit the manifest. */
export const registerOf = async (
  { file, before, told }: { readonly file: MigrationFile; readonly before: Before; readonly told: Told },
  context: OperationContext,
): Promise<{ readonly risks: z.input<typeof riskView>[]; readonly notes: readonly Sentence[] }> => {
  const { audit, notes } = auditOf(told.manifest, file)
  const register = riskRegisterOf({
    baseline: before.baseline,
    figures: before.figures,
    audit,
    probe: probesOf(told.probe, file),
    from: providerOf(file.baseline.route, context),
    to: providerOf(file.candidate.route, context),
    nodes: (await context.ports.nodes?.nodes())?.length ?? 1,
    firstWeight: file.steps[0]?.set_weight ?? 100,
    keepsBodies: context.ports.prices.snapshot().keepBodies,
  })
  return { risks: register.map(viewOf), notes }
}
