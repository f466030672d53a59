/** The report as JSON: its shape is `AuditReport`, versioned by `schema`. */

import type { AuditReport } from '#audit/finding.ts'

export const jsonReport = (report: AuditReport): string => `${JSON.stringify(report, null, 2)}\n`
