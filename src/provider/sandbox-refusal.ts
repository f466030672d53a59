/** The refusals that the sandbox was asked for, in the words in which Drover itself refuses. */

import type { ProblemCode } from '#base/problem.ts'
import { Problem } from '#base/problem.ts'
import type { Directives } from './sandbox-directive.ts'

const openings: Partial<Record<ProblemCode, string>> = {
  invalid_api_key: 'Incorrect API key provided.',
  rate_limit_exceeded: 'Rate limit reached.',
  credit_exhausted: 'Not enough credit.',
  model_not_found: "Model 'sandbox' not found.",
}

/** Where no wait was asked for: long enough to be seen, short enough for a test. */
const retryAfterMsDefault = 1_000

/** `facts.sandbox` tells the relay to pass it on as it is: no other target, no retry. */
export const refusalOf = (refuse: NonNullable<Directives['refuse']>, retryAfterMs: number | undefined): Problem => {
  const { code, status } = refuse
  const plain = new Problem(code, { message: '' })
  const waits = retryAfterMs ?? (status === 429 || status === 503 ? retryAfterMsDefault : undefined)
  return new Problem(code, {
    message: `${openings[code] ?? `Refused with ${status}.`} The sandbox was asked for this answer. ${plain.row.mend}`,
    facts: { sandbox: true },
    ...(status === plain.row.status ? {} : { status }),
    ...(waits === undefined || plain.row.retry === 'never' ? {} : { retryAfterMs: waits }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(plain.row.retry === 'never' && status !== 400 ? { headers: { 'x-should-retry': 'false' } } : {}),
  })
}
