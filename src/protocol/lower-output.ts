/** How a call is given less output than it asks for, where the money covers less. */

import assert from 'node:assert/strict'
import { hasMember } from '#base/json.ts'
import type { Call, Edits, Warning } from './call.ts'

export type Lowering = {
  readonly edits: Edits
  /** What was lowered to what; the first is the maximum itself. */
  readonly warnings: readonly [Warning, ...Warning[]]
}

/** Bounds the output of a call to so many tokens. */
export type LowerOutput = (call: Call, tokensMax: number) => Lowering

/** For formats that bound it in a member of the top level: those that the caller gave, else the first one. */
export const lowerMembers =
  (first: string, ...others: readonly string[]): LowerOutput =>
  ({ payload }, tokensMax) => {
    assert(payload.kind === 'json', 'only JSON has members')
    const [field = first, ...more] = [first, ...others].filter((name) => hasMember(payload.top, name))
    return {
      edits: {
        set: Object.fromEntries([field, ...more].map((name) => [name, tokensMax.toString()])),
        cut: [],
        rename: {},
      },
      warnings: [{ field, reason: `lowered to ${tokensMax}` }],
    }
  }
