/** The policies of admission in the order in which they are asked. */

import { Problem } from '#base/problem.ts'
import type { Policy } from './admission.ts'
import { checkKey } from './check-key.ts'
import { ticketsFor } from './rate.ts'

export const policies: readonly Policy[] = [
  {
    name: 'key',
    refusal: ({ key, ...use }) => {
      const checked = checkKey(key, use)
      return checked instanceof Problem ? checked : null
    },
    tickets: () => [],
  },
  {
    name: 'rate',
    refusal: () => null,
    tickets: ({ key, estimate }) => ticketsFor(key, estimate),
  },
]
