/** `migration-manifest.json`: what the probes and the staged migration read. */

import type { AuditReport } from '#audit/finding.ts'
import { siteName } from '#audit/site-name.ts'
import { counted } from './summary.ts'

const usageHead = ({ usage }: AuditReport) => {
  if (usage === null) return null
  const { sites: _sites, ...head } = usage
  return head
}

const reaching = new Set(['call', 'raw-http'])

/** Only what runs in production: tests and examples do not move. */
export const manifest = (report: AuditReport): string => {
  const sites = report.call_sites.filter(({ bucket }) => bucket !== 'test')
  const calls = sites.filter(({ kind }) => reaching.has(kind))
  const body = {
    schema: 1,
    target: report.target,
    usage: usageHead(report),
    call_sites: calls.map((site) => ({
      id: site.fingerprint,
      name: siteName(site),
      path: site.path,
      line: site.line,
      kind: site.kind,
      sdk: site.sdk,
      provider: site.provider,
      endpoint: site.endpoint,
      model: site.model,
      base_url: site.base_url,
      auth: site.auth,
      parameters: site.parameters,
      effects: site.effects,
      usage: report.usage?.sites[site.fingerprint] ?? null,
    })),
    clients: sites
      .filter(({ kind }) => kind === 'client')
      .map(({ path, line, sdk, provider, base_url, auth, parameters }) => ({
        path,
        line,
        sdk,
        provider,
        base_url,
        auth,
        parameters,
      })),
    models: counted(calls.map(({ model }) => model)).map(([name, count]) => ({ name, calls: count })),
    parameters: counted(calls.flatMap((site) => Object.keys(site.parameters))).map(([name, count]) => ({
      name,
      calls: count,
    })),
    endpoints: counted(calls.map(({ endpoint }) => endpoint)).map(([name, count]) => ({ name, calls: count })),
    variables: [
      ...new Set(
        sites.flatMap(({ kind, parameters, auth }) => [
          ...(kind === 'env' && typeof parameters['variable'] === 'string' ? [parameters['variable']] : []),
          ...(auth?.startsWith('env:') === true ? [auth.slice(4)] : []),
        ]),
      ),
    ].toSorted(),
    headers: sites
      .filter(({ kind }) => kind === 'header')
      .map(({ path, line, provider }) => ({ path, line, provider })),
    streams: calls.some(({ parameters }) => parameters['stream'] === true),
  }
  return `${JSON.stringify(body, null, 2)}\n`
}
