/** A baseline: the fingerprints of what was accepted, so that only what is new is reported. */

import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { AuditReport } from './finding.ts'

const fingerprintsMax = 1_000_000

/** The file that accepts everything in the report. */
export const baselineOf = (report: AuditReport): string => {
  const all = [...report.call_sites, ...report.secrets, ...report.couplings].map(({ fingerprint, path }) => ({
    fingerprint,
    path,
  }))
  return `${JSON.stringify({ schema: 1, accepted: all }, null, 2)}\n`
}

/**
 * The fingerprints of a baseline file.
 * @throws Problem `invalid_request_error` when it is none.
 */
export const readBaseline = (text: string, file: string): ReadonlySet<string> => {
  const broken = (cause?: unknown): Problem =>
    new Problem('invalid_request_error', {
      message: `${file} is no baseline. 'drover audit --write-baseline ${file}' writes one.`,
      ...(cause === undefined ? {} : { cause }),
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (thrown) {
    throw broken(thrown)
  }
  const accepted = isObject(json) && json['schema'] === 1 ? json['accepted'] : undefined
  if (!Array.isArray(accepted)) throw broken()
  const fingerprints = new Set<string>()
  for (const one of accepted.slice(0, fingerprintsMax)) {
    const fingerprint = isObject(one) ? one['fingerprint'] : undefined
    if (typeof fingerprint === 'string') fingerprints.add(fingerprint)
  }
  return fingerprints
}
