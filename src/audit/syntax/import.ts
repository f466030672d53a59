/** Reads what a file brings in from others, one reader for each way of saying so. */

import type { ImportBinding, Item } from './node.ts'
import type { Reader } from './reader.ts'
import { isMark, isWord, peek, skipBrackets, take, takeMark } from './reader.ts'

/** No import names more than this many things. */
const namesMax = 400

type Imported = readonly Item[] | null

const item = (reader: Reader, bindings: readonly ImportBinding[], wildcards: readonly string[] = []): Item => ({
  kind: 'import',
  bindings,
  wildcards,
  line: peek(reader).line,
})

/** `a.b.c`, with the marks that join in this language. */
const dotted = (reader: Reader, joins: readonly string[]): string => {
  let path = ''
  for (let count = 0; count < 40; count += 1) {
    const token = peek(reader)
    if (token.kind === 'name' || (token.kind === 'mark' && token.text === '*' && path !== '')) path += take(reader).text
    else return path
    const next = peek(reader)
    if (next.kind !== 'mark' || !joins.includes(next.text)) return path
    path += take(reader).text
  }
  return path
}

const alias = (reader: Reader, fallback: string): string => {
  if (!isWord(peek(reader), 'as')) return fallback
  take(reader)
  return take(reader).text
}

const pythonFrom = (reader: Reader): Imported => {
  take(reader)
  let module = ''
  while (peek(reader).kind === 'mark' && /^\.+$/.test(peek(reader).text)) module += take(reader).text
  if (!isWord(peek(reader), 'import')) module += dotted(reader, ['.'])
  if (!isWord(peek(reader), 'import')) return []
  take(reader)
  const isWrapped = takeMark(reader, '(')
  const bindings: ImportBinding[] = []
  for (let count = 0; count < namesMax; count += 1) {
    const token = peek(reader)
    if (token.kind === 'mark' && token.text === '*') {
      take(reader)
      return [item(reader, [], [module])]
    }
    if (token.kind !== 'name') break
    const name = take(reader).text
    bindings.push({ local: alias(reader, name), module, name })
    if (!takeMark(reader, ',')) break
    if (!isWrapped && peek(reader).newLine) break
  }
  if (isWrapped) takeMark(reader, ')')
  return [item(reader, bindings)]
}

const pythonImport = (reader: Reader): Imported => {
  take(reader)
  const bindings: ImportBinding[] = []
  do {
    const module = dotted(reader, ['.'])
    if (module === '') break
    const local = alias(reader, '')
    // `import a.b` binds `a`; its members are then read off the whole path.
    bindings.push(
      local === ''
        ? { local: module.split('.')[0] ?? module, module: module.split('.')[0] ?? module, name: '*' }
        : { local, module, name: '*' },
    )
  } while (takeMark(reader, ',') && bindings.length < namesMax)
  return [item(reader, bindings)]
}

const scriptNames = (reader: Reader): readonly { readonly name: string; readonly local: string }[] => {
  const names: { name: string; local: string }[] = []
  take(reader)
  for (let count = 0; count < namesMax && !isMark(peek(reader), '}') && peek(reader).kind !== 'end'; count += 1) {
    const token = take(reader)
    if (token.kind === 'mark') continue
    const isType = token.text === 'type' && peek(reader).kind === 'name' && !isWord(peek(reader), 'as')
    const name = isType ? take(reader).text : token.text
    names.push({ name, local: alias(reader, name) })
  }
  takeMark(reader, '}')
  return names
}

const scriptImport = (reader: Reader): Imported => {
  const next = peek(reader, 1)
  // `import('m')` and `import.meta` are expressions.
  if (isMark(next, '(') || isMark(next, '.')) return null
  take(reader)
  if (peek(reader).kind === 'text') {
    take(reader)
    return []
  }
  if (isWord(peek(reader), 'type') && !isMark(peek(reader, 1), ',') && !isWord(peek(reader, 1), 'from')) take(reader)
  const found: { name: string; local: string }[] = []
  for (let count = 0; count < 8 && !isWord(peek(reader), 'from'); count += 1) {
    const token = peek(reader)
    if (isMark(token, '{')) found.push(...scriptNames(reader))
    else if (isMark(token, '*')) {
      take(reader)
      found.push({ name: '*', local: alias(reader, '') })
    } else if (token.kind === 'name') found.push({ name: 'default', local: take(reader).text })
    else if (!takeMark(reader, ',')) break
    // `import x = require('y')` of TypeScript.
    if (isMark(peek(reader), '=')) {
      take(reader)
      const isRequire = isWord(peek(reader), 'require') && peek(reader, 2).kind === 'text'
      const module = peek(reader, 2).text
      if (!isRequire) return []
      reader.at += 4
      return [
        item(
          reader,
          found.map(({ local }) => ({ local, module, name: '*' })),
        ),
      ]
    }
  }
  if (!isWord(peek(reader), 'from')) return []
  take(reader)
  const module = take(reader).text
  return [
    item(
      reader,
      found.map(({ name, local }) => ({ local, module, name })),
    ),
  ]
}

const scriptExport = (reader: Reader): Imported => {
  const next = peek(reader, 1)
  const after = isWord(next, 'type') && isMark(peek(reader, 2), '{') ? 2 : 1
  if (isMark(peek(reader, after), '{')) {
    reader.at += after
    const names = scriptNames(reader)
    const from = isWord(peek(reader), 'from')
    if (from) take(reader)
    return [
      {
        kind: 'export',
        names: names.map(({ name, local }) => ({ local: name, name: local })),
        module: from ? take(reader).text : null,
      },
    ]
  }
  if (!isMark(next, '*')) return null
  reader.at += 2
  const name = alias(reader, '*')
  if (!isWord(peek(reader), 'from')) return []
  take(reader)
  return [{ kind: 'export', names: [{ local: '*', name }], module: take(reader).text }]
}

const goImport = (reader: Reader): Imported => {
  take(reader)
  const bindings: ImportBinding[] = []
  const one = (): void => {
    const token = take(reader)
    const named = token.kind === 'name' || isMark(token, '.') ? token.text : null
    const module = token.kind === 'text' ? token.text : peek(reader).kind === 'text' ? take(reader).text : ''
    if (module !== '') bindings.push({ local: named ?? '', module, name: '*' })
  }
  if (!isMark(peek(reader), '(')) one()
  else {
    take(reader)
    while (!isMark(peek(reader), ')') && peek(reader).kind !== 'end' && bindings.length < namesMax) one()
    take(reader)
  }
  return [item(reader, bindings)]
}

const javaImport = (reader: Reader): Imported => {
  take(reader)
  if (isWord(peek(reader), 'static')) take(reader)
  const path = dotted(reader, ['.'])
  if (path.endsWith('.*')) return [item(reader, [], [path.slice(0, -2)])]
  const name = path.slice(path.lastIndexOf('.') + 1)
  const module = path.slice(0, Math.max(0, path.lastIndexOf('.')))
  return [item(reader, [{ local: alias(reader, name), module, name }])]
}

const sharpUsing = (reader: Reader): Imported => {
  const next = peek(reader, 1)
  const second = peek(reader, 2)
  // `using (…)`, `using var x = …` and `using Type x = …` are statements; the word says nothing that is needed.
  const isStatement = isMark(next, '(') || isWord(next, 'var') || (second.kind === 'name' && !isWord(next, 'static'))
  take(reader)
  if (isStatement) return []
  if (isWord(peek(reader), 'static')) take(reader)
  if (isMark(peek(reader, 1), '=')) {
    const local = take(reader).text
    take(reader)
    const path = dotted(reader, ['.'])
    return [
      item(reader, [
        {
          local,
          module: path.slice(0, Math.max(0, path.lastIndexOf('.'))),
          name: path.slice(path.lastIndexOf('.') + 1),
        },
      ]),
    ]
  }
  return [item(reader, [], [dotted(reader, ['.'])])]
}

const phpUse = (reader: Reader): Imported => {
  take(reader)
  if (isWord(peek(reader), 'function') || isWord(peek(reader), 'const')) take(reader)
  const bindings: ImportBinding[] = []
  const add = (path: string): void => {
    const name = path.slice(path.lastIndexOf('\\') + 1)
    bindings.push({ local: alias(reader, name), module: path.slice(0, Math.max(0, path.lastIndexOf('\\'))), name })
  }
  do {
    const path = take(reader).text
    if (isMark(peek(reader), '\\')) take(reader)
    if (!isMark(peek(reader), '{')) {
      add(path)
      continue
    }
    take(reader)
    while (!isMark(peek(reader), '}') && peek(reader).kind !== 'end' && bindings.length < namesMax) {
      const token = take(reader)
      if (token.kind === 'name') add(`${path}\\${token.text}`)
    }
    take(reader)
  } while (takeMark(reader, ',') && bindings.length < namesMax)
  return [item(reader, bindings)]
}

type Tree = { readonly bindings: ImportBinding[]; readonly wildcards: string[] }

/** `a::{b, c::d as e}`: every leaf with its path. */
const rustTree = (reader: Reader, prefix: string, { bindings, wildcards }: Tree): void => {
  let path = prefix
  for (let count = 0; count < 40; count += 1) {
    const token = peek(reader)
    if (isMark(token, '{')) {
      take(reader)
      while (!isMark(peek(reader), '}') && peek(reader).kind !== 'end' && bindings.length < namesMax) {
        const before = reader.at
        rustTree(reader, path, { bindings, wildcards })
        if (!takeMark(reader, ',') && reader.at === before) take(reader)
      }
      take(reader)
      return
    }
    if (isMark(token, '*')) {
      take(reader)
      wildcards.push(path)
      return
    }
    if (token.kind !== 'name') return
    const name = take(reader).text
    if (!isMark(peek(reader), '::')) {
      const isSelf = name === 'self'
      const own = isSelf ? path.slice(path.lastIndexOf('::') + 2) : name
      const module = isSelf ? path.slice(0, Math.max(0, path.lastIndexOf('::'))) : path
      bindings.push({ local: alias(reader, own), module, name: own })
      return
    }
    take(reader)
    path = path === '' ? name : `${path}::${name}`
  }
}

const rustUse = (reader: Reader): Imported => {
  take(reader)
  const bindings: ImportBinding[] = []
  const wildcards: string[] = []
  rustTree(reader, '', { bindings, wildcards })
  return [item(reader, bindings, wildcards)]
}

/** The import at the place, if there is one: `[]` when it binds nothing. */
export const parseImport = (reader: Reader): Imported => {
  const token = peek(reader)
  if (token.kind !== 'name' || isMark(peek(reader, 1), '=') || (isMark(peek(reader, 1), ':') && token.text !== 'from'))
    return null
  const { name } = reader.language
  if (name === 'python' && token.newLine) {
    if (token.text === 'from') return pythonFrom(reader)
    if (token.text === 'import') return pythonImport(reader)
  }
  if (name === 'javascript' || name === 'typescript') {
    if (token.text === 'import') return scriptImport(reader)
    if (token.text === 'export') return scriptExport(reader)
  }
  if (name === 'go' && token.text === 'import' && token.newLine) return goImport(reader)
  if ((name === 'java' || name === 'kotlin') && token.text === 'import' && token.newLine) return javaImport(reader)
  if (name === 'csharp' && token.text === 'using') return sharpUsing(reader)
  if (name === 'php' && token.text === 'use' && token.newLine) return phpUse(reader)
  if (name === 'rust' && token.text === 'use') return rustUse(reader)
  if (token.text === 'package' || (name === 'csharp' && token.text === 'namespace')) {
    take(reader)
    dotted(reader, ['.'])
    if (name === 'csharp' && isMark(peek(reader), '{')) take(reader)
    return []
  }
  if (name === 'php' && token.text === 'declare' && isMark(peek(reader, 1), '(')) {
    take(reader)
    skipBrackets(reader)
    return []
  }
  return null
}
