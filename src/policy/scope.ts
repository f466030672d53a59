/** Whose calls something of the operator's holds for: a guardrail, a limit, a rule, a target. */

import type { NamedKey } from './key-facts.ts'
import { keyNamesOf } from './key-facts.ts'

/** `null` = everybody's; else those whose names one of the list is. Keys go by id or name. */
export const isNamedIn = (list: readonly string[] | null, names: readonly (string | null)[]): boolean =>
  list === null || names.some((name) => name !== null && list.includes(name))

/** Which calls may go to a target; `null` = it does not matter. */
export type TargetScope = Readonly<Record<'keys' | 'projects' | 'accounts' | 'plans', readonly string[] | null>> & {
  /** `name=value`, of which the call must have one. */
  readonly tags: readonly string[] | null
  readonly promptBytesMin: number | null
  readonly promptBytesMax: number | null
}

export type ScopedCall = {
  readonly key: NamedKey & { readonly project: string | null; readonly account: string }
  readonly plan: string | null
  readonly tags: Readonly<Record<string, string>>
  /** Of its text, media not counted. */
  readonly promptBytes: number
}

/** Whether a call is among those that a target is for. */
export const isInScope = (scope: TargetScope, { key, plan, tags, promptBytes }: ScopedCall): boolean =>
  isNamedIn(scope.keys, keyNamesOf(key)) &&
  isNamedIn(scope.projects, [key.project]) &&
  isNamedIn(scope.accounts, [key.account]) &&
  isNamedIn(scope.plans, [plan]) &&
  isNamedIn(
    scope.tags,
    Object.entries(tags).map(([name, value]) => `${name}=${value}`),
  ) &&
  promptBytes >= (scope.promptBytesMin ?? 0) &&
  promptBytes <= (scope.promptBytesMax ?? Number.POSITIVE_INFINITY)
