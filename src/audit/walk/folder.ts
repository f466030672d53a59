/** Lists and reads the files of a folder, without what git ignores and what others wrote. */

import { closeSync, existsSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { textOf } from './encoding.ts'
import type { FileKind } from './file-kind.ts'
import { doubtfulFolders, folderReason, readKind } from './file-kind.ts'
import type { FileEntry, FileSource, Listing } from './file-source.ts'
import type { IgnoreRule } from './ignore.ts'
import { ignoreRules, isIgnored } from './ignore.ts'

const filesMax = 400_000
const depthMax = 60
/** Notebooks hold pictures; only their code is read. */
const notebookBytesMax = 32 * 1024 * 1024
/** Larger files are data. */
export const fileBytesMax = 2 * 1024 * 1024
const headBytes = 4096

type Walk = { readonly root: string; readonly files: FileEntry[]; readonly skipped: Map<string, string[]> }

const skip = (walk: Walk, reason: string, path: string): void => {
  const list = walk.skipped.get(reason)
  if (list === undefined) walk.skipped.set(reason, [path])
  else list.push(path)
}

/** A folder named `build` or `bin` may hold sources: it is left out only beside the file that has it made. */
const isMade = (root: string, folder: string, name: string): boolean => {
  const parent = join(root, folder)
  const beside = (...names: readonly string[]): boolean => names.some((one) => existsSync(join(parent, one)))
  switch (name) {
    case 'vendor':
      return (
        beside('go.mod', 'composer.json', 'Gemfile') ||
        existsSync(join(parent, name, 'modules.txt')) ||
        existsSync(join(parent, name, 'autoload.php')) ||
        existsSync(join(parent, name, 'bundle'))
      )
    case 'target':
      return beside('Cargo.toml', 'pom.xml')
    case 'build':
    case 'dist':
    case 'out':
    case 'coverage':
      return beside(
        'package.json',
        'build.gradle',
        'build.gradle.kts',
        'setup.py',
        'pyproject.toml',
        'tsconfig.json',
        'setup.cfg',
      )
    case 'bin':
    case 'obj':
      return readdirSync(parent).some((one) => /\.(?:cs|fs|vb)proj$/.test(one))
    default:
      return existsSync(join(parent, name, 'pyvenv.cfg'))
  }
}

const skippedFolder = (walk: Walk, folder: string, name: string): string | null => {
  const reason = folderReason(name)
  if (reason === null) return null
  return doubtfulFolders.has(name) && !isMade(walk.root, folder, name) ? (name === 'vendor' ? reason : null) : reason
}

const visit = (
  walk: Walk,
  folder: string,
  { rules, depth }: { readonly rules: readonly IgnoreRule[]; readonly depth: number },
): void => {
  const entries = readdirSync(join(walk.root, folder), { withFileTypes: true }).toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  )
  const ignoreFile = join(walk.root, folder, '.gitignore')
  const own = existsSync(ignoreFile) ? [...rules, ...ignoreRules(readFileSync(ignoreFile, 'utf8'), folder)] : rules
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (walk.files.length >= filesMax) skip(walk, 'over the maximum of files', path)
    else if (entry.isSymbolicLink()) skip(walk, 'symbolic link', path)
    else if (entry.isDirectory()) {
      const reason = isIgnored(own, path, true) ? 'ignored by git' : skippedFolder(walk, folder, entry.name)
      if (reason !== null) skip(walk, `${reason} folder`, path)
      else if (depth < depthMax) visit(walk, path, { rules: own, depth: depth + 1 })
      else skip(walk, 'too deep', path)
    } else if (entry.isFile()) {
      // What is kept out of git is often just where keys lie; .env files are read, others are not.
      if (isIgnored(own, path, false) && !/(?:^|\/)\.env(?:\.[\w-]+)?$/.test(path)) skip(walk, 'ignored by git', path)
      else addFile(walk, path)
    }
  }
}

const addFile = (walk: Walk, path: string): void => {
  const kind = kindAt(walk.root, path)
  if (kind.kind === 'skip') {
    skip(walk, kind.reason, path)
    return
  }
  const { size } = lstatSync(join(walk.root, path))
  if (size > (path.endsWith('.ipynb') ? notebookBytesMax : fileBytesMax))
    skip(walk, `over ${fileBytesMax / 1024 / 1024} MiB`, path)
  else walk.files.push({ path, bytes: size })
}

const headOf = (path: string): Buffer => {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(headBytes)
    return head.subarray(0, readSync(file, head, 0, headBytes, 0))
  } finally {
    closeSync(file)
  }
}

/** What can be read of a file; null where the disk refuses. */
const readable = <T>(read: () => T): T | null => {
  try {
    return read()
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== undefined) return null
    throw thrown
  }
}

const kindAt = (root: string, path: string): FileKind =>
  readKind(path, () => readable(() => textOf(headOf(join(root, path)))))

/** The files of a folder, or one file. Memory: the list of paths. */
export const folderSource = (root: string): FileSource => ({
  root,
  list: (): Listing => {
    const walk: Walk = { root, files: [], skipped: new Map() }
    visit(walk, '', { rules: [], depth: 0 })
    return walk
  },
  kind: (path) => kindAt(root, path),
  read: (path) =>
    readable(() => (textOf(headOf(join(root, path))) === null ? null : textOf(readFileSync(join(root, path))))),
})
