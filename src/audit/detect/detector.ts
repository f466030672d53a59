/** What the detectors of one file share. */

import type { Draft } from '#audit/finding.ts'
import type { ModelNames } from '#audit/rule/model-name.ts'
import type { CallPlace, Scope, Unit } from '#audit/trace/scope.ts'
import type { Tracer } from '#audit/trace/tracer.ts'

export type Detector = {
  readonly tracer: Tracer
  readonly names: ModelNames
  readonly unit: Unit
  readonly drafts: Draft[]
  /** Constructors that have been reported, by the offset of their call. */
  readonly seen: Set<number>
  /** Calls that reach an API, with their scope: what wrappers are found by. */
  readonly reached: CallPlace[]
}

/** The line of an offset, from 1. */
export const lineAt = (source: string, offset: number): number => {
  let line = 1
  for (let at = source.indexOf('\n'); at !== -1 && at < offset; at = source.indexOf('\n', at + 1)) line += 1
  return line
}

/** The function or class around, as it is called. */
export const symbolOf = (scope: Scope): string | null => {
  const names: string[] = []
  for (let inner: Scope | null = scope; inner !== null; inner = inner.parent)
    if (inner.name !== null && inner.name !== '') names.unshift(inner.name)
  return names.length === 0 ? null : names.join('.')
}
