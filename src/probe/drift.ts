/** What has changed since an earlier report of the same endpoint. Pure. */

import { basename } from 'node:path'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { ProbeResult, Report, Verdict } from './report.ts'
import { objectsAt, parsed, textAt } from './wire-events.ts'

type Row = { readonly verdict: Verdict; readonly strict: Verdict; readonly ran: boolean }
export type Baseline = ReadonlyMap<string, Row>

export type Change = {
  readonly id: string
  readonly from: Verdict
  readonly to: Verdict
  /** `strict`: only the layer of the specification has changed. */
  readonly layer: 'clients' | 'strict'
  readonly kind: 'regression' | 'improvement' | 'change'
}

const verdicts = new Set<string>(['pass', 'fail', 'unsupported'])
const verdictOf = (text: string): Verdict => (verdicts.has(text) ? (text as Verdict) : 'unsupported')

/** @throws Problem where the text is no report. */
export const readBaseline = (text: string, file: string): Baseline => {
  const value = parsed(text)
  if (!isObject(value) || value['schema'] !== 1 || !Array.isArray(value['probes']))
    throw new Problem('invalid_request_error', {
      message: `${basename(file)} is no report of 'drover probe --format json'. Write one with '--format json --output ${basename(file)}'.`,
    })
  return new Map(
    objectsAt(value, 'probes').map((probe) => [
      textAt(probe, 'id'),
      {
        verdict: verdictOf(textAt(probe, 'verdict')),
        strict: verdictOf(textAt(probe, 'strict')),
        ran: probe['ran'] !== false,
      },
    ]),
  )
}

const rank: Readonly<Record<Verdict, number>> = { fail: 0, unsupported: 1, pass: 2 }

const kindOf = (from: Verdict, to: Verdict): Change['kind'] => {
  if (from === to) return 'change'
  return rank[to] < rank[from] ? 'regression' : 'improvement'
}

const changeOf = (before: Row, now: ProbeResult): Change | null => {
  if (before.verdict !== now.verdict)
    return {
      id: now.id,
      from: before.verdict,
      to: now.verdict,
      layer: 'clients',
      kind: kindOf(before.verdict, now.verdict),
    }
  if (before.strict === now.strict) return null
  const kind = kindOf(before.strict, now.strict)
  return { id: now.id, from: before.strict, to: now.strict, layer: 'strict', kind }
}

/** The changes, the worst first. What did not run on either side has not changed. */
export const driftOf = (baseline: Baseline, { probes }: Pick<Report, 'probes'>): readonly Change[] => {
  const order = ['regression', 'change', 'improvement']
  return probes
    .flatMap((now) => {
      const before = baseline.get(now.id)
      return before === undefined || !before.ran || !now.ran ? [] : (changeOf(before, now) ?? [])
    })
    .toSorted((left, right) => order.indexOf(left.kind) - order.indexOf(right.kind))
}

/** Whether real clients are worse off. */
export const hasRegressed = (changes: readonly Change[]): boolean =>
  changes.some(({ kind, layer }) => kind === 'regression' && layer === 'clients')
