/** A file that a person wrote, as data: YAML (or JSON) held against a schema; what is wrong is named with its line and its place. */

import { LineCounter, parseDocument } from 'yaml'
import { placeText } from './place-text.ts'
import { Problem } from './problem.ts'
import { refusalSays, saying } from './refusal.ts'
import { joined } from './sentence.ts'

const aliasesMax = 100
const faultsShownMax = 20

type Issue = {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  readonly expected?: string
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined), value)

/** A Zod schema. */
type Schema<T> = {
  readonly safeParse: (
    value: unknown,
  ) =>
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } }
}

/** `line 4: accounts.acme: is closed, for good.` */
export type FileFault = {
  /** From 1; 0 = it has no line. */
  readonly line: number
  /** Where in the file; empty = the file as a whole. */
  readonly path: string
  readonly what: string
}

/** What is wrong with something that is well-formed. */
export const faultAt = (path: string, what: string): FileFault => ({ line: 0, path, what })

/** The problem of a file in which this is wrong. */
export const refusedFile = (faults: readonly FileFault[]): Problem => {
  const shown = joined(
    faults.slice(0, faultsShownMax).map((fault) => refusalSays('fault_in', fault)),
    '\n',
  )
  const more = Math.max(0, faults.length - faultsShownMax)
  return new Problem('invalid_request_error', { ...saying('file_refused', { faults: shown, more }), param: 'file' })
}

/**
 * The file as its schema reads it. `known` says which names there are at a path.
 * @throws Problem `invalid_request_error` naming line and place of everything that is wrong.
 */
export const readDocument = <T>(
  text: string,
  { schema, known }: { readonly schema: Schema<T>; readonly known?: (path: readonly PropertyKey[]) => string },
): T => {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const lineAt = (offset: number | undefined): number => (offset === undefined ? 0 : lines.linePos(offset).line)
  if (parsed.errors.length > 0)
    throw refusedFile(parsed.errors.map(({ message, pos }) => ({ line: lineAt(pos[0]), path: '', what: message })))
  const faultOf = (path: readonly PropertyKey[], what: string): FileFault => {
    const found = { path: placeText(path), what }
    for (let length = path.length; length > 0; length -= 1) {
      const node = parsed.getIn(path.slice(0, length), true) as { readonly range?: readonly number[] } | undefined
      if (node?.range !== undefined) return { line: lineAt(node.range[0]), ...found }
    }
    return { line: 0, ...found }
  }
  let value: unknown
  const issueFault = ({ code, path, message, keys, expected }: Issue): FileFault => {
    // A schema may have words of its own for it.
    if (code === 'invalid_type' && message.startsWith('Invalid input'))
      return faultOf(path, valueAt(value, path) === undefined ? 'is missing' : `must be of type ${expected}`)
    if (code !== 'unrecognized_keys') return faultOf(path, message)
    const name = keys?.[0] ?? ''
    const names = known === undefined ? '' : ` Known: ${known(path)}.`
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const hint = snake === name ? '' : ` Names are written in snake_case: ${snake}.`
    return faultOf([...path, name], `is not known here.${hint}${names}`)
  }
  try {
    value = parsed.toJS({ maxAliasCount: aliasesMax })
  } catch (error) {
    throw refusedFile([faultAt('', error instanceof Error ? error.message : String(error))])
  }
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  throw refusedFile(result.error.issues.map(issueFault))
}
