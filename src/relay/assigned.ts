/** A call in the arm of the migration that it is in scope of. */

import type { Assignment } from '#migration/traffic.ts'
import type { ShadowWatch } from './shadow-watch.ts'
import type { TurnReader } from './turn-reader.ts'

export type Assigned = {
  readonly assignment: Assignment
  readonly reader: TurnReader
  /** A digest of whom the answer is for. */
  readonly caller: string
  /** `null` = the call is not copied. */
  readonly shadow: ShadowWatch | null
}
