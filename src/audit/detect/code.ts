/** Everything that is found in one source file. */

import type { Draft } from '#audit/finding.ts'
import type { ModelNames } from '#audit/rule/model-name.ts'
import type { Unit } from '#audit/trace/scope.ts'
import type { Tracer } from '#audit/trace/tracer.ts'
import type { Detector } from './detector.ts'
import { detectHttpCalls } from './http-call.ts'
import { detectLiterals } from './literal.ts'
import { detectSdkCalls } from './sdk-call.ts'
import { detectWrappers } from './wrapper.ts'

/** The findings of a file, in order of their places. */
export const detectCode = (
  unit: Unit,
  { tracer, names }: { readonly tracer: Tracer; readonly names: ModelNames },
): readonly Draft[] => {
  const detector: Detector = { tracer, names, unit, drafts: [], seen: new Set(), reached: [] }
  detectSdkCalls(detector)
  detectHttpCalls(detector)
  detectWrappers(detector)
  detectLiterals(detector)
  return detector.drafts.toSorted((one, other) => one.line - other.line || one.start - other.start)
}
