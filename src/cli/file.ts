/** Files that a command is given by name, and choices among names. */

import { readFile, writeFile } from 'node:fs/promises'
import type { Json } from '#base/json-type.ts'
import { nearestOf } from '#base/nearest.ts'
import { Failure, usageFailure } from './failure.ts'

const whyOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? 'unknown'

/** @throws Failure `unreadable` */
export const readTextFile = async (file: string): Promise<string> => (await readBytes(file)).toString('utf8')

/** @throws Failure `unreadable` */
export const readBytes = async (file: string): Promise<Buffer> => {
  try {
    return await readFile(file)
  } catch (thrown) {
    const what = `${file} cannot be read.`
    throw new Failure({ what, why: whyOf(thrown), next: 'Check the name.', code: 'unreadable' }, 1, thrown)
  }
}

/** @throws Failure `unwritable` */
export const writeTextFile = async (file: string, text: string | Buffer): Promise<void> => {
  try {
    await writeFile(file, text)
  } catch (thrown) {
    const next = 'Check the folder and its permissions.'
    throw new Failure({ what: `${file} cannot be written.`, why: whyOf(thrown), next, code: 'unwritable' }, 1, thrown)
  }
}

/** What the table has under this name. @throws Failure of usage, with the nearest name */
export const chosenOf = <T>(name: string, table: Readonly<Record<string, T>>, flag: string): T => {
  const found = Object.hasOwn(table, name) ? table[name] : undefined
  if (found !== undefined) return found
  const [nearest] = nearestOf(name, Object.keys(table))
  const next = nearest === undefined ? '' : `Did you mean '${nearest}'? `
  throw usageFailure(`'${name}' is nothing that ${flag} takes.`, `${next}It takes ${Object.keys(table).join(', ')}.`)
}

/** The JSON of a file. @throws Failure of usage */
export const parsedJson = (text: string, file: string): Json => {
  try {
    return JSON.parse(text) as Json
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown
    throw usageFailure(`${file} is no JSON: ${thrown.message}.`, 'Check the name, and that the file is whole.')
  }
}
