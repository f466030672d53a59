/** A call of the log, and how it looks. */

import type { Output } from '#actions/contract.ts'
import type { Tone } from '#parts/layout.tsx'

export type Call = Output<'logs list'>['data'][number]

/** How an end looks; complete ones are quiet. */
export const endTone = (call: Pick<Call, 'status' | 'end'>): Tone | undefined => {
  if (call.status >= 500 || call.end === 'cut') return 'bad'
  return call.status >= 400 || call.end === 'left' ? 'warn' : 'good'
}
