/** How a server stands: what of it a person should look at. */

import type { Sentence } from '#base/sentence.ts'

export type Standing = {
  /** Of the configuration that was read last. */
  warnings: readonly Sentence[]
}

type Warner = { readonly warnings: () => readonly Sentence[] }
type Warners = {
  readonly member: Warner
  readonly limits: Warner
  /** Of rules that hold for nobody. */
  readonly idleRules: () => readonly Sentence[]
  readonly request: { readonly secrets: Warner }
}

/** Everything that a person should look at, while calls are served. */
export const warningsOf = (
  { member, limits, idleRules, request }: Warners,
  { warnings }: Standing,
): readonly Sentence[] => [
  ...warnings,
  ...member.warnings(),
  ...limits.warnings(),
  ...idleRules(),
  ...request.secrets.warnings(),
]
