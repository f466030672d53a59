/** How long a caller of a stream waited between the pieces of the answer. */

import { gapBoundsMs } from '#base/call-record.ts'
import type { Draft } from './draft.ts'

/** Counts one gap, in milliseconds, on the call's record. */
export const noteGap = (draft: Pick<Draft, 'gaps' | 'longestGapMs'>, gapMs: number): void => {
  const counts = (draft.gaps as number[] | null | undefined) ?? new Array<number>(gapBoundsMs.length + 1).fill(0)
  const at = gapBoundsMs.findIndex((boundMs) => gapMs <= boundMs)
  const bucket = at < 0 ? gapBoundsMs.length : at
  counts[bucket] = (counts[bucket] ?? 0) + 1
  draft.gaps = counts
  draft.longestGapMs = Math.max(draft.longestGapMs ?? 0, gapMs)
}
