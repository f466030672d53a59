/** Whether a report is what was signed, by whom, and whether its tests and its page follow from its data. */

import { viewOfFinding } from '#admin/migration-view.ts'
import { Problem } from '#base/problem.ts'
import { compile } from '#migration/compiled.ts'
import type { CellJson } from '#migration/evidence-text.ts'
import { evidenceOf } from '#migration/evidence-text.ts'
import type { BaselineFacts } from '#migration/judge.ts'
import { judgementOf } from '#migration/judgement.ts'
import type { SignedReport } from './data.ts'
import { signedReportView } from './data.ts'
import { dataBegin, dataEnd, reportPage } from './page.ts'
import { checkSignature } from './sign.ts'

export type ReportVerdict = {
  readonly report: SignedReport
  readonly intact: boolean
  readonly own: boolean
  /** Every test computed again from the sums gives what is written. */
  readonly testsFollow: boolean
  /** The page made again from the data is this one; `null` = it is no page, or another version made it. */
  readonly pageFollows: boolean | null
}

const plain = (text: string): string =>
  text.replaceAll(/&#(\d+);/g, (_reference, code: string) => String.fromCharCode(Number(code)))

/** @throws Problem `invalid_request_error` where it is no report. */
export const readReport = (text: string): SignedReport => {
  const begin = text.indexOf(dataBegin)
  const end = text.indexOf(dataEnd, begin)
  const json = begin >= 0 && end >= 0 ? plain(text.slice(begin + dataBegin.length, end)) : text
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    value = null
  }
  const read = signedReportView.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new Problem('invalid_request_error', {
    message: `This is no report of a migration: ${issue === undefined ? 'it cannot be read' : `${issue.path.join('.') || 'it'}: ${issue.message}`}. Give a file that 'drover migrate report NAME --out FILE' or '--json' has written.`,
    param: 'report',
  })
}

const follows = ({ file, facts, sums, migration }: SignedReport): boolean => {
  const { judge, weights } = compile({ file, facts: facts as BaselineFacts })
  const { findings } = judgementOf(judge, evidenceOf(sums as readonly CellJson[]), weights)
  return JSON.stringify(findings.map(viewOfFinding)) === JSON.stringify(migration.evidence)
}

/** `version`: of this Drover. */
export const checkReport = (
  text: string,
  { digestKey, version }: { readonly digestKey: (text: string) => string; readonly version: string },
): ReportVerdict => {
  const report = readReport(text)
  const isPage = text.includes(dataBegin)
  return {
    report,
    ...checkSignature(report, digestKey),
    testsFollow: follows(report),
    pageFollows: isPage && report.version === version ? reportPage(report) === text : null,
  }
}
