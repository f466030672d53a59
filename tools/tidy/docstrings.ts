// What one room offers to another is described where it is declared; what stays inside of a room need not be.
import type { Violation } from './finding.ts'
import type { Module } from './walls.ts'
import { isTest, roomOf } from './walls.ts'

/** Reports each function that another room, or main.ts, imports and that has no docstring. */
export function checkDocstrings(modules: readonly Module[]): Violation[] {
  const offered = new Map<string, Set<string>>()
  for (const module of modules.filter(({ path }) => !isTest(path))) {
    for (const { specifier, names } of module.imports) {
      const target = `src/${specifier.slice(1)}`
      if (!specifier.startsWith('#') || roomOf(target) === roomOf(module.path)) continue
      offered.set(target, (offered.get(target) ?? new Set()).union(new Set(names)))
    }
  }
  return modules.flatMap((module) => checkModule(module, offered.get(module.path) ?? new Set()))
}

function checkModule(module: Module, offered: ReadonlySet<string>): Violation[] {
  const lines = module.text.split('\n')
  return lines.flatMap((line, index) => {
    const name = declaredFunction(line)
    if (name === undefined || !offered.has(name)) return []
    const before = lines[index - 1] ?? ''
    if (before.trimEnd().endsWith('*/') || declaredFunction(before) === name) return []
    const message = `${name} is used by another room and not described`
    return [{ path: module.path, line: index + 1, rule: 'docstring', message }]
  })
}

function declaredFunction(line: string): string | undefined {
  const match = /^export (?:async )?function\*? (\w+)/.exec(line) ?? /^export const (\w+) = (?:async )?\(/.exec(line)
  return match?.[1]
}
