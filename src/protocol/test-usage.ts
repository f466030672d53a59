/** Tests only: cases of usage blocks. */

import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'

export type UsageCase = readonly [name: string, block: JsonObject, expected: Partial<Usage>]

/** What is known of a usage, without what is always there. */
export const knownOf = (usage: Usage): Partial<Usage> =>
  Object.fromEntries(
    Object.entries(usage).filter(([name, value]) => value !== null && value !== undefined && name !== 'source'),
  )
