/** What a call is given, whatever the form: named arguments, one record, options, a builder, fields set one by one. */

import type { Item, Node } from '#audit/syntax/node.ts'
import type { Scope } from './scope.ts'
import { bracketKey } from './set-key.ts'
import { braceItems } from './set-on.ts'
import type { Tracer } from './tracer.ts'
import { evaluate } from './tracer.ts'
import type { Seen, Value } from './value.ts'

export type Given = {
  /** By plain name (lower case, letters and digits only); the first one given wins. */
  readonly named: Map<string, Seen & { readonly name: string }>
  readonly positional: Seen[]
  /** Something is spread into it that is not known. */
  isOpen: boolean
}

const depthMax = 5
const aliasesMax = 4
const entriesMax = 200

export const plainName = (name: string): string =>
  name
    .replace(/^(?:With|with_|with(?=[A-Z])|set(?=[A-Z])|Set(?=[A-Z])|openai_|anthropic_|azure_openai_)/, '')
    .replace(/[^A-Za-z0-9]/g, '')
    .toLowerCase()

const put = (given: Given, name: string, seen: Seen): void => {
  const key = plainName(name)
  if (key !== '' && !given.named.has(key) && given.named.size < entriesMax) given.named.set(key, { ...seen, name })
}

/** Names under which a record of parameters is nested: its entries count as the call's own. */
const nests = new Set([
  'parameters',
  'config',
  'generationconfig',
  'generateconfig',
  'configuration',
  'options',
  'body',
  'json',
  'data',
  'params',
  'requestoptions',
  'clientoptions',
  'inferenceconfig',
  'extrabody',
  'payload',
  'chatoptions',
  'modelkwargs',
  'kwargs',
  'defaultoptions',
  'input0',
  'clientconfig',
  'fields',
  'settings',
  'request',
])

/** Adds what these arguments say. */
export const addArguments = (
  tracer: Tracer,
  given: Given,
  { items, scope, depth = 0 }: { readonly items: readonly Item[]; readonly scope: Scope; readonly depth?: number },
): void => {
  for (const item of items) {
    if (item.kind === 'entry' && item.key !== null)
      addNamed(tracer, given, { name: item.key, node: item.value, scope, depth })
    else if (item.kind === 'assign') {
      const [target] = item.targets
      const name =
        target?.kind === 'name' || target?.kind === 'member'
          ? target.name
          : target === undefined
            ? null
            : bracketKey(target)
      if (name !== null) addNamed(tracer, given, { name, node: item.value, scope, depth })
    } else if (item.kind === 'spread') addSpread(tracer, given, { node: item.node, scope, depth })
    else if (item.kind === 'node' || item.kind === 'return')
      addPositional(tracer, given, { node: item.node, scope, depth })
  }
}

/** `Content = new StringContent(…)` of C#. */
const isBody = (name: string, node: Node): boolean =>
  name === 'Content' &&
  node.kind === 'call' &&
  node.callee.kind === 'name' &&
  /^(?:String|Json)Content$/.test(node.callee.name)

type Adding = Seen & { readonly depth: number }

const addNamed = (
  tracer: Tracer,
  given: Given,
  { name, node, scope, depth }: Adding & { readonly name: string },
): void => {
  put(given, name, { node, scope })
  // An agent that is given a client as its model asks where that asks.
  if (/^(?:model|llm|modelclient)$/.test(plainName(name))) addMakers(tracer, given, { node, scope, depth })
  if (depth >= depthMax || !(nests.has(plainName(name)) || isBody(name, node))) return
  addValue(tracer, given, { node, scope, depth: depth + 1 })
}

const addSpread = (tracer: Tracer, given: Given, adding: Adding): void => {
  if (!addValue(tracer, given, adding)) given.isOpen = true
}

const encoders =
  /^(?:stringify|dumps|encode|Marshal|json_encode|wp_json_encode|to_json|toJson|serialize|Serialize|create|toJSONString|toString|body|ofString|toRequestBody|NewReader|NewBuffer|NewBufferString|JsonContent|StringContent|json|generate|writeValueAsString|Blob|buildJsonObject|array)$/

/** Adds the entries of what stands for a record; false if it stands for none. */
const addValue = (tracer: Tracer, given: Given, { node, scope, depth }: Adding): boolean => {
  if (depth > depthMax) return false
  // `{ … }.to_json` of Ruby is a member, not a call.
  if (node.kind === 'member' && encoders.test(node.name))
    return addValue(tracer, given, { node: node.object, scope, depth: depth + 1 })
  const value = evaluate(tracer, node, scope)
  if (value.kind === 'record') {
    for (const entry of value.entries)
      addNamed(tracer, given, { name: entry.key, node: entry.node, scope: entry.scope, depth: depth + 1 })
    for (const rest of value.rest) addSpread(tracer, given, { ...rest, depth: depth + 1 })
    addFields(given, { node, scope })
    return true
  }
  if (value.kind === 'instance' && value.made?.node.kind === 'call' && value.made.node.brace !== null) {
    const { node: literal, scope: own } = value.made
    addArguments(tracer, given, { items: literal.brace ?? [], scope: own, depth: depth + 1 })
    addFields(given, { node, scope })
    return true
  }
  if (value.kind === 'made') {
    addMade(tracer, given, { value, depth: depth + 1 })
    addFields(given, { node, scope })
    return true
  }
  if (value.kind === 'list' && value.items.length > 0 && value.items.length < 24) {
    let isRecord = false
    for (const item of value.items)
      if (evaluate(tracer, item.node, item.scope).kind === 'made')
        isRecord = addValue(tracer, given, { ...item, depth: depth + 1 }) || isRecord
    return isRecord
  }
  if (value.kind === 'text' && depth > 0 && value.value.trimStart().startsWith('{'))
    return addJson(given, value.value, { node, scope })
  return false
}

/** A body that is written out as JSON text. */
const addJson = (given: Given, text: string, seen: Seen): boolean => {
  const model = /"model"\s*:\s*"([^"{}]+)"/.exec(text)
  if (model?.[1] !== undefined)
    put(given, 'model', {
      node: { kind: 'text', value: model[1], start: seen.node.start, end: seen.node.end, line: seen.node.line },
      scope: seen.scope,
    })
  for (const match of text.matchAll(/"(\w+)"\s*:\s*(-?[\d.]+|true|false)(?=\s*[,}])/g)) {
    const [, name = '', raw = ''] = match
    put(given, name, {
      node: {
        kind: 'literal',
        value: raw === 'true' ? true : raw === 'false' ? false : Number(raw),
        start: seen.node.start,
        end: seen.node.end,
        line: seen.node.line,
      },
      scope: seen.scope,
    })
  }
  return true
}

/** `.Field` and `[key]`, as they stand behind the name of what they are set on. */
const fieldForm = /^(?:\.([^.[]+)|\[([^\]]+)\])$/

/** `name.Field = value` and `name["field"] = value` behind the assignment of `name`. */
const addFields = (given: Given, { node, scope }: Seen, aliases = 0): void => {
  if (node.kind !== 'name' || aliases > aliasesMax) return
  for (let inner: Scope | null = scope; inner !== null; inner = inner.parent) {
    for (const [dotted, bindings] of inner.bindings) {
      if (!dotted.startsWith(node.name)) continue
      const [, field, key] = fieldForm.exec(dotted.slice(node.name.length)) ?? []
      const name = field ?? key
      const binding = bindings.at(-1)
      // What is set last counts.
      if (name !== undefined && binding?.value != null)
        given.named.set(plainName(name), { name, node: binding.value, scope: binding.scope })
    }
    const own = inner.bindings.get(node.name)
    if (own === undefined || own.length === 0) continue
    // Another name of the same record: what was set under that one is in it as well.
    const value = own.at(-1)?.value
    if (value?.kind === 'name') addFields(given, { node: value, scope: inner }, aliases + 1)
    return
  }
}

const makers =
  /^(?:builder|Builder|newBuilder|new|default|Default|create|of|from|build|NewRequest|NewRequestWithContext)$/

/** What the links of a chain of calls say: `.model("x").temperature(0.2).build()`, `option.WithAPIKey(key)`. */
const addMade = (
  tracer: Tracer,
  given: Given,
  { value, depth }: { value: Extract<Value, { kind: 'made' }>; depth: number },
): void => {
  const { scope } = value
  let node: Node = value.node
  for (let links = 0; links < 60 && node.kind === 'call'; links += 1) {
    const name = node.callee.kind === 'name' || node.callee.kind === 'member' ? node.callee.name : ''
    const [first] = node.items
    addArguments(tracer, given, { items: braceItems(node, { scope }), scope, depth })
    if (encoders.test(name) && node.items.length === 0 && node.callee.kind === 'member')
      addValue(tracer, given, { node: node.callee.object, scope, depth: depth + 1 })
    if (encoders.test(name))
      for (const item of node.items)
        if (item.kind === 'node') addValue(tracer, given, { node: item.node, scope, depth: depth + 1 })
        else if (item.kind === 'entry') addArguments(tracer, given, { items: [item], scope, depth: depth + 1 })
    if (
      first?.kind === 'node' &&
      node.items.length === 1 &&
      node.callee.kind === 'member' &&
      !makers.test(name) &&
      !encoders.test(name)
    )
      put(given, name, { node: first.node, scope })
    else if (
      node.items.length > 0 &&
      (node.isNew ||
        /^[A-Z]/.test(name) ||
        node.callee.kind === 'name' ||
        makers.test(name) ||
        /^(?:New|Default)[A-Z]/.test(name))
    )
      addArguments(tracer, given, { items: node.items, scope, depth: depth + 1 })
    node =
      node.callee.kind === 'member' ? node.callee.object : node.callee.kind === 'call' ? node.callee : value.node.callee
    if (node === value.node.callee) return
  }
}

const addPositional = (tracer: Tracer, given: Given, { node, scope, depth }: Adding): void => {
  if (node.kind === 'function') {
    // Configured in a function: `client = make(c => c.model = "x")`, blocks of Ruby and Kotlin.
    addArguments(tracer, given, { items: node.body, scope, depth: depth + 1 })
    return
  }
  if (depth < depthMax && addValue(tracer, given, { node, scope, depth: depth + 1 })) return
  addMakers(tracer, given, { node, scope, depth })
  given.positional.push({ node, scope })
}

/** A client that is handed another one, or a configuration, takes over what that was given. */
const addMakers = (tracer: Tracer, given: Given, { node, scope, depth }: Adding): void => {
  const value = evaluate(tracer, node, scope)
  if (value.kind !== 'client' || depth > 1) return
  for (const made of value.made)
    if (made.node.kind === 'call')
      addArguments(tracer, given, { items: made.node.items, scope: made.scope, depth: depth + 2 })
}

export const noGiven = (): Given => ({ named: new Map(), positional: [], isOpen: false })
