/** What `application.yml`, `application.properties` of Spring and `appsettings.json` of .NET say under a dotted name. */

import { isTestPath } from '#audit/walk/file-kind.ts'
import type { Json } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Project } from './project.ts'
import { sharedPrefix } from './project.ts'

type Pairs = ReadonlyMap<string, string>

/** `openai.apiKey`, `openai.api-key` and `openai.api_key` are one. */
const relaxed = (name: string): string => name.trim().replace(/[-_]/g, '').toLowerCase()

const bare = (text: string): string =>
  text
    .trim()
    .replace(/\s#.*$/, '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')

/** The first of several documents holds for all profiles, so the first value is kept. */
const put = (pairs: Map<string, string>, name: string, value: string): void => {
  if (value !== '' && !pairs.has(name)) pairs.set(name, value)
}

const yamlPairs = (text: string): Pairs => {
  const pairs = new Map<string, string>()
  const above: { readonly column: number; readonly name: string }[] = []
  for (const line of text.split('\n')) {
    const match = /^( *)["']?([\w.[\]-]+)["']?:(?:\s+(.*))?$/.exec(line.trimEnd())
    if (match === null) continue
    const column = (match[1] ?? '').length
    while ((above.at(-1)?.column ?? -1) >= column) above.pop()
    above.push({ column, name: match[2] ?? '' })
    put(pairs, relaxed(above.map(({ name }) => name).join('.')), bare(match[3] ?? ''))
  }
  return pairs
}

const propertyPairs = (text: string): Pairs => {
  const pairs = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^\s*([^\s#!=:]+)\s*[=:]\s*(.*)$/.exec(line)
    if (match !== null) put(pairs, relaxed(match[1] ?? ''), (match[2] ?? '').trim())
  }
  return pairs
}

/** JSON with comments and commas at the end, as .NET reads it; what is none says nothing. */
const parsed = (text: string): Json => {
  const plain = text.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\/|,(?=\s*[}\]])/g, '$1')
  try {
    return JSON.parse(plain.replace(/^\uFEFF/, '')) as Json
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null
    throw thrown
  }
}

const jsonPairs = (text: string): Pairs => {
  const pairs = new Map<string, string>()
  const add = (value: Json, names: readonly string[]): void => {
    if (isObject(value))
      for (const [name, inner] of Object.entries(value)) add(inner ?? null, [...names, ...name.split(':')])
    else if (typeof value === 'string') put(pairs, relaxed(names.join('.')), value)
  }
  add(parsed(text), [])
  return pairs
}

/** Files of settings that a property is looked for in. */
export const isPropertyFile = (path: string): boolean =>
  /(?:^|\/)(?:(?:application|bootstrap)(?:-[\w.-]+)?\.(?:ya?ml|properties)|appsettings(?:\.\w+)?\.json)$/.test(path)

const pairsAt = (project: Project, path: string): Pairs => {
  const known = project.properties.get(path)
  if (known !== undefined && known !== null) return known
  const text = project.settingsOf(path) ?? ''
  const read = path.endsWith('.json') ? jsonPairs : path.endsWith('.properties') ? propertyPairs : yamlPairs
  const pairs = read(text)
  project.properties.set(path, pairs)
  return pairs
}

/** How far a file of settings is from holding for who asks: tests and single profiles come last, then what lies farther off. */
const distance = (path: string, from: string): number =>
  (isTestPath(path) && !isTestPath(from) ? 20_000 : 0) +
  (/(?:^|\/)(?:(?:application|bootstrap)-|appsettings\.(?!json$))[^/]*$/.test(path) ? 10_000 : 0) -
  sharedPrefix(path, from)

/** The value of a property for code at a path; null = no file sets it. */
export const propertyOf = (project: Project, name: string, from: string): string | null => {
  const isNet = from.endsWith('.cs')
  const own = [...project.properties.keys()].filter((path) => path.endsWith('.json') === isNet)
  const paths = own.toSorted((one, other) => distance(one, from) - distance(other, from))
  for (const path of paths) {
    const value = pairsAt(project, path).get(relaxed(name))
    if (value !== undefined) return value
  }
  return null
}
