/** The forms in which a report is written. */

import type { Change } from '#probe/drift.ts'
import type { Report } from '#probe/report.ts'
import { htmlReport } from './html.ts'
import { jsonReport } from './json.ts'
import { junitReport } from './junit.ts'
import { textReport } from './text.ts'

/** `drift`: what has changed since a baseline; `null` = there is none. */
export const writers: Readonly<Record<string, (report: Report, drift: readonly Change[] | null) => string>> = {
  text: textReport,
  json: jsonReport,
  junit: junitReport,
  html: htmlReport,
}
