/** All files of a codebase as far as names go: which file a module is, which package a directory, where a class is defined. */

import { posix } from 'node:path'
import type { LanguageName } from '#audit/syntax/language.ts'
import { languages } from '#audit/syntax/language.ts'
import { parse } from '#audit/syntax/parse.ts'
import type { Unit } from './scope.ts'
import { buildUnit } from './scope.ts'

/** Characters of source whose trees are kept at once; a tree takes some 60 bytes for each. */
const heldCharactersMax = 2_500_000

export type Project = {
  /** Source files by path, whether they were read or not. */
  readonly paths: ReadonlyMap<string, LanguageName>
  /** By the last segments of a path, without its ending: the paths that end so. */
  readonly byStem: ReadonlyMap<string, readonly string[]>
  readonly byFolder: ReadonlyMap<string, readonly string[]>
  /** Package name -> the folder of its package.json. */
  readonly packages: ReadonlyMap<string, string>
  /** Those that are kept, the least lately asked for first. */
  readonly units: Map<string, Unit | null>
  readonly held: { characters: number }
  /** The text to parse, with the lines of the file; `null` = cannot be read. */
  readonly textOf: (path: string) => string | null
  /** Files of settings that properties are looked for in; `null` = not read yet. */
  readonly properties: Map<string, ReadonlyMap<string, string> | null>
  /** The text of a file of settings; `null` = cannot be read. */
  readonly settingsOf: (path: string) => string | null
  /** Names that are bound at the top of files that were read, and those files. */
  readonly defined: Map<string, Set<string>>
}

const stemOf = (path: string): string => {
  const bare = path.replace(/\.[^./]+$/, '').replace(/\/(?:__init__|index|mod)$/, '')
  return bare.slice(bare.lastIndexOf('/') + 1)
}

const listedBy = (paths: Iterable<string>, keyOf: (path: string) => string): ReadonlyMap<string, readonly string[]> => {
  const lists = new Map<string, string[]>()
  for (const path of paths) {
    const key = keyOf(path)
    const list = lists.get(key)
    if (list === undefined) lists.set(key, [path])
    else list.push(path)
  }
  return lists
}

export const makeProject = (
  given: Pick<Project, 'paths' | 'packages' | 'textOf' | 'properties' | 'settingsOf'>,
): Project => ({
  ...given,
  byStem: listedBy(given.paths.keys(), stemOf),
  byFolder: listedBy(given.paths.keys(), (path) => posix.dirname(path)),
  units: new Map(),
  held: { characters: 0 },
  defined: new Map(),
})

/** Lets go of the files that were asked for least lately. They are read again when they are needed. */
const evict = (project: Project): void => {
  for (const [path, unit] of project.units) {
    if (project.held.characters <= heldCharactersMax || project.units.size < 2) return
    if (unit === null) continue
    project.held.characters -= unit.source.length
    project.units.delete(path)
  }
}

const indexNames = (project: Project, unit: Unit): void => {
  for (const [name, bindings] of unit.root.bindings) {
    if (bindings.every(({ imported }) => imported !== null)) continue
    const paths = project.defined.get(name)
    if (paths === undefined) project.defined.set(name, new Set([unit.path]))
    else paths.add(unit.path)
  }
}

/** Reads and parses a file. `null` = there is none, or it cannot be read. What was read is kept up to a bound. */
export const unitAt = (project: Project, path: string): Unit | null => {
  const known = project.units.get(path)
  if (known !== undefined) {
    // Asked for lately: to the end of the row.
    project.units.delete(path)
    project.units.set(path, known)
    return known
  }
  const language = project.paths.get(path)
  if (language === undefined) return null
  const source = project.textOf(path)
  const rules = languages[language]
  const unit = source === null ? null : buildUnit({ path, language, source }, parse(source, rules), rules.self)
  project.units.set(path, unit)
  if (unit === null) return null
  project.held.characters += unit.source.length
  indexNames(project, unit)
  evict(project)
  return unit
}

const scriptEndings = ['.ts', '.tsx', '.js', '.jsx', '.mjs', '.cjs', '.mts', '.cts', '.vue', '.svelte']

const scriptFile = (project: Project, path: string): string | null => {
  const bare = path.replace(/\.(?:js|jsx|mjs|cjs|ts|tsx)$/, '')
  for (const base of bare === path ? [path] : [path, bare]) {
    if (project.paths.has(base)) return base
    for (const ending of scriptEndings) if (project.paths.has(base + ending)) return base + ending
    for (const ending of scriptEndings) if (project.paths.has(`${base}/index${ending}`)) return `${base}/index${ending}`
  }
  return null
}

const scriptModule = (project: Project, module: string, from: string): string | null => {
  if (module.startsWith('.')) return scriptFile(project, posix.normalize(posix.join(posix.dirname(from), module)))
  const local = /^(?:@\/|~\/|#|\$lib\/|src\/|@@\/|~~\/)(.*)$/.exec(module)
  const [, rest = ''] = local ?? []
  if (local !== null) return endingWith(project, rest.replace(/\.(?:js|ts)x?$/, ''), from)
  const name = module.split('/', module.startsWith('@') ? 2 : 1).join('/')
  const folder = project.packages.get(name)
  if (folder === undefined) return null
  const inner = module.slice(name.length + 1)
  const base = folder === '.' ? '' : `${folder}/`
  const candidates =
    inner === '' ? ['index', 'src/index', 'src/main', 'lib/index'] : [inner, `src/${inner}`, `lib/${inner}`]
  for (const candidate of candidates) {
    const found = scriptFile(project, base + candidate)
    if (found !== null) return found
  }
  return null
}

/** How many characters two paths begin with alike. */
export const sharedPrefix = (one: string, other: string): number => {
  let at = 0
  while (at < one.length && one[at] === other[at]) at += 1
  return at
}

/** The file whose path, without ending, ends with this one; of several, the one nearest to who asks. */
const endingWith = (project: Project, tail: string, from: string): string | null => {
  const stem = tail.slice(tail.lastIndexOf('/') + 1)
  const found = (project.byStem.get(stem) ?? []).filter((path) => {
    const bare = path.replace(/\.[^./]+$/, '').replace(/\/(?:__init__|index|mod)$/, '')
    return (bare === tail || bare.endsWith(`/${tail}`)) && sameFamily(project.paths.get(path), project.paths.get(from))
  })
  return (
    [...found].sort(
      (one, other) => sharedPrefix(other, from) - sharedPrefix(one, from) || one.length - other.length,
    )[0] ?? null
  )
}

const scripts: readonly (LanguageName | undefined)[] = ['javascript', 'typescript']
const sameFamily = (one: LanguageName | undefined, other: LanguageName | undefined): boolean =>
  one === other || (scripts.includes(one) && scripts.includes(other))

const pythonModule = (project: Project, module: string, from: string): string | null => {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0
  const rest = module.slice(dots).replaceAll('.', '/')
  if (dots === 0) return rest === '' ? null : endingWith(project, rest, from)
  let folder = posix.dirname(from)
  for (let up = 1; up < dots; up += 1) folder = posix.dirname(folder)
  const base = posix.normalize(rest === '' ? folder : posix.join(folder, rest))
  for (const candidate of [`${base}.py`, `${base}/__init__.py`, `${base}.ipynb`])
    if (project.paths.has(candidate)) return candidate
  return null
}

/** The files of this project that a module stands for; empty = it comes from elsewhere. In Go a module is a folder. */
export const moduleFiles = (project: Project, module: string, from: Unit): readonly string[] => {
  const one = (path: string | null): readonly string[] => (path === null ? [] : [path])
  switch (from.language) {
    case 'javascript':
    case 'typescript':
      return one(scriptModule(project, module, from.path))
    case 'python':
      return one(pythonModule(project, module, from.path))
    case 'go': {
      const segments = module.split('/')
      for (let skip = 1; skip < segments.length; skip += 1) {
        const tail = segments.slice(skip).join('/')
        const files = project.byFolder.get(tail)
        if (files !== undefined) return files.filter((path) => path.endsWith('.go'))
      }
      return []
    }
    default:
      return []
  }
}

const packaged: readonly LanguageName[] = ['go', 'java', 'kotlin', 'csharp']

/** The files that bind this name and share names with the file without importing them. */
export const neighbours = (project: Project, name: string, unit: Unit): readonly Unit[] => {
  if (!packaged.includes(unit.language)) return []
  const folder = posix.dirname(unit.path)
  return definers(project, name, unit).filter(({ path }) => posix.dirname(path) === folder)
}

/** Files that were read and define the name, of the same language: for languages whose classes are found by name alone. */
export const definers = (project: Project, name: string, unit: Unit): readonly Unit[] =>
  [...(project.defined.get(name) ?? [])].flatMap((path) => {
    if (path === unit.path || !sameFamily(project.paths.get(path), unit.language)) return []
    const found = unitAt(project, path)
    return found === null ? [] : [found]
  })
