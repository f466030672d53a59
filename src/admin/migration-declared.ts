/** Migrations that files of `migrations.dir` declare: started by their names, and changed where they lie. */

import { asProblem, Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { fileDigest, readMigrationFile } from '#migration/compiled.ts'
import { isMigrationName } from '#migration/settings.ts'
import type { OperationContext } from './operation.ts'

export type Declared = {
  readonly file: string
  readonly text: string
  readonly digest: string
  /** `null` = the file cannot be read, and `fault` says why. */
  readonly name: string | null
  readonly fault: string | null
}

/** All of them; one that is wrong hides none of the others. */
export const declaredIn = async ({ ports }: OperationContext): Promise<readonly Declared[]> =>
  (await ports.migrations.declared()).map(({ file, text }) => {
    const common = { file, text, digest: fileDigest(text) }
    try {
      return { ...common, name: readMigrationFile(text).migration, fault: null }
    } catch (thrown) {
      return { ...common, name: null, fault: asProblem(thrown).message }
    }
  })

const notDeclared = (name: string, all: readonly Declared[]): Problem => {
  const names = all.flatMap((one) => one.name ?? [])
  const faults = all.flatMap(({ file, fault }) => (fault === null ? [] : [`${file} is refused: ${fault}`]))
  const there =
    names.length === 0 ? 'Name a file, or set migrations.dir in drover.yaml.' : `There are ${names.join(', ')}.`
  return new Problem('not_found', {
    message: [`No file declares a migration "${name}". ${there}`, ...faults].join(' '),
    param: 'file',
  })
}

/**
 * The file that is meant: what was given, or what is declared under that name. Of a name that is declared no other text is taken.
 * @throws Problem `not_found`, `conflict`.
 */
export const meantFile = async (given: string, context: OperationContext): Promise<string> => {
  const all = await declaredIn(context)
  if (isMigrationName(given)) {
    const found = all.filter(({ name }) => name === given)
    const [first, second] = found
    if (first === undefined) throw notDeclared(given, all)
    if (second === undefined) return first.text
    throw new Problem('conflict', {
      ...saying('declared_twice', { first: first.file, second: second.file, name: given }),
    })
  }
  const { migration } = readMigrationFile(given)
  const managed = all.find(({ name, text }) => name === migration && text !== given)
  if (managed === undefined) return given
  throw new Problem('conflict', {
    ...saying('managed_by_file', { name: migration, file: managed.file }),
    param: 'file',
  })
}
