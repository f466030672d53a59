/** The call sites of a `migration-manifest.json`: which of them a failing probe would hit. */

import { basename } from 'node:path'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Probe } from './probe.ts'
import type { CallSiteRow } from './report.ts'
import { objectAt, objectsAt, parsed, textAt } from './wire-events.ts'

export type ManifestSite = CallSiteRow & {
  readonly endpoint: string | null
  readonly model: string | null
  readonly parameters: JsonObject
}

export type Manifest = { readonly callSites: readonly ManifestSite[] }

const refused = (file: string, why: string): Problem =>
  new Problem('invalid_request_error', {
    message: `${basename(file)} is no manifest: ${why}. 'drover audit . --manifest ${basename(file)}' writes one.`,
  })

/** @throws Problem where the text is no manifest. */
export const readManifest = (text: string, file: string): Manifest => {
  const value = parsed(text)
  if (!isObject(value)) throw refused(file, 'it holds no JSON object')
  if (value['schema'] !== 1 || !Array.isArray(value['call_sites']))
    throw refused(file, 'it has no "call_sites" of schema 1')
  const callSites = objectsAt(value, 'call_sites').map((site) => ({
    name: textAt(site, 'name') || textAt(site, 'path'),
    path: textAt(site, 'path'),
    line: typeof site['line'] === 'number' ? site['line'] : 0,
    endpoint: typeof site['endpoint'] === 'string' ? site['endpoint'] : null,
    model: typeof site['model'] === 'string' ? site['model'] : null,
    parameters: objectAt(site, 'parameters'),
  }))
  return { callSites }
}

const chatEndpoints = new Set(['chat', 'responses', 'messages', 'completions', 'generate', ''])

const depends = (site: ManifestSite, { dependents }: Probe): boolean => {
  if (typeof dependents === 'object' && 'endpoints' in dependents)
    return dependents.endpoints.some((endpoint) => (site.endpoint ?? '').includes(endpoint))
  if (!chatEndpoints.has(site.endpoint ?? '')) return false
  if (dependents === 'every') return true
  if (dependents === 'streams') return site.parameters['stream'] !== undefined && site.parameters['stream'] !== false
  return dependents.parameters.some((name) => Object.hasOwn(site.parameters, name))
}

/** A report that names every place names none. */
const rowsMax = 50

/** The call sites that depend on a probe. */
export const callSitesOf = (manifest: Manifest | null, probe: Probe): readonly CallSiteRow[] =>
  (manifest?.callSites ?? [])
    .filter((site) => depends(site, probe))
    .slice(0, rowsMax)
    .map(({ name, path, line }) => ({ name, path, line }))
