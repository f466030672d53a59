/** A call in the arm of the migration that it is in scope of. */

import type { Assignment } from '#migration/traffic.ts'
import type { TurnReader } from './turn-reader.ts'

export type Assigned = { readonly assignment: Assignment; readonly reader: TurnReader }
