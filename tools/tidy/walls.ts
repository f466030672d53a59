// Who may import whom: the tables of ARCHITECTURE.md, and every import held against them.
import { posix } from 'node:path'

import type { Violation } from './finding.ts'
import type { Import, SourceFile } from './source.ts'

export type Walls = {
  /** Room -> the rooms and `#*` patterns that it may import. */
  readonly rooms: ReadonlyMap<string, ReadonlySet<string>>
  /** Package -> the rooms and `#*` patterns that may import it. */
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>
}

export type Module = SourceFile & { readonly imports: readonly Import[] }

/** Reads both tables of walls. Throws when one is missing or names a room that has no row. */
export function readWalls(architecture: string): Walls {
  const rooms = new Map<string, ReadonlySet<string>>()
  for (const [names, allowed] of rowsUnder(architecture, '| folder | may import |')) {
    const above = allowed.includes('every room above') ? [...rooms.keys()] : []
    const listed = allowed.filter((name) => name !== 'nothing' && name !== 'every room above')
    for (const name of names) rooms.set(name, new Set([...above, ...listed]))
  }
  for (const [room, allowed] of rooms) {
    for (const name of allowed) {
      if (!name.startsWith('#*/') && !rooms.has(name))
        throw new Error(`the walls of ${room} name no such room: ${name}`)
    }
  }
  const packages = new Map<string, ReadonlySet<string>>()
  for (const [names, allowed] of rowsUnder(architecture, '| package | may be imported by |')) {
    for (const name of names) packages.set(name, new Set(allowed))
  }
  return { rooms, packages }
}

function rowsUnder(architecture: string, header: string): ReadonlyArray<readonly [string[], string[]]> {
  const lines = architecture.split('\n')
  const start = lines.indexOf(header)
  if (start === -1) throw new Error(`ARCHITECTURE.md has no table "${header}"`)
  const rows: Array<readonly [string[], string[]]> = []
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break
    const [names = '', allowed = ''] = line.split('|').slice(1)
    rows.push([list(names), list(allowed)])
  }
  return rows
}

function list(cell: string): string[] {
  return cell
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** The room of a file: the folder under src/; null for what lies outside of the rooms. */
export function roomOf(path: string): string | null {
  const [top, room, rest] = path.split('/', 3)
  return top === 'src' && room !== undefined && rest !== undefined ? room : null
}

export function isTest(path: string): boolean {
  return /\.(?:test|contract)\.ts$/.test(path)
}

/** Holds every import under src/ against the walls. */
export function checkWalls(modules: readonly Module[], walls: Walls): Violation[] {
  const found: Violation[] = []
  for (const module of modules.filter(({ path }) => path.startsWith('src/'))) {
    const room = roomOf(module.path)
    if (room === null && !/^src\/main(?:\.test)?\.ts$/.test(module.path)) {
      found.push(at(module, 'room', 'only main.ts lies directly in src/'))
      continue
    }
    if (room !== null && !walls.rooms.has(room)) {
      found.push(at(module, 'room', `src/${room} has no row in the table of walls`))
      continue
    }
    for (const one of module.imports) {
      const message = room === null ? wrongForm(one.specifier) : wrongImport(module.path, one.specifier, walls)
      if (message !== null) found.push({ path: module.path, line: one.line, rule: 'wall', message })
    }
  }
  return found
}

function at(module: Module, rule: string, message: string): Violation {
  return { path: module.path, line: 1, rule, message }
}

function wrongForm(specifier: string): string | null {
  if (specifier.startsWith('..')) return `${specifier}: write '#folder/x.ts' instead of '../'`
  if (/^[.#]/.test(specifier) && !/\.ts$/.test(specifier)) return `${specifier}: name the file with its ending`
  return null
}

function wrongImport(path: string, specifier: string, walls: Walls): string | null {
  const form = wrongForm(specifier)
  if (form !== null || specifier.startsWith('.')) return form
  if (!specifier.startsWith('#')) return wrongPackage(path, specifier, walls)
  const room = roomOf(path) ?? ''
  const target = specifier.slice(1).split('/', 1)[0] ?? ''
  const allowed = walls.rooms.get(room) ?? new Set()
  if (target === room || allowed.has(target)) return null
  if (matchesPattern(allowed, specifier)) return null
  if (isTest(path) && specifier.startsWith('#store/memory/')) return null
  return `${room} may not import ${specifier}; it may import ${[...allowed].join(', ') || 'nothing'}`
}

function matchesPattern(allowed: ReadonlySet<string>, specifier: string): boolean {
  const [, ...rest] = specifier.split('/')
  return allowed.has(`#*/${rest.join('/')}`)
}

function wrongPackage(path: string, specifier: string, walls: Walls): string | null {
  const name = packageOf(specifier)
  const allowed = walls.packages.get(name)
  if (allowed === undefined || isTest(path)) return null
  const room = roomOf(path) ?? ''
  if (allowed.has(room) || allowed.has(`#*/${path.split('/').slice(2).join('/')}`)) return null
  return `${room} may not import ${name}; only ${[...allowed].join(', ')} may`
}

/** The name of the package that a specifier reaches into: `@a/b/c` -> `@a/b`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Reports each import that closes a circle. */
export function checkCycles(modules: readonly Module[]): Violation[] {
  const graph = new Map(modules.map((module) => [module.path, edgesOf(module)]))
  const found: Violation[] = []
  const state = new Map<string, 'open' | 'done'>()
  const visit = (path: string, trail: readonly string[]): void => {
    state.set(path, 'open')
    for (const target of graph.get(path) ?? []) {
      const seen = state.get(target)
      if (seen === 'open') {
        const circle = [...trail.slice(trail.indexOf(target)), target]
        found.push({ path, line: 1, rule: 'cycle', message: circle.join(' -> ') })
      } else if (seen === undefined && graph.has(target)) visit(target, [...trail, target])
    }
    state.set(path, 'done')
  }
  for (const path of graph.keys()) if (!state.has(path)) visit(path, [path])
  return found
}

/** Of a `#` import: the console has rooms of its own, beside those of the relay. */
function placeOf(specifier: string, from: string): string {
  const isOwn = from.startsWith('web/') && /^#(?:parts|pages|actions)\//.test(specifier)
  return `${isOwn ? 'web' : 'src'}/${specifier.slice(1)}`
}

function edgesOf(module: Module): string[] {
  return module.imports.flatMap(({ specifier }) => {
    if (specifier.startsWith('#')) return [placeOf(specifier, module.path)]
    return specifier.startsWith('.') ? [posix.join(posix.dirname(module.path), specifier)] : []
  })
}
