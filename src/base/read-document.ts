/** A file that a person wrote, as data: YAML (or JSON) held against a schema; what is wrong is named with its line and its place. */

import { LineCounter, parseDocument } from 'yaml'
import { Problem } from './problem.ts'
import { refusalSays, saying } from './refusal.ts'
import type { Sentence } from './sentence.ts'
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

/** Where something stands in the file, as a person looks for it: `accounts.acme.budgets[0]`. */
export const placeText = (path: readonly PropertyKey[]): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('')

/** `line 4: accounts.acme: is closed, for good.` */
const faultForm = /^(?:line (\d+): )?(?:(\S(?:(?!: ).)*?): )?(.*)$/s

const faultSentence = (fault: string): Sentence => {
  const [, line = '0', path = '', what = ''] = faultForm.exec(fault) ?? []
  return refusalSays('fault_in', { line: Number(line), path, what })
}

/** The problem of a file in which this is wrong. */
export const refusedFile = (faults: readonly string[]): Problem => {
  const shown = joined(faults.slice(0, faultsShownMax).map(faultSentence), '\n')
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
  const at = (offset: number | undefined): string =>
    offset === undefined ? '' : `line ${lines.linePos(offset).line}: `
  if (parsed.errors.length > 0) throw refusedFile(parsed.errors.map(({ message, pos }) => `${at(pos[0])}${message}`))
  const lineOf = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = parsed.getIn(path.slice(0, length), true) as { readonly range?: readonly number[] } | undefined
      if (node?.range !== undefined) return at(node.range[0])
    }
    return ''
  }
  let value: unknown
  const issueText = ({ code, path, message, keys, expected }: Issue): string => {
    // A schema may have words of its own for it.
    if (code === 'invalid_type' && message.startsWith('Invalid input')) {
      const what = valueAt(value, path) === undefined ? 'is missing' : `must be of type ${expected}`
      return `${lineOf(path)}${placeText(path)}: ${what}`
    }
    if (code !== 'unrecognized_keys') return `${lineOf(path)}${placeText(path)}: ${message}`
    const whole = [...path, keys?.[0] ?? '']
    const names = known === undefined ? '' : ` Known: ${known(path)}.`
    const name = keys?.[0] ?? ''
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const hint = snake === name ? '' : ` Names are written in snake_case: ${snake}.`
    return `${lineOf(whole)}${placeText(whole)}: is not known here.${hint}${names}`
  }
  try {
    value = parsed.toJS({ maxAliasCount: aliasesMax })
  } catch (error) {
    throw refusedFile([error instanceof Error ? error.message : String(error)])
  }
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  throw refusedFile(result.error.issues.map(issueText))
}
