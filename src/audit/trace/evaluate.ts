/**
 * How each kind of expression is read: through aliases, members, calls of local functions, fields of classes, imports of other files.
 */

import type { SdkRule } from '#audit/rule/sdk-rule.ts'
import type { Item, Node } from '#audit/syntax/node.ts'
import { candidates, fieldValue, firstUseful, lookUp, offered } from './binding-value.ts'
import { callValue, returnedValue } from './call-value.ts'
import { configuredValue } from './configured.ts'
import { environmentRead } from './environment.ts'
import type { Project } from './project.ts'
import { unitAt } from './project.ts'
import type { Scope } from './scope.ts'
import { dottedName } from './scope.ts'
import { bracketKey } from './set-key.ts'
import type { Tracer } from './tracer.ts'
import { cutOff, entryOf, evaluate, isTooDeep, isUseful, textOf } from './tracer.ts'
import type { RecordEntry, Seen, Value } from './value.ts'
import { unknown } from './value.ts'

const evaluated = (tracer: Tracer, node: Node, scope: Scope): Value => {
  switch (node.kind) {
    case 'text':
      return { kind: 'text', value: node.value, isWhole: true }
    case 'literal':
      return { kind: 'literal', value: node.value }
    case 'template':
      return templateValue(tracer, node.parts, scope)
    case 'name':
      return nameValue(tracer, node, scope)
    case 'member':
      return memberValue(tracer, node, scope)
    case 'index':
      return indexValue(tracer, node, scope)
    case 'call':
      // `array('a' => 1)` of PHP is a literal.
      return scope.unit.language === 'php' && node.callee.kind === 'name' && node.callee.name === 'array'
        ? evaluated(tracer, { ...node, kind: 'list' }, scope)
        : callValue(tracer, node, scope)
    case 'join':
      return joinValue(tracer, node, scope)
    case 'brace':
    case 'group':
      return recordValue(node.items, scope)
    case 'function':
    case 'class': {
      const defined = scope.unit.defined.get(node)
      return defined === undefined ? unknown : { kind: node.kind, scope: defined }
    }
    case 'list':
      // `['a' => 1]` of PHP is a list of entries.
      return node.items.some(({ kind }) => kind === 'entry')
        ? recordValue(node.items, scope)
        : {
            kind: 'list',
            items: node.items.flatMap((item) => (item.kind === 'node' ? [{ node: item.node, scope }] : [])),
          }
    default:
      return unknown
  }
}

const templateValue = (tracer: Tracer, parts: readonly (string | Node)[], scope: Scope): Value => {
  let text = ''
  let isWhole = true
  for (const part of parts) {
    const piece = typeof part === 'string' ? { text: part, isWhole: true } : textOf(tracer, part, scope)
    text += piece.text
    isWhole &&= piece.isWhole
  }
  const [only] = parts
  if (parts.length === 1 && only !== undefined && typeof only !== 'string') {
    const value = evaluate(tracer, only, scope)
    if (value.kind !== 'unknown') return value
  }
  return { kind: 'text', value: text, isWhole }
}

const choices = new Set(['||', '??', 'or', '?:', '?', 'if', '||=', '??='])

const joinValue = (tracer: Tracer, node: Extract<Node, { kind: 'join' }>, scope: Scope): Value => {
  const { operator, parts } = node
  if (choices.has(operator)) return choiceValue(tracer, node, scope)
  if (operator === '&&') {
    // `...(asJson && { response_format })`
    const last = parts.at(-1)
    const value = last === undefined ? unknown : evaluate(tracer, last, scope)
    return value.kind === 'record' ? value : unknown
  }
  const isSum =
    operator === '+' || operator === '.' || operator === '..' || (operator === '/' && scope.unit.language === 'python')
  if (isSum) {
    const pieces = parts.map((part) => textOf(tracer, part, scope))
    const isText = parts.some((part) => ['text', 'environment'].includes(evaluate(tracer, part, scope).kind))
    return isText
      ? {
          kind: 'text',
          value: pieces.map(({ text }) => text).join(operator === '/' ? '/' : ''),
          isWhole: pieces.every(({ isWhole }) => isWhole),
        }
      : unknown
  }
  if (operator === '|' || operator === 'mixed') {
    // A chain of LangChain: whatever is in it that calls a model.
    for (const part of parts) {
      const value = evaluate(tracer, part, scope)
      if (value.kind === 'client' && value.rule.sdk === 'langchain') return value
    }
  }
  const product = arithmetic(tracer, node, scope)
  if (product !== null) return product
  // `"…" % x` and `"…".format` keep their text.
  const [first] = parts
  if (operator === '%' && first !== undefined) {
    const value = evaluate(tracer, first, scope)
    return value.kind === 'text' ? percentFilled(tracer, value.value, { parts: parts.slice(1), scope }) : unknown
  }
  return unknown
}

/** `"%s/chat" % base`, `"%s/%s" % (base, path)` */
const percentFilled = (
  tracer: Tracer,
  form: string,
  { parts, scope }: { readonly parts: readonly Node[]; readonly scope: Scope },
): Value => {
  const given = parts.flatMap((part) =>
    part.kind === 'group' || part.kind === 'list'
      ? part.items.flatMap((item) => (item.kind === 'node' ? [item.node] : []))
      : [part],
  )
  const pieces = given.map((node) => textOf(tracer, node, scope))
  let next = 0
  return { kind: 'text', value: form.replace(/%[sd]/g, (mark) => pieces[next++]?.text ?? mark), isWhole: false }
}

/** `20 * 1000`, written out. */
const arithmetic = (
  tracer: Tracer,
  { operator, parts }: Extract<Node, { kind: 'join' }>,
  scope: Scope,
): Value | null => {
  if (operator !== '*' && operator !== '-' && operator !== '/') return null
  const numbers = parts.map((part) => {
    const value = evaluate(tracer, part, scope)
    return value.kind === 'literal' && typeof value.value === 'number' ? value.value : Number.NaN
  })
  const value = numbers.reduce((one, other) =>
    operator === '*' ? one * other : operator === '-' ? one - other : one / other,
  )
  return Number.isFinite(value) ? { kind: 'literal', value } : null
}

/** The first alternative that is known; an environment variable takes the next text as its default. */
const choiceValue = (tracer: Tracer, { operator, parts }: Extract<Node, { kind: 'join' }>, scope: Scope): Value => {
  const branches =
    operator === '?' && parts.length >= 3
      ? parts.slice(-2)
      : operator === 'if' && parts.length === 3
        ? [parts[0], parts[2]]
        : parts
  let environment: Extract<Value, { kind: 'environment' }> | null = null
  for (const part of branches) {
    if (part === undefined) continue
    const value = evaluate(tracer, part, scope)
    if (value.kind === 'environment' && value.fallback === null && environment === null) environment = value
    else if (environment !== null && value.kind === 'text') return { ...environment, fallback: value.value }
    else if (environment !== null && value.kind === 'environment' && value.fallback !== null)
      return { ...environment, fallback: value.fallback }
    else if (value.kind === 'symbol' && value.module === '') continue
    else if (environment === null && value.kind !== 'unknown' && !(value.kind === 'literal' && value.value === null))
      return value
  }
  return environment ?? unknown
}

const recordValue = (items: readonly Item[], scope: Scope): Value => {
  const entries: RecordEntry[] = []
  const rest: Seen[] = []
  for (const item of items) {
    if (item.kind === 'entry' && item.key !== null) entries.push({ key: item.key, node: item.value, scope })
    else if (item.kind === 'spread') rest.push({ node: item.node, scope })
    else if (item.kind === 'node' && item.node.kind === 'name')
      entries.push({ key: item.node.name, node: item.node, scope })
    else if (item.kind === 'assign')
      for (const target of item.targets) {
        const key = target.kind === 'name' ? target.name : bracketKey(target)
        if (key !== null) entries.push({ key, node: item.value, scope })
      }
  }
  return { kind: 'record', entries, rest }
}

const nameValue = (tracer: Tracer, node: Extract<Node, { kind: 'name' }>, scope: Scope): Value => {
  const self = selfValue(node.name, scope)
  if (self !== null) return self
  const own = node.name.startsWith('@')
    ? fieldValue(tracer, classOf(scope), node.name)
    : lookUp(tracer, node.name, { scope, at: node.start })
  if (isUseful(own)) return own
  if (scope.bindings.has(node.name)) return unknown
  if (node.name.startsWith('@')) return unknown
  // Methods of Ruby are called by their bare names, and readers of fields look the same.
  const field = scope.unit.language === 'ruby' ? fieldValue(tracer, classOf(scope), node.name) : unknown
  if (isUseful(field)) return field
  // A bare name may still be a global of the language or of an SDK that needs no import.
  return isBound(scope, node.name)
    ? unknown
    : { kind: 'symbol', module: '', path: node.name.split('\\').filter((part) => part !== '') }
}

const isBound = (scope: Scope, name: string): boolean => {
  for (let inner: Scope | null = scope; inner !== null; inner = inner.parent) if (inner.bindings.has(name)) return true
  return false
}

const classOf = (scope: Scope): Scope | null => {
  for (let inner: Scope | null = scope; inner !== null; inner = inner.parent) if (inner.kind === 'class') return inner
  return null
}

const selves = new Set(['self', 'cls', 'this', '$this', 'static', 'Self'])

const selfValue = (name: string, scope: Scope): Value | null => {
  if (!selves.has(name)) return null
  const owner = classOf(scope)
  return owner === null ? null : { kind: 'instance', scope: owner }
}

const memberValue = (tracer: Tracer, node: Extract<Node, { kind: 'member' }>, scope: Scope): Value => {
  const read = environmentRead(node, scope)
  if (read !== null) return read
  const dotted = dottedName(node)
  if (dotted !== null) {
    const assigned = dottedBinding(tracer, dotted, { scope, at: node.start })
    if (isUseful(assigned)) return assigned
  }
  return memberOf(tracer, evaluate(tracer, node.object, scope), node)
}

/** `config.base_url` that was assigned under this very name. */
const dottedBinding = (tracer: Tracer, dotted: string, { scope, at }: { scope: Scope; at: number }): Value => {
  for (let inner: Scope | null = scope; inner !== null; inner = inner.parent) {
    const bindings = inner.bindings.get(dotted)
    if (bindings !== undefined)
      return firstUseful(tracer, candidates(bindings, inner === scope ? at : Number.MAX_SAFE_INTEGER))
  }
  return unknown
}

/** A field, or what a getter of Java that nobody wrote (Lombok's) gives out. */
const gotField = (tracer: Tracer, owner: Scope, name: string): Value => {
  const value = fieldValue(tracer, owner, name)
  const field = owner.unit.language === 'java' ? /^get([A-Z]\w*)$/.exec(name)?.[1] : undefined
  return isUseful(value) || field === undefined
    ? value
    : fieldValue(tracer, owner, field.charAt(0).toLowerCase() + field.slice(1))
}

const memberOf = (tracer: Tracer, object: Value, node: Extract<Node, { kind: 'member' }>): Value => {
  switch (object.kind) {
    case 'symbol':
      return { ...object, path: [...object.path, node.name] }
    case 'client':
      return { ...object, path: [...object.path, node.name] }
    case 'module': {
      const unit = unitAt(tracer.project, object.path)
      const files =
        unit?.language === 'go'
          ? (tracer.project.byFolder.get(object.path.slice(0, Math.max(0, object.path.lastIndexOf('/')))) ?? [])
          : [object.path]
      for (const file of files) {
        const value = offered(tracer, file, node.name)
        if (isUseful(value)) return value
      }
      return unknown
    }
    case 'function': {
      // A property of Python, a method without arguments of Ruby.
      const value = isTooDeep(tracer) ? cutOff(tracer) : returnedValue(tracer, object.scope)
      return value.kind === 'function' || value.kind === 'unknown' ? unknown : memberOf(tracer, value, node)
    }
    case 'text':
    case 'environment':
      return /^(?:freeze|strip|to_s|dup|chomp|value)$/.test(node.name) ? object : unknown
    case 'record': {
      const entry = entryOf(tracer, object, node.name)
      return entry === null ? unknown : evaluate(tracer, entry.node, entry.scope)
    }
    case 'instance':
    case 'class': {
      const value = gotField(tracer, object.scope, node.name)
      // `Name.new` of Ruby, `Name::new` of Rust without a definition of its own.
      return !isUseful(value) && node.name === 'new' ? { kind: 'class', scope: object.scope } : value
    }
    default:
      return unknown
  }
}

const indexValue = (tracer: Tracer, node: Extract<Node, { kind: 'index' }>, scope: Scope): Value => {
  const read = environmentRead(node, scope) ?? configuredValue(tracer, node, scope)
  if (read !== null) return read
  const object = evaluate(tracer, node.object, scope)
  const [only] = node.items
  const key = only?.kind === 'node' ? evaluate(tracer, only.node, scope) : unknown
  if (node.object.kind === 'name' && key.kind === 'text') {
    const name = `${node.object.name}.${key.value}`
    const assigned = dottedBinding(tracer, name, { scope, at: node.start })
    if (isUseful(assigned)) return assigned
  }
  if (object.kind === 'record' && key.kind === 'text') {
    const entry = entryOf(tracer, object, key.value)
    return entry === null ? unknown : evaluate(tracer, entry.node, entry.scope)
  }
  if (object.kind === 'list' && key.kind === 'literal' && typeof key.value === 'number') {
    const item = object.items[key.value]
    return item === undefined ? unknown : evaluate(tracer, item.node, item.scope)
  }
  // `openai.chat["completions"]`, and types with arguments.
  if (object.kind === 'client' && key.kind === 'text') return { ...object, path: [...object.path, key.value] }
  return object.kind === 'symbol' ? object : unknown
}

export const makeTracer = (project: Project, sdks: readonly SdkRule[]): Tracer => ({
  project,
  sdks,
  memo: new WeakMap(),
  open: new Set(),
  asked: new Set(),
  depth: 0,
  steps: 0,
  cuts: 0,
  step: evaluated,
})
