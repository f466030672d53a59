/** What names stand for: of this scope, of the scopes around, of another file, of an SDK. */

import { sdkFor } from '#audit/rule/sdk-lookup.ts'
import type { Node } from '#audit/syntax/node.ts'
import { definers, moduleFiles, neighbours, unitAt } from './project.ts'
import type { Binding, Scope, Unit } from './scope.ts'
import type { Tracer } from './tracer.ts'
import { cutOff, entryOf, evaluate, isTooDeep, isUseful } from './tracer.ts'
import type { ClientValue, Value } from './value.ts'
import { unknown } from './value.ts'

/** No name is followed to more assignments than this. */
const bindingsMax = 12

/** The assignments to a name that may hold at this place, the likeliest first. */
export const candidates = (bindings: readonly Binding[], at: number): readonly Binding[] => {
  const before = bindings.filter((binding) => binding.at <= at)
  const after = bindings.filter((binding) => binding.at > at)
  return [...before.reverse(), ...after].slice(0, bindingsMax)
}

/** `client = client.clone()`: what is asked for within a value is not that value. */
const isWithinValue = ({ value }: Binding, at: number): boolean =>
  value !== null && value.kind !== 'function' && at >= value.start && at < value.end

/** What a name stands for in a scope, looked for outwards. */
export const lookUp = (
  tracer: Tracer,
  name: string,
  { scope, at }: { readonly scope: Scope; readonly at: number },
): Value => {
  for (let inner: Scope | null = scope; inner !== null; inner = inner.parent) {
    const bindings = inner.bindings.get(name)
    if (bindings === undefined) continue
    // A class body is no scope for the code of its methods in Python and JavaScript, but fields are named bare elsewhere.
    const value = firstUseful(
      tracer,
      candidates(
        bindings.filter((binding) => !isWithinValue(binding, at)),
        inner === scope ? at : Number.MAX_SAFE_INTEGER,
      ),
    )
    if (isUseful(value)) return value
    if (bindings.some(({ isParameter }) => isParameter)) return unknown
  }
  return elsewhere(tracer, name, scope)
}

/** The first that is known; what an unknown function gave stands back behind a client that the type declares. */
export const firstUseful = (tracer: Tracer, bindings: readonly Binding[]): Value => {
  let vague: Value | null = null
  for (const binding of bindings) {
    const value = bindingValue(tracer, binding)
    if (value.kind === 'client') return value
    if (!isUseful(value)) continue
    if (value.kind !== 'made' && value.kind !== 'symbol') return vague ?? value
    vague ??= value
  }
  return vague ?? unknown
}

const bindingValue = (tracer: Tracer, binding: Binding): Value => {
  if (binding.defines !== null)
    return { kind: binding.defines.kind === 'class' ? 'class' : 'function', scope: binding.defines }
  if (binding.imported !== null) return importedValue(tracer, binding.imported, binding.scope.unit)
  if (binding.value !== null) {
    const value = evaluate(tracer, binding.value, binding.scope)
    // What an unknown function gives may be known by the type that is written beside it.
    const isVague = value.kind === 'made' || (value.kind === 'symbol' && value.module === '')
    const typed = isVague && binding.type !== null ? typedValue(tracer, binding.type, binding.scope) : unknown
    if (isUseful(typed)) return typed
    if (isUseful(value)) return value
  }
  return binding.type === null ? unknown : typedValue(tracer, binding.type, binding.scope)
}

/** A name that is typed as a client of an SDK, or as a class of ours. */
const typedValue = (tracer: Tracer, type: Node, scope: Scope): Value => {
  if (type.kind === 'join') {
    for (const part of type.parts) {
      const value = typedValue(tracer, part, scope)
      if (isUseful(value)) return value
    }
    return unknown
  }
  if (type.kind === 'index' || (type.kind === 'call' && type.items.length > 0)) {
    const inner = type.items[0]
    const found = inner?.kind === 'node' ? typedValue(tracer, inner.node, scope) : unknown
    return isUseful(found) ? found : unknown
  }
  const value = evaluate(tracer, type, scope)
  if (value.kind === 'class') return { kind: 'instance', scope: value.scope }
  return clientOf(tracer, value, scope.unit) ?? unknown
}

/** A client that is known by the name of its type alone. */
const clientOf = (tracer: Tracer, value: Value, unit: Unit): ClientValue | null => {
  if (value.kind !== 'symbol') return null
  const found = sdkFor(tracer.sdks, value, unit)
  return found?.is === 'client'
    ? {
        kind: 'client',
        rule: found.rule,
        name: value.path.at(-1) ?? found.name,
        made: [],
        path: [],
        isDeclared: true,
        wrapped: null,
      }
    : null
}

export const importedValue = (tracer: Tracer, imported: NonNullable<Binding['imported']>, unit: Unit): Value => {
  const { module, name } = imported
  const [first, ...others] = moduleFiles(tracer.project, module, unit)
  if (first === undefined) {
    // `from package import module` of Python, or a module of ours without a file of its own.
    if (unit.language === 'python' && name !== '*') {
      const [inner] = moduleFiles(
        tracer.project,
        module === '' || module.endsWith('.') ? `${module}${name}` : `${module}.${name}`,
        unit,
      )
      if (inner !== undefined && module.startsWith('.')) return { kind: 'module', path: inner }
    }
    return { kind: 'symbol', module, path: name === '*' ? [] : [name] }
  }
  const isSdk = name !== '*' && sdkFor(tracer.sdks, { module, path: [name] }, unit) !== null
  if (isSdk && !module.startsWith('.')) return { kind: 'symbol', module, path: [name] }
  if (name === '*')
    return unit.language === 'python' && !module.startsWith('.') && sdkModule(tracer, module, unit)
      ? { kind: 'symbol', module, path: [] }
      : { kind: 'module', path: first }
  const found = offered(tracer, first, name)
  if (isUseful(found)) return found
  if (unit.language === 'python') {
    const [inner] = moduleFiles(tracer.project, `${module}${module.endsWith('.') ? '' : '.'}${name}`, unit)
    if (inner !== undefined) return { kind: 'module', path: inner }
  }
  for (const other of others) {
    const value = offered(tracer, other, name)
    if (isUseful(value)) return value
  }
  return unknown
}

const sdkModule = (tracer: Tracer, module: string, unit: Unit): boolean =>
  tracer.sdks.some((rule) => rule.languages.includes(unit.language) && rule.from.test(module))

/** The files that a file hands everything on of, itself first. */
const handedOn = (tracer: Tracer, path: string): readonly Unit[] => {
  const paths = new Set([path])
  const units: Unit[] = []
  for (const one of paths) {
    const unit = unitAt(tracer.project, one)
    if (unit === null) continue
    units.push(unit)
    for (const module of [...unit.starExports, ...(unit.language === 'python' ? unit.wildcards : [])]) {
      const [file] = moduleFiles(tracer.project, module, unit)
      if (file !== undefined) paths.add(file)
    }
  }
  return units
}

/** What a file gives out under a name. */
export const offered = (tracer: Tracer, path: string, name: string): Value => {
  const question = `${path} ${name}`
  if (isTooDeep(tracer) || tracer.asked.has(question)) return cutOff(tracer)
  tracer.depth += 1
  tracer.asked.add(question)
  try {
    for (const unit of handedOn(tracer, path)) {
      const bindings = unit.root.bindings.get(name)
      const value =
        bindings === undefined ? unknown : firstUseful(tracer, candidates(bindings, Number.MAX_SAFE_INTEGER))
      if (isUseful(value)) return value
      const assigned = commonExport(tracer, unit, name)
      if (isUseful(assigned)) return assigned
    }
    return unknown
  } finally {
    tracer.asked.delete(question)
    tracer.depth -= 1
  }
}

/** `module.exports = { name }`, `exports.name = …`, and the default of a module that exports no default. */
const commonExport = (tracer: Tracer, unit: Unit, name: string): Value => {
  if (unit.language !== 'javascript' && unit.language !== 'typescript') return unknown
  for (const key of [`module.exports.${name}`, `exports.${name}`]) {
    const bindings = unit.root.bindings.get(key)
    if (bindings !== undefined) return firstUseful(tracer, bindings)
  }
  const whole = unit.root.bindings.get('module.exports')
  if (whole === undefined) return unknown
  const value = firstUseful(tracer, whole)
  if (name === 'default') return value
  const entry = entryOf(tracer, value, name)
  return entry === null ? unknown : evaluate(tracer, entry.node, entry.scope)
}

/** A name that nothing around binds: of a neighbour file, a wildcard import, or a class found by its name alone. */
const elsewhere = (tracer: Tracer, name: string, { unit }: Scope): Value => {
  for (const other of neighbours(tracer.project, name, unit)) {
    const bindings = other.root.bindings.get(name)?.filter(({ imported }) => imported === null)
    if (bindings === undefined || bindings.length === 0) continue
    const value = firstUseful(tracer, candidates(bindings, Number.MAX_SAFE_INTEGER))
    if (isUseful(value)) return value
  }
  for (const module of unit.wildcards) {
    const [file] = moduleFiles(tracer.project, module, unit)
    const value: Value = file === undefined ? { kind: 'symbol', module, path: [name] } : offered(tracer, file, name)
    if (value.kind === 'symbol' ? sdkFor(tracer.sdks, value, unit) !== null : isUseful(value)) return value
  }
  if (['java', 'kotlin', 'csharp', 'ruby', 'php', 'rust'].includes(unit.language)) {
    for (const other of definers(tracer.project, name, unit)) {
      const value = firstUseful(tracer, other.root.bindings.get(name) ?? [])
      if (isUseful(value)) return value
    }
  }
  return unknown
}

/** A field or method of a class, of its bases too. */
export const fieldValue = (tracer: Tracer, owner: Scope | null, name: string): Value => {
  if (owner === null) return unknown
  if (isTooDeep(tracer)) return cutOff(tracer)
  const names =
    owner.unit.language === 'php' || owner.unit.language === 'ruby' ? [name, `$${name}`, `@${name}`] : [name]
  const own = names.flatMap((one) => candidates(owner.bindings.get(one) ?? [], Number.MAX_SAFE_INTEGER))
  const field = firstUseful(tracer, own)
  if (isUseful(field)) return field
  const method = owner.unit.language === 'go' ? owner.unit.root.bindings.get(`${owner.name ?? ''}.${name}`) : undefined
  if (method !== undefined) return firstUseful(tracer, method)
  tracer.depth += 1
  try {
    for (const base of owner.bases) {
      const value = evaluate(tracer, base, owner.parent ?? owner)
      if (value.kind === 'class' && value.scope !== owner) {
        const found = fieldValue(tracer, value.scope, name)
        if (isUseful(found)) return found
      }
      const client = clientOf(tracer, value, owner.unit)
      if (client === null) continue
      // What Go embeds is reached by its own name as well.
      const isItself = (base.kind === 'name' || base.kind === 'member') && base.name === name
      return isItself ? client : { ...client, path: [name] }
    }
    return unknown
  } finally {
    tracer.depth -= 1
  }
}
