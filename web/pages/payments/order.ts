/** Orders for credit: their states, and how loud each is. */

import type { Output } from '#actions/contract.ts'
import type { Tone } from '#parts/layout.tsx'

export type Order = Output<'payments list'>['data'][number]
export type Shown = Output<'payments show'>
type State = Order['state']

export const states = [
  'created',
  'pending',
  'paid',
  'credited',
  'closed',
  'expired_unpaid',
  'paid_late',
  'mismatch',
  'refund_pending',
  'partially_refunded',
  'refunded',
  'disputed',
] as const satisfies readonly State[]

/** What waits for a person is loud. */
export const toneOf = (state: State): Tone | undefined => {
  if (state === 'mismatch' || state === 'paid_late' || state === 'disputed') return 'bad'
  if (state === 'paid' || state === 'refund_pending' || state === 'pending') return 'warn'
  return state === 'credited' ? 'good' : undefined
}
