/** What a lane shows, and a model that it asks. */

import type { Output } from '#actions/contract.ts'
import type { Outcome } from './run.ts'

export type Model = Output<'models list'>['data'][number]
export type LaneState = { readonly outcome: Outcome; readonly error: Error | null; readonly isRunning: boolean }
