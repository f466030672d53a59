/** The forms in which a report is written. */

import type { AuditReport } from '#audit/finding.ts'
import { htmlReport } from './html.ts'
import { jsonReport } from './json.ts'
import { manifest } from './manifest.ts'
import { markdownReport } from './markdown.ts'
import { sarifReport } from './sarif.ts'
import { textReport } from './text.ts'

/** `version` is Drover's. */
export const writers: Readonly<Record<string, (report: AuditReport, version: string) => string>> = {
  text: textReport,
  json: jsonReport,
  sarif: sarifReport,
  markdown: markdownReport,
  html: htmlReport,
  manifest,
}
