/** Finds the functions of a codebase that hand their parameters on to an API: callers of them call it. */

import { draft } from '#audit/finding.ts'
import type { Item, Node } from '#audit/syntax/node.ts'
import type { CallPlace, Scope } from '#audit/trace/scope.ts'
import type { Detector } from './detector.ts'

/** What of a call makes a function a wrapper when it comes from a parameter: text within a prompt does not. */
const handed =
  /^(?:model|model_?name|model_?id|messages|temperature|max_?tokens|max_?completion_?tokens|top_?p|stream|tools|tool_?choice|response_?format|kwargs|params|options|request|req|client)$/i

const selves = new Set(['self', 'cls', 'this'])

const functionAbove = (scope: Scope): Scope | null => {
  for (let inner: Scope | null = scope; inner !== null; inner = inner.parent)
    if (inner.kind === 'function' && inner.name !== null) return inner
  return null
}

const parametersAround = (scope: Scope): ReadonlySet<string> => {
  const names = new Set<string>()
  for (let inner: Scope | null = scope; inner !== null && inner.kind === 'function'; inner = inner.parent)
    for (const name of inner.parameters) names.add(name)
  return names
}

/** The parameter of the function that stands here, itself or as the member of one. */
const parameterIn = (node: Node, parameters: ReadonlySet<string>): string | null => {
  if (node.kind === 'name') return parameters.has(node.name) ? node.name : null
  if (node.kind === 'member' && node.object.kind === 'name')
    return parameters.has(node.object.name) && !selves.has(node.object.name) ? node.name : null
  if (node.kind === 'join') {
    for (const part of node.parts) {
      const found = parameterIn(part, parameters)
      if (found !== null) return found
    }
  }
  return null
}

const hands = (items: readonly Item[], parameters: ReadonlySet<string>, depth: number): boolean =>
  items.some((item) => {
    if (item.kind === 'spread') return parameterIn(item.node, parameters) !== null
    const [target] = item.kind === 'assign' ? item.targets : []
    const key = item.kind === 'entry' ? item.key : target?.kind === 'name' ? target.name : null
    const value = item.kind === 'entry' || item.kind === 'assign' ? item.value : item.kind === 'node' ? item.node : null
    if (value === null) return false
    const parameter = parameterIn(value, parameters)
    if (parameter !== null) return key === null ? handed.test(parameter) && parameter !== 'ctx' : handed.test(key)
    if (depth >= 4) return false
    if (value.kind === 'brace' || value.kind === 'list') return hands(value.items, parameters, depth + 1)
    if (value.kind === 'call') return hands([...value.items, ...(value.brace ?? [])], parameters, depth + 1)
    return false
  })

/** Reports each function that contains such a call, once, where it is defined. */
export const detectWrappers = (detector: Detector): void => {
  const reported = new Set<Scope>()
  for (const { node, scope } of detector.reached) {
    const around = functionAbove(scope)
    if (around === null || reported.has(around)) continue
    if (!hands([...node.items, ...(node.brace ?? [])], parametersAround(scope), 0)) continue
    reported.add(around)
    const inner = detector.drafts.find((one) => one.start === node.start && one.end === node.end)
    detector.drafts.push(
      draft({
        kind: 'wrapper',
        line: around.line,
        start: around.start,
        end: around.start,
        sdk: inner?.sdk ?? null,
        provider: inner?.provider ?? null,
        endpoint: inner?.endpoint ?? null,
        model: inner?.model ?? null,
        baseUrl: inner?.baseUrl ?? null,
        auth: inner?.auth ?? null,
        symbol: around.name,
        bucket: 'definer',
      }),
    )
  }
}

export type WrapperCall = CallPlace
