/** The report for programs. The schema's number changes when a name or a meaning does. */

import type { Change } from '#probe/drift.ts'
import type { Report } from '#probe/report.ts'

/** One JSON document, with a line end. */
export const jsonReport = (report: Report, drift: readonly Change[] | null): string =>
  `${JSON.stringify(drift === null ? report : { ...report, drift }, null, 2)}\n`
