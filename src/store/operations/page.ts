/** Keyset paging. */

import { Problem } from '#base/problem.ts'

/** No page and no list of calls has more rows. */
export const pageLimitMax = 1000

/** @throws Problem `invalid_request_error` unless 1 <= limit <= 1,000. */
export const checkLimit = (limit: number): number => {
  if (Number.isInteger(limit) && limit >= 1 && limit <= pageLimitMax) return limit
  throw new Problem('invalid_request_error', {
    message: `A page has 1 to ${pageLimitMax} rows, not ${limit}.`,
    param: 'limit',
  })
}

/** The order of ids, oldest first unless the newest are asked for, and what is beyond the last one of a page. */
export const directionOf = ({ newestFirst = false }: { readonly newestFirst?: boolean }) =>
  newestFirst ? (['desc', '<'] as const) : (['asc', '>'] as const)
