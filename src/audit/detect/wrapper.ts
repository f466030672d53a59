/** Finds the functions of a codebase that hand their parameters on to an API: callers of them call it. */

import { draft } from '#audit/finding.ts'
import type { Item, Node } from '#audit/syntax/node.ts'
import type { Scope } from '#audit/trace/scope.ts'
import { braceItems, setLater } from '#audit/trace/set-on.ts'
import type { Detector } from './detector.ts'

/** The words under which a model, and the content, are handed on. */
const modelWord = /^(?:model|model_?name|model_?id|deployment)$/i
const contentWord = /^(?:messages|input|inputs|contents|prompt|text|texts|history)$/i
/** A parameter that holds a whole request. */
const requestWord = /^(?:kwargs|params|options|request|req)$/i

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

const encoders =
  /^(?:stringify|dumps|Marshal|json_encode|wp_json_encode|to_json|toJson|to_string|to_vec|serialize|Serialize|generate|encode)$/

/** `payload, err := json.Marshal(opts)`: a name for the whole request, written out. */
const isEncoded = (name: string, scope: Scope, parameters: ReadonlySet<string>): boolean => {
  const value = scope.bindings.get(name)?.at(-1)?.value
  if (value?.kind !== 'call' || (value.callee.kind !== 'name' && value.callee.kind !== 'member')) return false
  const [only, ...others] = value.items
  return (
    encoders.test(value.callee.name) &&
    others.length === 0 &&
    only?.kind === 'node' &&
    only.node.kind === 'name' &&
    parameters.has(only.node.name)
  )
}

type Handed = { model: boolean; content: boolean; request: boolean }

/** Notes what of these arguments comes from the parameters of the function around. */
const note = (
  handed: Handed,
  items: readonly Item[],
  {
    parameters,
    scope,
    depth,
  }: { readonly parameters: ReadonlySet<string>; readonly scope: Scope; readonly depth: number },
): void => {
  for (const item of items) {
    if (item.kind === 'spread') {
      if (parameterIn(item.node, parameters) !== null) handed.request = true
      continue
    }
    const [target] = item.kind === 'assign' ? item.targets : []
    const key = item.kind === 'entry' ? item.key : target?.kind === 'name' ? target.name : null
    const value = item.kind === 'entry' || item.kind === 'assign' ? item.value : item.kind === 'node' ? item.node : null
    if (value === null) continue
    const parameter = parameterIn(value, parameters)
    const word = key ?? parameter ?? ''
    if (value.kind === 'name' && isEncoded(value.name, scope, parameters)) handed.request = true
    if (parameter !== null) {
      handed.model ||= modelWord.test(word)
      handed.content ||= contentWord.test(word)
      handed.request ||= key === null && depth === 0 && requestWord.test(parameter)
    } else if (depth < 4 && (value.kind === 'brace' || value.kind === 'list'))
      note(handed, value.items, { parameters, scope, depth: depth + 1 })
    else if (depth < 4 && value.kind === 'call')
      note(handed, [...value.items, ...(value.brace ?? [])], { parameters, scope, depth: depth + 1 })
    else if (depth < 4 && value.kind === 'member' && encoders.test(value.name))
      note(handed, [{ kind: 'node', node: value.object }], { parameters, scope, depth: depth + 1 })
  }
}

/** A wrapper hands on the model and the content, or a whole request: text within a prompt makes none. */
const hands = (items: readonly Item[], scope: Scope): boolean => {
  const handed: Handed = { model: false, content: false, request: false }
  note(handed, items, { parameters: parametersAround(scope), scope, depth: 0 })
  return handed.request || (handed.model && handed.content)
}

/** Reports each function that contains such a call, once, where it is defined. */
export const detectWrappers = (detector: Detector): void => {
  const reported = new Set<Scope>()
  for (const place of detector.reached) {
    const { node, scope } = place
    const around = functionAbove(scope)
    if (around === null || reported.has(around)) continue
    if (!hands([...node.items, ...braceItems(node, place), ...setLater(place)], scope)) continue
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
