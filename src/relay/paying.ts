/** What may pay for a call. */

import type { ModelNames } from '#ledger/port.ts'
import type { ModelRow } from '#policy/model-table.ts'

/** The names that a lot's scope or a budget may call a model by; of a `provider/model` also what stands behind the slash. */
export const namesOf = ({ id, aliases, origin, targets }: ModelRow): ModelNames => [
  id,
  ...aliases,
  ...(origin === 'direct' ? targets.map(({ model }) => model) : []),
]
