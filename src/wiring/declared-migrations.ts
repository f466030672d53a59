/** The files of a folder that declare migrations, read whenever they are asked for: they are managed where they lie. */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeclaredMigration } from '#admin/operation.ts'
import { Problem } from '#base/problem.ts'

const filesMax = 200
const fileBytesMax = 200_000
const forms = /\.(ya?ml|json)$/

const failed = (folder: string, thrown: unknown): Problem =>
  new Problem('invalid_request_error', {
    message: `The folder of migrations ${folder} cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'unknown'}). Make it, or change migrations.dir in drover.yaml.`,
  })

/** In the order of their names; none where drover.yaml names no folder (`null`) or there is none yet. @throws Problem where the folder, or a file, cannot be read. */
export const declaredMigrations = async (folder: string | null): Promise<readonly DeclaredMigration[]> => {
  if (folder === null) return []
  try {
    const names = (await readdir(folder)).filter((name) => forms.test(name)).sort()
    if (names.length > filesMax) throw new RangeError(`more than ${filesMax} files`)
    return await Promise.all(
      names.map(async (file) => {
        const bytes = await readFile(join(folder, file))
        if (bytes.length > fileBytesMax) throw new RangeError(`${file} is larger than ${fileBytesMax} bytes`)
        return { file, text: bytes.toString('utf8') }
      }),
    )
  } catch (thrown) {
    // The configuration warns of it.
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw thrown instanceof RangeError
      ? new Problem('invalid_request_error', { message: `The folder of migrations ${folder} holds ${thrown.message}.` })
      : failed(folder, thrown)
  }
}
