/** The report as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, read 2026-11-22). */

import type { AuditReport, CallSite, Coupling, Effect, Level, Secret } from '#audit/finding.ts'
import { secretLevel, siteText } from './summary.ts'

const kindTitles: Readonly<Record<CallSite['kind'], string>> = {
  client: 'A client of an LLM API is made',
  call: 'An LLM API is called',
  'raw-http': 'An LLM API is called without an SDK',
  wrapper: 'A function hands its parameters on to an LLM API',
  'base-url': 'The address of an LLM API',
  model: 'The name of a model',
  env: 'A variable of an LLM API',
  header: 'A header of an LLM API',
}

type Result = {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly level: Level
  readonly text: string
  readonly fingerprint: string
}

const ofSite = (site: CallSite): readonly Result[] => {
  const base = { path: site.path, line: site.line }
  const own: Result = { ...base, rule: site.kind, level: 'note', text: siteText(site), fingerprint: site.fingerprint }
  const effects = site.effects.map(
    (effect: Effect, index): Result => ({
      ...base,
      rule: effect.rule,
      level: effect.level,
      text: `${effect.message} ${effect.mend}`,
      fingerprint: `${site.fingerprint}:${effect.rule}:${index}`,
    }),
  )
  return [own, ...effects]
}

const ofSecret = (secret: Secret): Result => ({
  path: secret.path,
  line: secret.line,
  rule: 'secret',
  level: secretLevel(secret),
  text: `A credential (${secret.rule}) that begins ${secret.preview}, sha256 ${secret.sha256}. Take it out, and have the vendor revoke it.`,
  fingerprint: secret.fingerprint,
})

const ofCoupling = ({ path, line, rule, level, message, mend, about, fingerprint }: Coupling): Result => ({
  path,
  line,
  rule,
  level,
  text: `'${about}' ${message} ${mend}`,
  fingerprint,
})

const sarifResult = (result: Result, rules: readonly string[]) => ({
  ruleId: result.rule,
  ruleIndex: rules.indexOf(result.rule),
  level: result.level,
  message: { text: result.text },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: encodeURI(result.path), uriBaseId: 'ROOT' },
        region: { startLine: result.line },
      },
    },
  ],
  partialFingerprints: { 'droverAudit/v1': result.fingerprint },
})

const title = (rule: string): string =>
  kindTitles[rule as CallSite['kind']] ?? (rule === 'secret' ? 'A credential in the code' : rule.replaceAll('-', ' '))

/** The log of one run. */
export const sarifReport = (report: AuditReport, version: string): string => {
  const results = [
    ...report.call_sites.flatMap(ofSite),
    ...report.secrets.map(ofSecret),
    ...report.couplings.map(ofCoupling),
  ]
  const rules = [...new Set(results.map(({ rule }) => rule))].toSorted()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'drover-audit',
            version,
            rules: rules.map((id) => ({ id, name: id, shortDescription: { text: title(id) } })),
          },
        },
        originalUriBaseIds: { ROOT: { description: { text: 'The folder that was audited.' } } },
        columnKind: 'utf16CodeUnits',
        results: results.map((result) => sarifResult(result, rules)),
        properties: { coverage: report.coverage },
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}
