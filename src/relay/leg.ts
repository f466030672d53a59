/** A step of a route, and what it is called. */

import type { ModelRow, Target } from '#policy/model-table.ts'
import type { Strategy } from '#policy/strategy.ts'

/** Who put a model into the route: it is the one that was named, the operator's fallback, or the caller's further one. */
export type NamedBy = 'model' | 'operator' | 'caller'

/** Why a target was asked. The first of a route: by strategy, stickiness or wish; a later one: by what happened before. */
export type LegReason =
  | Strategy
  | 'sticky'
  | 'migration'
  | 'order'
  | 'probe'
  | 'last-resort'
  | 'retry'
  | 'other-target'
  | 'other-key'
  | 'other-model'
  | 'hedge'

export type Leg = {
  /** Whose price and deadlines hold: the model that the caller named. */
  readonly row: ModelRow
  readonly target: Target
  /** The id of the model whose target this is. */
  readonly model: string
  readonly by: NamedBy
  readonly reason: LegReason
}

const names = new WeakMap<Target, string>()

/**
 * What a target is remembered by; asked with an account's own credential it is another one, so that its refusals are nobody else's. Made
 * once: a call asks for it a dozen times.
 */
export const targetName = (target: Target): string => {
  const known = names.get(target)
  if (known !== undefined) return known
  const { provider, model, account } = target
  const name = `${provider}/${model}${account === undefined ? '' : ` with the credential of ${account}`}`
  names.set(target, name)
  return name
}

export const sameTarget = (a: Leg, b: Leg): boolean =>
  a.target.provider === b.target.provider && a.target.model === b.target.model
