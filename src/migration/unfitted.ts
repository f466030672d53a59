/** Patterns of a file that fit nothing: no call would ever be in scope by them. */

import { fits } from './pattern.ts'

/** What a pattern may mean: an id, a name. */
export type Named = readonly string[]

/** Of these patterns those that fit none of what comes, page by page; asks for no further page once all have. */
export const unfittedOf = async (
  patterns: readonly string[],
  pages: AsyncIterable<readonly Named[]> | Iterable<readonly Named[]>,
): Promise<readonly string[]> => {
  let left = patterns
  if (left.length === 0) return left
  for await (const page of pages) {
    left = left.filter((pattern) => !page.some((names) => names.some((name) => fits(pattern, name))))
    if (left.length === 0) break
  }
  return left
}
