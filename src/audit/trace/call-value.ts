/** What a call gives back. */

import { sdkFor } from '#audit/rule/sdk-lookup.ts'
import type { SdkRule } from '#audit/rule/sdk-rule.ts'
import type { CallNode, Item, Node } from '#audit/syntax/node.ts'
import { importedValue } from './binding-value.ts'
import { configuredValue } from './configured.ts'
import { environmentRead } from './environment.ts'
import { injectedValue } from './injected.ts'
import type { Scope } from './scope.ts'
import { dottedName } from './scope.ts'
import type { Tracer } from './tracer.ts'
import { evaluate, isUseful, textOf } from './tracer.ts'
import type { RecordEntry, Seen, Value } from './value.ts'
import { unknown } from './value.ts'

/** Calls that hand back their first argument, more or less: paths, copies, conversions. */
const passing = new Set([
  'str',
  'String',
  'URL',
  'URI',
  'Uri',
  'parse',
  'create',
  'strip',
  'trim',
  'toString',
  'to_string',
  'to_s',
  'into',
  'unwrap',
  'clone',
  'as_str',
  'String.valueOf',
  'from',
  'of',
  'useMemo',
  'useRef',
  'cache',
  'lru_cache',
  'memoize',
  'Promise.resolve',
  'freeze',
  'asSecret',
  'SecretStr',
  'F',
  'Opt',
  'NewOpt',
  'Ptr',
  'String',
  'Int',
  'Float',
  'Bool',
  'Some',
  'Ok',
  'ValueOf',
  'valueOf',
  'ApiKeyCredential',
  'AzureKeyCredential',
  'Uri',
  'rstrip',
  'format',
  'expect',
  'unwrap_or_default',
  'await',
  'Option',
  'ofNullable',
  'withDefault',
  'some',
  'freeze',
  'urlparse',
  'urljoin',
  'dict',
  'Object.freeze',
  'float32',
  'to_owned',
  'Secret',
  'get_secret_value',
  'build',
])

/** `getattr(client.chat.completions, "create")` is that member. */
const gotMember = (tracer: Tracer, node: CallNode, scope: Scope): Value | null => {
  const [object, name] = node.items
  if (scope.unit.language !== 'python' || node.callee.kind !== 'name' || node.callee.name !== 'getattr') return null
  if (object?.kind !== 'node' || name?.kind !== 'node' || name.node.kind !== 'text') return null
  const { start, end, line } = node
  return evaluate(tracer, { kind: 'member', object: object.node, name: name.node.value, start, end, line }, scope)
}

/** `field(default_factory=OpenAI)`: what a dataclass makes of its field; called where it is, as far as anybody can tell. */
const madeByFactory = (tracer: Tracer, node: CallNode, scope: Scope): Value | null => {
  if (scope.unit.language !== 'python' || node.callee.kind !== 'name' || !/^(?:field|Field|ib)$/.test(node.callee.name))
    return null
  const said = node.items.flatMap((item) => {
    const [target] = item.kind === 'assign' ? item.targets : []
    return item.kind === 'assign' && target?.kind === 'name' && /^(?:default_)?factory$/.test(target.name)
      ? [item.value]
      : []
  })[0]
  if (said === undefined) return null
  const factory = said.kind === 'function' ? (returnNode(said) ?? said) : said
  const value = evaluate(tracer, factory, scope)
  if (value.kind === 'function') return returnedValue(tracer, value.scope)
  const found = value.kind === 'symbol' ? sdkFor(tracer.sdks, value, scope.unit) : null
  return found?.is === 'client'
    ? {
        kind: 'client',
        rule: found.rule,
        name: found.name,
        made: [{ node: { ...node, items: [] }, scope }],
        path: [],
        isDeclared: false,
        wrapped: null,
      }
    : value
}

/** `prompt.pipe(model)`, `RunnableSequence.from([prompt, model])`: a chain is called as its model is. */
const chainValue = (tracer: Tracer, node: CallNode, scope: Scope): Value | null => {
  if (
    !/script$/.test(scope.unit.language) ||
    node.callee.kind !== 'member' ||
    !/^(?:pipe|from)$/.test(node.callee.name)
  )
    return null
  const links = node.items.flatMap((item) => {
    if (item.kind !== 'node') return []
    const value = evaluate(tracer, item.node, scope)
    return value.kind === 'list' ? value.items.map((one) => evaluate(tracer, one.node, one.scope)) : [value]
  })
  return links.find((value) => value.kind === 'client' && value.rule.sdk === 'langchain') ?? null
}

/** `partial(client.chat.completions.create, model="…")`: the call, of which some arguments are given already. */
const partialValue = (tracer: Tracer, node: CallNode, scope: Scope): Value | null => {
  const name = node.callee.kind === 'name' || node.callee.kind === 'member' ? node.callee.name : ''
  const [first] = node.items
  // `client.chat.completions.create.bind(client)` is that call as well.
  if (name === 'bind' && node.callee.kind === 'member' && /script$/.test(scope.unit.language)) {
    const bound = evaluate(tracer, node.callee.object, scope)
    return bound.kind === 'client' && bound.path.length > 0 ? bound : null
  }
  if (scope.unit.language !== 'python' || name !== 'partial' || first?.kind !== 'node') return null
  const value = evaluate(tracer, first.node, scope)
  if (value.kind !== 'client' || value.path.length === 0) return null
  return { ...value, made: [...value.made, { node: { ...node, items: node.items.slice(1) }, scope }] }
}

/** `Map.of("model", "gpt-4o", "n", 2)` of Java, `mapOf("model" to "gpt-4o")` of Kotlin. */
const pairsValue = ({ callee, items }: CallNode, scope: Scope): Value | null => {
  const { language } = scope.unit
  const isJava =
    callee.kind === 'member' && callee.name === 'of' && /(?:^|\.)Map$/.test(dottedName(callee.object) ?? '')
  const isKotlin = callee.kind === 'name' && /^(?:mutable|hash|linked)?[mM]apOf$/.test(callee.name)
  if (!(language === 'java' && isJava) && !(language === 'kotlin' && isKotlin)) return null
  const given = items.flatMap((item) => (item.kind === 'node' ? [item.node] : []))
  // `to` of Kotlin stands between the two, read as a name of its own.
  const nodes = isJava ? given : given.filter((node, at) => at % 3 !== 1 || node.kind !== 'name' || node.name !== 'to')
  const entries = nodes.flatMap((key, at): RecordEntry[] => {
    const value = nodes[at + 1]
    return at % 2 === 0 && key.kind === 'text' && value !== undefined ? [{ key: key.value, node: value, scope }] : []
  })
  return { kind: 'record', entries, rest: [] }
}

export const callValue = (tracer: Tracer, node: Extract<Node, { kind: 'call' }>, scope: Scope): Value => {
  const read =
    environmentRead(node, scope) ?? injectedValue(tracer, node, scope) ?? configuredValue(tracer, node, scope)
  if (read !== null) return read
  const [, fallback] = node.items
  // `config('openai.model', 'gpt-4o')` of Laravel: what the file of settings says is not known, what holds without it is.
  if (scope.unit.language === 'php' && node.callee.kind === 'name' && node.callee.name === 'config')
    return fallback?.kind === 'node' ? evaluate(tracer, fallback.node, scope) : unknown
  const required =
    requireValue(tracer, node, scope) ??
    gotMember(tracer, node, scope) ??
    madeByFactory(tracer, node, scope) ??
    partialValue(tracer, node, scope) ??
    pairsValue(node, scope) ??
    chainValue(tracer, node, scope)
  if (required !== null) return required
  const callee = evaluate(tracer, node.callee, scope)
  if (callee.kind === 'symbol') {
    const found = sdkFor(tracer.sdks, callee, scope.unit)
    if (found?.is === 'client')
      return {
        kind: 'client',
        rule: found.rule,
        name: found.name,
        made: [{ node, scope }],
        path: found.rest,
        isDeclared: false,
        wrapped: null,
      }
    if (found?.is === 'wrap') return wrapValue(tracer, node, { scope, rule: found.rule })
    // Facades of PHP and modules of Ruby: `OpenAI::chat()->create(…)`.
    const { language } = scope.unit
    if (node.items.length === 0 && (language === 'php' || language === 'ruby') && node.callee.kind === 'member')
      return callee
    const passed = passedValue(tracer, node, scope)
    return passed.kind === 'unknown' ? { kind: 'made', node, scope } : passed
  }
  // A session of boto3 makes clients of many services: what is asked for is said where one is made.
  if (callee.kind === 'client' && callee.name === 'Session' && callee.path.at(-1) === 'client')
    return { ...callee, name: 'client', made: [{ node, scope }], path: [] }
  if (callee.kind === 'client') return { ...callee, made: [...callee.made, { node, scope }] }
  if (callee.kind === 'function') return returnedValue(tracer, callee.scope)
  // `properties.baseUrl()` of a record, `properties.getBaseUrl()`: what is in the field.
  const isGetter = scope.unit.language === 'java' && node.items.length === 0 && node.callee.kind === 'member'
  if (isGetter && (callee.kind === 'text' || callee.kind === 'environment' || callee.kind === 'literal')) return callee
  if (callee.kind === 'class') return subclassValue(tracer, callee.scope, { node, scope })
  const passed = passedValue(tracer, node, scope)
  return passed.kind === 'unknown' ? { kind: 'made', node, scope } : passed
}

const requireValue = (tracer: Tracer, node: Extract<Node, { kind: 'call' }>, scope: Scope): Value | null => {
  const { language } = scope.unit
  if (language !== 'javascript' && language !== 'typescript') return null
  if (node.callee.kind !== 'name' || (node.callee.name !== 'require' && node.callee.name !== 'import')) return null
  const [only] = node.items
  if (only?.kind !== 'node' || only.node.kind !== 'text') return null
  return importedValue(tracer, { local: '', module: only.node.value, name: '*' }, scope.unit)
}

const firstArgument = (items: readonly Item[]): Node | null => {
  const [first] = items
  if (first?.kind === 'node') return first.node
  return first?.kind === 'entry' ? first.value : null
}

/** `instructor.from_openai(client)`: the client, spoken to through another SDK. */
const wrapValue = (
  tracer: Tracer,
  node: Extract<Node, { kind: 'call' }>,
  { scope, rule }: { scope: Scope; rule: SdkRule },
): Value => {
  const first = firstArgument(node.items)
  const inner = first === null ? unknown : evaluate(tracer, first, scope)
  const made: readonly Seen[] = inner.kind === 'client' ? [...inner.made, { node, scope }] : [{ node, scope }]
  return {
    kind: 'client',
    rule,
    name: inner.kind === 'client' ? inner.name : rule.sdk,
    made,
    path: [],
    isDeclared: false,
    wrapped: inner.kind === 'client' ? inner.rule : null,
  }
}

/** Methods that change a text little, or say what stands in for it. */
const chained = new Set([
  'format',
  'expect',
  'rstrip',
  'replace',
  'trim',
  'unwrap_or',
  'unwrap_or_else',
  'getOrElse',
  'orElse',
])

/** `%s`, `{}`, `{0}`, `{base}`, `{base:?}`. */
const holeForm = /%[sdv]|\{(\w*)(?::[^{}]*)?\}/g

/** What is put in by its name: an argument of that name, or in Rust whatever is called so there. */
const namedPiece = (place: string, node: CallNode, scope: Scope): Node | null => {
  for (const item of node.items) {
    const [target] = item.kind === 'assign' ? item.targets : []
    if (item.kind === 'assign' && target?.kind === 'name' && target.name === place) return item.value
  }
  const { start, end, line } = node
  return scope.unit.language === 'rust' ? { kind: 'name', name: place, start, end, line } : null
}

/** `format!("{}/chat", base)`, `fmt.Sprintf("%s/chat", base)`, `"{}/chat".format(base)`: the text with what is known put in. */
const filledText = (tracer: Tracer, node: CallNode, scope: Scope): Value | null => {
  const name = node.callee.kind === 'name' || node.callee.kind === 'member' ? node.callee.name : ''
  if (!/^(?:format!?|Format|Sprintf|sprintf)$/.test(name)) return null
  const own = node.callee.kind === 'member' ? evaluate(tracer, node.callee.object, scope) : unknown
  const [form, ...others] = node.items
  const rest = own.kind === 'text' ? node.items : others
  const template = own.kind === 'text' ? own : form?.kind === 'node' ? evaluate(tracer, form.node, scope) : unknown
  if (template.kind !== 'text' || template.value.search(holeForm) === -1) return null
  let [next, isWhole] = [0, template.isWhole]
  const value = template.value.replace(holeForm, (mark, place: string | undefined) => {
    const isNamed = place !== undefined && /^[A-Za-z_]/.test(place)
    const item = isNamed ? undefined : rest[place === undefined || place === '' ? next++ : Number(place)]
    const piece = isNamed ? namedPiece(place, node, scope) : item?.kind === 'node' ? item.node : null
    if (piece === null) {
      isWhole = false
      return mark
    }
    const { text, isWhole: isKnown } = textOf(tracer, piece, scope)
    isWhole &&= isKnown
    return text
  })
  return { kind: 'text', value, isWhole }
}

const passedValue = (tracer: Tracer, node: Extract<Node, { kind: 'call' }>, scope: Scope): Value => {
  const filled = filledText(tracer, node, scope)
  if (filled !== null) return filled
  const name = node.callee.kind === 'name' || node.callee.kind === 'member' ? node.callee.name : ''
  if (node.callee.kind === 'member' && (node.items.length === 0 || chained.has(name))) {
    const value = evaluate(tracer, node.callee.object, scope)
    const first = firstArgument(node.items)
    if (
      value.kind === 'environment' &&
      value.fallback === null &&
      /^(?:unwrap_or|getOrElse|orElse)/.test(name) &&
      first !== null
    ) {
      const other = evaluate(tracer, first.kind === 'function' ? (returnNode(first) ?? first) : first, scope)
      return other.kind === 'text' ? { ...value, fallback: other.value } : value
    }
    if (value.kind === 'text' || value.kind === 'environment') return value
    if (value.kind === 'list' || value.kind === 'record' || value.kind === 'literal')
      return passing.has(name) ? value : unknown
  }
  const joined = joinedAddress(tracer, node, scope)
  if (joined !== null) return joined
  const first = firstArgument(node.items)
  if (
    first === null ||
    !(passing.has(name) || /^(?:use(?:Memo|Callback|Ref|State)|memo|once|cached?|lazy|singleton)$/i.test(name))
  )
    return unknown
  const target = first.kind === 'function' ? returnNode(first) : first
  const value = target === null ? unknown : evaluate(tracer, target, scope)
  const isPlain = value.kind !== 'record' && value.kind !== 'list' && value.kind !== 'made'
  return isPlain || /^(?:freeze|dict|useMemo|useRef|cache|memo\w*|once|lazy|singleton)$/i.test(name) ? value : unknown
}

/** `new URL(path, base)`, `urljoin(base, path)`. */
const joinedAddress = (tracer: Tracer, node: CallNode, scope: Scope): Value | null => {
  const name = node.callee.kind === 'name' || node.callee.kind === 'member' ? node.callee.name : ''
  const [one, other] = node.items
  if ((name !== 'URL' && name !== 'urljoin') || one?.kind !== 'node' || other?.kind !== 'node') return null
  const first = textOf(tracer, one.node, scope)
  const second = textOf(tracer, other.node, scope)
  const [base, path] = name === 'URL' ? [second, first] : [first, second]
  if (!/^\w+:\/\//.test(base.text)) return null
  const value = `${base.text.replace(/\/$/, '')}/${path.text.replace(/^\//, '')}`
  return { kind: 'text', value, isWhole: base.isWhole && path.isWhole }
}

const returnNode = (node: Extract<Node, { kind: 'function' }>): Node | null => {
  for (const item of node.body) if (item.kind === 'return') return item.node
  return null
}

/** What a function of ours gives back. */
export const returnedValue = (tracer: Tracer, scope: Scope): Value => {
  for (const node of scope.returns) {
    const first = node.kind === 'group' ? firstArgument(node.items) : node
    const value = first === null ? unknown : evaluate(tracer, first, scope)
    if (isUseful(value)) return value
  }
  // `def client: return type` says it where the body does not.
  return unknown
}

/** An object of a class of ours; of one that extends a client of an SDK, that client. */
const subclassValue = (tracer: Tracer, scope: Scope, made: Seen): Value => {
  for (const base of scope.unit.language === 'go' ? [] : scope.bases) {
    const value = evaluate(tracer, base.kind === 'call' ? base.callee : base, scope.parent ?? scope)
    const found = value.kind === 'symbol' ? sdkFor(tracer.sdks, value, scope.unit) : null
    if (found?.is === 'client')
      return {
        kind: 'client',
        rule: found.rule,
        name: found.name,
        made: [made],
        path: [],
        isDeclared: false,
        wrapped: null,
      }
  }
  return { kind: 'instance', scope, made }
}
