/** Where names are bound: one scope for a file, and one for each function and class in it. */

import { withInjected } from '#audit/syntax/annotated.ts'
import type { LanguageName } from '#audit/syntax/language.ts'
import type { CallNode, ClassNode, FunctionNode, ImportBinding, Item, Node } from '#audit/syntax/node.ts'
import { indexKey, keyName, keysSet } from './set-key.ts'

export type Binding = {
  /** Offset in the file. */
  readonly at: number
  readonly value: Node | null
  readonly type: Node | null
  readonly imported: ImportBinding | null
  /** Of a function or class: its own scope. */
  readonly defines: Scope | null
  readonly isParameter: boolean
  /** Where its nodes are looked up. */
  readonly scope: Scope
}

export type Scope = {
  readonly kind: 'file' | 'function' | 'class'
  readonly name: string | null
  readonly unit: Unit
  readonly parent: Scope | null
  readonly line: number
  readonly start: number
  readonly end: number
  readonly bindings: Map<string, Binding[]>
  readonly returns: Node[]
  readonly bases: readonly Node[]
  readonly parameters: readonly string[]
}

export type CallPlace = { readonly node: CallNode; readonly scope: Scope }
/** `role`: what the text is there for; `prose` = a statement of its own, as docstrings are. */
export type TextPlace = {
  readonly node: Node
  readonly scope: Scope
  readonly role: 'value' | 'key' | 'prose' | 'compared' | 'default'
  /** The name that the text is bound or given to. */
  readonly label: string | null
}
export type ReadPlace = { readonly node: Node; readonly scope: Scope }

/** One source file, read. */
export type Unit = {
  readonly path: string
  readonly language: LanguageName
  readonly source: string
  readonly root: Scope
  readonly calls: readonly CallPlace[]
  readonly texts: readonly TextPlace[]
  /** Members and indexes: where an environment variable may be read. */
  readonly reads: readonly ReadPlace[]
  /** The scopes of functions and classes, by where they are defined. */
  readonly defined: ReadonlyMap<Node, Scope>
  readonly modules: ReadonlySet<string>
  readonly wildcards: readonly string[]
  /** Modules of which everything is exported again. */
  readonly starExports: readonly string[]
}

type Building = {
  readonly unit: Unit
  readonly calls: CallPlace[]
  readonly texts: TextPlace[]
  readonly reads: ReadPlace[]
  readonly defined: Map<Node, Scope>
  readonly modules: Set<string>
  readonly wildcards: string[]
  readonly starExports: string[]
  readonly selves: ReadonlySet<string>
}

type Role = Pick<TextPlace, 'role' | 'label'>

const bind = (
  scope: Scope,
  name: string,
  given: Partial<Binding> & { readonly at: number; readonly scope: Scope },
): void => {
  const binding: Binding = { value: null, type: null, imported: null, defines: null, isParameter: false, ...given }
  const list = scope.bindings.get(name)
  if (list === undefined) scope.bindings.set(name, [binding])
  else list.push(binding)
}

const classAbove = (scope: Scope | null): Scope | null => {
  for (let at = scope; at !== null; at = at.parent) if (at.kind === 'class') return at
  return null
}

/** `a.b.c` as text, for assignments to members of what is not ours. */
export const dottedName = (node: Node): string | null => {
  if (node.kind === 'name') return node.name
  if (node.kind !== 'member') return null
  const object = dottedName(node.object)
  return object === null ? null : `${object}.${node.name}`
}

const newScope = (building: Building, parent: Scope, node: FunctionNode | ClassNode): Scope => ({
  kind: node.kind,
  name: node.name,
  unit: building.unit,
  parent,
  line: node.line,
  start: node.start,
  end: node.end,
  bindings: new Map(),
  returns: [],
  bases: node.kind === 'class' ? [...node.bases, ...embedded(building, node)] : [],
  parameters: node.kind === 'function' ? parameterNames(node.parameters) : [],
})

/** Types that a struct of Go embeds: their methods are its own. */
const embedded = ({ unit }: Building, { body }: ClassNode): readonly Node[] =>
  unit.language !== 'go'
    ? []
    : body.flatMap((item) =>
        item.kind === 'node' && (item.node.kind === 'name' || item.node.kind === 'member') ? [item.node] : [],
      )

const parameterNames = (items: readonly Item[]): readonly string[] =>
  items.flatMap((item) => {
    if (item.kind === 'entry') {
      if (item.key !== null) return [item.key]
      return item.keyNode.kind === 'brace' ? parameterNames(item.keyNode.items) : []
    }
    if (item.kind === 'spread') return item.node.kind === 'name' ? [item.node.name] : []
    if (item.kind === 'declare') return [item.name]
    if (item.kind === 'assign') return item.targets.flatMap((target) => (target.kind === 'name' ? [target.name] : []))
    if (item.kind !== 'node') return []
    if (item.node.kind === 'name') return [item.node.name]
    return item.node.kind === 'brace' ? parameterNames(item.node.items) : []
  })

const addParameter = (building: Building, item: Item, scope: Scope): void => {
  const parent = scope.parent
  const put = (name: string, rest: Partial<Binding>, modifiers: readonly string[] = []): void => {
    bind(scope, name, { at: scope.start, scope, isParameter: true, ...rest })
    // `constructor(private readonly client: OpenAI)` declares a field as well.
    if (modifiers.length > 0 && parent?.kind === 'class')
      bind(parent, name, { at: scope.start, scope, isParameter: true, ...rest })
  }
  if (item.kind === 'entry' && item.key !== null && building.unit.language === 'ruby') {
    put(item.key, { value: item.value })
    visit(building, item.value, { scope, role: { role: 'default', label: item.key } })
  } else if (item.kind === 'entry' && item.key !== null) put(item.key, { type: item.value }, item.modifiers)
  else if (item.kind === 'entry' && item.keyNode.kind === 'brace')
    for (const inner of item.keyNode.items) addParameter(building, inner, scope)
  else if (item.kind === 'spread' && item.node.kind === 'name') put(item.node.name, {})
  else if (item.kind === 'declare') put(item.name, { type: item.type }, item.modifiers)
  else if (item.kind === 'assign') {
    for (const target of item.targets)
      if (target.kind === 'name') put(target.name, { value: item.value, type: item.type }, item.modifiers)
    visit(building, item.value, { scope, role: { role: 'default', label: parameterNames([item])[0] ?? null } })
  } else if (item.kind === 'node' && item.node.kind === 'name') put(item.node.name, {})
  else if (item.kind === 'node' && item.node.kind === 'brace')
    for (const inner of item.node.items) addParameter(building, inner, scope)
}

const visitFunction = (building: Building, node: FunctionNode, parent: Scope): Scope => {
  const scope = newScope(building, parent, node)
  const parameters = withInjected(node.parameters, building.unit.language)
  for (const item of [...node.receiver, ...parameters]) addParameter(building, item, scope)
  visitItems(building, node.body, scope)
  return scope
}

const visitClass = (building: Building, node: ClassNode, parent: Scope): Scope => {
  // `impl` blocks and reopened classes add to what is there.
  const known = parent.bindings.get(node.name)?.find(({ defines }) => defines?.kind === 'class')?.defines
  const scope = known ?? newScope(building, parent, node)
  for (const base of node.bases) visit(building, base, { scope: parent, role: noRole })
  visitItems(building, node.body, scope)
  return scope
}

const noRole: Role = { role: 'value', label: null }

const define = (building: Building, node: FunctionNode | ClassNode, scope: Scope): void => {
  const made = node.kind === 'function' ? visitFunction(building, node, scope) : visitClass(building, node, scope)
  building.defined.set(node, made)
  if (node.name === null || node.name === '') return
  bind(scope, node.name, { at: node.start, defines: made, scope })
  if (node.kind !== 'function' || node.receiver.length === 0) return
  // A method of Go belongs to the type of its receiver.
  const [receiver] = node.receiver
  const type = receiver?.kind === 'declare' ? receiver.type : null
  const owner =
    type?.kind === 'name' ? type.name : type?.kind === 'index' && type.object.kind === 'name' ? type.object.name : null
  if (owner !== null) bind(building.unit.root, `${owner}.${node.name}`, { at: node.start, defines: made, scope })
}

type Assign = Extract<Item, { kind: 'assign' }>

const assignTo = (
  building: Building,
  target: Node,
  { item, value, scope }: { item: Assign; value: Node; scope: Scope },
): void => {
  const given = { at: target.start, value, type: item.type, scope }
  if (target.kind === 'name') {
    const field = target.name.startsWith('@') ? classAbove(scope) : null
    // PHP and Java say `this.x`, C# and Kotlin often just `x`, for a field that is declared above.
    const owner = field ?? (item.modifiers.length === 0 && item.type === null ? ownerOf(scope, target.name) : scope)
    bind(owner, target.name, given)
    return
  }
  if (target.kind === 'brace') {
    for (const inner of target.items) destructure(building, inner, { value, scope })
    return
  }
  const key = keyName(target, scope.unit.language)
  if (key !== null) {
    bind(scope, key, given)
    return
  }
  if (target.kind !== 'member') return
  const dotted = dottedName(target)
  if (dotted === null) return
  const [first = '', ...rest] = dotted.split('.')
  if (building.selves.has(first)) bind(classAbove(scope) ?? scope, rest.join('.'), given)
  else bind(scope, dotted, given)
}

/** The scope around that already has the name, where assignments do not declare; else the scope itself. */
const ownerOf = (scope: Scope, name: string): Scope => {
  const { language } = scope.unit
  if (language === 'python' || language === 'ruby' || language === 'php') return scope
  for (let at: Scope | null = scope; at !== null; at = at.parent) if (at.bindings.has(name)) return at
  return scope
}

const destructure = (building: Building, item: Item, { value, scope }: { value: Node; scope: Scope }): void => {
  const member = (name: string, node: Node): Node => ({
    kind: 'member',
    object: value,
    name,
    start: node.start,
    end: node.end,
    line: node.line,
  })
  if (item.kind === 'node' && item.node.kind === 'name')
    bind(scope, item.node.name, { at: item.node.start, value: member(item.node.name, item.node), scope })
  else if (item.kind === 'entry' && item.key !== null && item.value.kind === 'name')
    bind(scope, item.value.name, { at: item.value.start, value: member(item.key, item.value), scope })
  else if (item.kind === 'entry' && item.key !== null && item.value.kind === 'brace')
    for (const inner of item.value.items) destructure(building, inner, { value: member(item.key, item.value), scope })
  else if (item.kind === 'assign') {
    const [target] = item.targets
    if (target?.kind === 'name')
      bind(scope, target.name, { at: target.start, value: member(target.name, target), scope })
    visit(building, item.value, { scope, role: noRole })
  }
}

const visitAssign = (building: Building, item: Assign, scope: Scope): void => {
  const values =
    item.value.kind === 'group' && item.targets.length > 1
      ? item.value.items.flatMap((one) => (one.kind === 'node' ? [one.node] : []))
      : []
  for (const [index, target] of item.targets.entries()) {
    const isChained =
      values.length === 0 && index > 0 && (scope.unit.language === 'go' || scope.unit.language === 'rust')
    if (!isChained) assignTo(building, target, { item, value: values[index] ?? item.value, scope })
    if (target.kind !== 'name' && target.kind !== 'brace')
      visit(building, target, { scope, role: { role: 'key', label: null } })
  }
  const [target] = item.targets
  const label =
    target === undefined
      ? null
      : target.kind === 'member'
        ? target.name
        : target.kind === 'name'
          ? target.name
          : indexKey(target)
  visit(building, item.value, { scope, role: { role: 'value', label } })
}

/** `env:"NAME" envDefault:"value"` behind a field of Go says where its value comes from. */
const isFieldTag = (node: Extract<Node, { kind: 'text' }>, scope: Scope): boolean =>
  scope.unit.language === 'go' && /^\w+:"/.test(node.value)

const visitItem = (building: Building, item: Item, { scope, role }: Visit): void => {
  switch (item.kind) {
    case 'node':
      if (item.node.kind === 'text' && role.role === 'prose' && !isFieldTag(item.node, scope)) return
      visit(building, item.node, { scope, role: role.role === 'prose' ? noRole : role })
      return
    case 'spread':
      visit(building, item.node, { scope, role: noRole })
      return
    case 'return':
      scope.returns.push(item.node)
      if (item.isSeen === true) return
      visit(building, item.node, { scope, role: noRole })
      return
    case 'entry':
      visit(building, item.keyNode, { scope, role: { role: 'key', label: null } })
      if (scope.kind === 'class' && item.key !== null)
        bind(scope, item.key, { at: item.keyNode.start, type: item.value, scope })
      else if (item.key !== null && isTyped(scope) && role.role === 'prose')
        bind(scope, item.key, { at: item.keyNode.start, type: item.value, scope })
      visit(building, item.value, { scope, role: { role: 'value', label: item.key } })
      return
    case 'assign':
      visitAssign(building, item, scope)
      return
    case 'declare':
      bind(scope, item.name, { at: scope.start, type: item.type, scope })
      return
    case 'import':
      for (const imported of item.bindings) {
        building.modules.add(imported.module)
        bind(scope, imported.local === '' ? goName(imported.module) : imported.local, { at: 0, imported, scope })
      }
      building.wildcards.push(...item.wildcards)
      for (const module of item.wildcards) building.modules.add(module)
      return
    case 'export':
      visitExport(building, item, scope)
      return
  }
}

const isTyped = (scope: Scope): boolean => ['typescript', 'python', 'kotlin', 'rust'].includes(scope.unit.language)

/** The name of a Go package whose import gives none: the last segment, without version, `go-` and `-go`. */
const goName = (module: string): string => {
  const segments = module.split('/').filter((segment) => !/^v\d+$/.test(segment))
  return (segments.at(-1) ?? module)
    .replace(/\.v\d+$/, '')
    .replace(/^go-|-go$/g, '')
    .replace(/-sdk$/, '')
    .replaceAll('-', '_')
}

const visitExport = (building: Building, item: Extract<Item, { kind: 'export' }>, scope: Scope): void => {
  for (const { local, name } of item.names) {
    if (item.module === null)
      bind(scope, name, { at: 0, value: { kind: 'name', name: local, start: 0, end: 0, line: 0 }, scope })
    else if (name === '*') building.starExports.push(item.module)
    else bind(scope, name, { at: 0, imported: { local: name, module: item.module, name: local }, scope })
  }
  if (item.module !== null) building.modules.add(item.module)
}

type Visit = { readonly scope: Scope; readonly role: Role }

const visitItems = (building: Building, items: readonly Item[], scope: Scope): void => {
  for (const item of withInjected(items, scope.unit.language))
    visitItem(building, item, { scope, role: { role: 'prose', label: null } })
}

const visitRow = (building: Building, items: readonly Item[], visiting: Visit): void => {
  for (const item of items) visitItem(building, item, visiting)
}

/** `name=value` among arguments names them, and binds nothing. */
const visitArguments = (building: Building, items: readonly Item[], visiting: Visit): void => {
  for (const item of items) {
    if (item.kind !== 'assign') visitItem(building, item, visiting)
    else {
      const [target] = item.targets
      visit(building, item.value, {
        scope: visiting.scope,
        role: { role: 'value', label: target?.kind === 'name' ? target.name : null },
      })
    }
  }
}

const comparisons = new Set(['==', '===', '!=', '!==', 'in', 'is', 'not', 'mixed'])

const visit = (building: Building, node: Node, visiting: Visit): void => {
  const { scope, role } = visiting
  switch (node.kind) {
    case 'text':
      building.texts.push({ node, scope, ...role })
      return
    case 'template':
      building.texts.push({ node, scope, ...role })
      for (const part of node.parts) if (typeof part !== 'string') visit(building, part, { scope, role: noRole })
      return
    case 'member':
      building.reads.push({ node, scope })
      visit(building, node.object, { scope, role: noRole })
      return
    case 'index':
      building.reads.push({ node, scope })
      visit(building, node.object, { scope, role: noRole })
      visitRow(building, node.items, { scope, role: { role: 'key', label: null } })
      return
    case 'call':
      building.calls.push({ node, scope })
      for (const { name, value, isOfFile } of keysSet(node, scope.unit.language))
        bind(isOfFile ? scope.unit.root : scope, name, { at: node.start, value, scope })
      visit(building, node.callee, { scope, role: noRole })
      visitArguments(building, node.items, { scope, role: { role: 'value', label: role.label } })
      // A block behind a call is code in Kotlin and Ruby, and the fields of an object elsewhere.
      if (node.brace === null) return
      if (scope.unit.language === 'kotlin' || scope.unit.language === 'ruby') visitItems(building, node.brace, scope)
      else visitArguments(building, node.brace, { scope, role: { role: 'value', label: role.label } })
      return
    case 'brace':
      visitRow(building, node.items, {
        scope,
        role: role.label === null ? { role: 'prose', label: null } : role,
      })
      return
    case 'list':
    case 'group':
      visitRow(building, node.items, { scope, role })
      return
    case 'join':
      building.reads.push({ node, scope })
      for (const part of node.parts)
        visit(building, part, {
          scope,
          role: comparisons.has(node.operator) ? { role: 'compared', label: null } : role,
        })
      return
    case 'function':
    case 'class':
      define(building, node, scope)
      return
    default:
      return
  }
}

/** `&Server{client: …}` says what is in the field of its type. */
const bindFields = (unit: Unit): void => {
  for (const { node, scope } of unit.calls) {
    const { callee, brace } = node
    if (brace === null || callee.kind !== 'name') continue
    const owner =
      callee.name === 'Self'
        ? classAbove(scope)
        : unit.root.bindings.get(callee.name)?.find(({ defines }) => defines?.kind === 'class')?.defines
    if (owner === null || owner === undefined) continue
    for (const item of brace)
      if (item.kind === 'entry' && item.key !== null)
        bind(owner, item.key, { at: item.value.start, value: item.value, scope })
  }
}

/** Reads the items of a file into scopes, and lists its calls, texts and reads. */
export const buildUnit = (
  file: Pick<Unit, 'path' | 'language' | 'source'>,
  items: readonly Item[],
  selves: readonly string[],
): Unit => {
  const lists = {
    calls: [],
    texts: [],
    reads: [],
    defined: new Map<Node, Scope>(),
    modules: new Set<string>(),
    wildcards: [],
    starExports: [],
  }
  const unit: Unit & { root: Scope } = { ...file, ...lists, root: {} as Scope }
  const root: Scope = {
    kind: 'file',
    name: null,
    unit,
    parent: null,
    line: 1,
    start: 0,
    end: file.source.length,
    bindings: new Map(),
    returns: [],
    bases: [],
    parameters: [],
  }
  Object.assign(unit, { root })
  visitItems({ unit, ...lists, selves: new Set(selves) }, items, root)
  bindFields(unit)
  return unit
}
