/** YAML as data that still knows where each value stood. */

import type { Document, Node, Pair, YAMLMap } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Fault, Path } from './fault.ts'

export type Place = { readonly line: number; readonly column: number }

export type ConfigDocument = {
  /** Plain data; `undefined` where the text is no YAML. */
  readonly value: unknown
  /** What the YAML itself has wrong; `file` is left to the caller. */
  readonly faults: readonly Omit<Fault, 'file'>[]
  /** Where the value of a path stands, or its key; where the path is not there, the nearest place above it. */
  readonly placeOf: (path: Path, part?: 'key' | 'value') => Place | null
}

/** A file of configuration is not longer than this. */
export const configBytesMax = 1024 * 1024
const aliasesMax = 200

const target = (node: unknown, document: Document): unknown => (isAlias(node) ? node.resolve(document) : node)

const keyText = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key))

/** The pair of a key, looked for in what is merged in as well. */
const pairOf = (map: YAMLMap, key: string, document: Document): Pair | null => {
  const own = map.items.find((pair) => keyText(pair) === key)
  if (own !== undefined) return own
  for (const pair of map.items.filter((one) => keyText(one) === '<<')) {
    const merged = target(pair.value, document)
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const one = target(source, document)
      const found = isMap(one) ? one.items.find((candidate) => keyText(candidate) === key) : undefined
      if (found !== undefined) return found
    }
  }
  return null
}

const startOf = (node: unknown): number | null => (node as Node | null | undefined)?.range?.[0] ?? null

type Step = { readonly node: unknown; readonly keyOffset: number | null }

const step = (node: unknown, segment: string | number, document: Document): Step | null => {
  const here = target(node, document)
  if (isMap(here)) {
    const pair = pairOf(here, String(segment), document)
    return pair === null ? null : { node: pair.value, keyOffset: startOf(pair.key) }
  }
  if (isSeq(here) && typeof segment === 'number' && segment < here.items.length)
    return { node: here.items[segment], keyOffset: startOf(here.items[segment]) }
  return null
}

const toData = (document: Document): { readonly value: unknown } | { readonly message: string } => {
  try {
    return { value: document.toJS({ maxAliasCount: aliasesMax }) }
  } catch (error) {
    return { message: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Reads YAML 1.2 with anchors, aliases and merge keys. Keys given twice, unknown tags and second documents are faults. */
export const readDocument = (text: string): ConfigDocument => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, uniqueKeys: true })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    ...placeAt(error.pos[0]),
    path: '',
    message: `this is not sound YAML: ${error.message.replace(/\s+/g, ' ').slice(0, 300)}`,
  }))
  const data = faults.length > 0 ? { value: undefined } : toData(document)
  const placeOf = (path: Path, part: 'key' | 'value' = 'value'): Place | null => {
    let offset = startOf(document.contents)
    let node: unknown = document.contents
    for (const [index, segment] of path.entries()) {
      const next = step(node, segment, document)
      if (next === null) break
      const wantsValue = part === 'value' && index === path.length - 1
      offset = (wantsValue ? startOf(next.node) : null) ?? next.keyOffset ?? offset
      node = next.node
    }
    return offset === null ? null : placeAt(offset)
  }
  if ('message' in data) return { value: undefined, faults: [{ line: null, column: null, path: '', ...data }], placeOf }
  return { value: data.value, faults, placeOf }
}
