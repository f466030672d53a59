/**
 * Follows expressions to what they stand for. Reads only; every step is counted against a depth, and a circle ends as unknown. How each
 * kind of expression is read is in evaluate.ts, handed along so that no module imports in a circle.
 */

import type { SdkRule } from '#audit/rule/sdk-rule.ts'
import type { Node } from '#audit/syntax/node.ts'
import type { Project } from './project.ts'
import type { Scope } from './scope.ts'
import { dottedName } from './scope.ts'
import type { Seen, Value } from './value.ts'
import { unknown } from './value.ts'

const depthMax = 60

/** No question of the outside takes more steps: what goes round in many circles would take them all. */
const stepsMax = 20_000

export type Tracer = {
  readonly project: Project
  readonly sdks: readonly SdkRule[]
  readonly memo: WeakMap<Node, Value>
  readonly open: Set<Node>
  /** Names that are being looked for in files, as `path name`: files that import each other would be asked for ever. */
  readonly asked: Set<string>
  depth: number
  /** Steps of the question that is being asked from outside. */
  steps: number
  /** How often an answer was cut off, by a depth or a circle: it may be known when asked from elsewhere. */
  cuts: number
  /** Reads a node that is not known yet; see evaluate.ts. */
  readonly step: (tracer: Tracer, node: Node, scope: Scope) => Value
}

/** Whether nothing is followed any further. */
export const isTooDeep = ({ depth, steps }: Tracer): boolean => depth >= depthMax || steps >= stepsMax

/** Not known from here, which is not kept. */
export const cutOff = (tracer: Tracer): Value => {
  tracer.cuts += 1
  return unknown
}

/** What the expression stands for. */
export const evaluate = (tracer: Tracer, node: Node, scope: Scope): Value => {
  const known = tracer.memo.get(node)
  if (known !== undefined) return known
  if (tracer.depth === 0) tracer.steps = 0
  if (isTooDeep(tracer) || tracer.open.has(node)) return cutOff(tracer)
  const { cuts } = tracer
  tracer.steps += 1
  tracer.depth += 1
  tracer.open.add(node)
  const value = tracer.step(tracer, node, scope)
  tracer.open.delete(node)
  tracer.depth -= 1
  if (value.kind !== 'unknown' || tracer.depth === 0 || tracer.cuts === cuts) tracer.memo.set(node, value)
  return value
}

/** What is known of a value as text; what is not known reads `{name}`. */
export const textOf = (
  tracer: Tracer,
  node: Node,
  scope: Scope,
): { readonly text: string; readonly isWhole: boolean } => {
  const value = evaluate(tracer, node, scope)
  if (value.kind === 'text') return { text: value.value, isWhole: value.isWhole }
  if (value.kind === 'environment' && value.fallback !== null) return { text: value.fallback, isWhole: false }
  if (value.kind === 'literal') return { text: String(value.value), isWhole: true }
  return { text: `{${dottedName(node)?.split('.').at(-1) ?? 'value'}}`, isWhole: false }
}

/** The entry of a record, looked for in what is spread into it as well. */
export const entryOf = (tracer: Tracer, value: Value, key: string): Seen | null => {
  if (value.kind !== 'record') return null
  if (isTooDeep(tracer)) {
    cutOff(tracer)
    return null
  }
  const own = value.entries.findLast((entry) => entry.key === key)
  if (own !== undefined) return own
  // `x = { ...x }` would go on for ever.
  tracer.depth += 1
  const found = value.rest.reduce<Seen | null>(
    (before, { node, scope }) => before ?? entryOf(tracer, evaluate(tracer, node, scope), key),
    null,
  )
  tracer.depth -= 1
  return found
}

export const isUseful = (value: Value): boolean =>
  value.kind !== 'unknown' && !(value.kind === 'literal' && value.value === null)

/** Goes one step deeper, or gives up where it is too deep: what is made from itself has no end. */
export const deeper = <T>(tracer: Tracer, otherwise: T, go: () => T): T => {
  if (isTooDeep(tracer)) {
    cutOff(tracer)
    return otherwise
  }
  tracer.depth += 1
  try {
    return go()
  } finally {
    tracer.depth -= 1
  }
}
